//! The layer around a plain tower service, frame by frame.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Body, Frame, SizeHint};
use ms_metrics::{Endpoint, HttpMetrics, Metrics};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

use crate::page::{built, lines, request, requests};

/// A body that does as it is told.
#[derive(Default)]
struct Script {
    frames: VecDeque<Step>,
    /// What it says of itself, true or not.
    end_after: Option<usize>,
    exact: Option<u64>,
    given: usize,
}

enum Step {
    Data(&'static str),
    Trailers,
    Wait,
    Fail,
    Panic,
}

impl Script {
    fn of(frames: impl IntoIterator<Item = Step>) -> Self {
        Self { frames: frames.into_iter().collect(), ..Self::default() }
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.given += 1;
        Poll::Ready(match self.frames.pop_front() {
            None => None,
            Some(Step::Data(data)) => Some(Ok(Frame::data(Bytes::from_static(data.as_bytes())))),
            Some(Step::Trailers) => Some(Ok(Frame::trailers(HeaderMap::from_iter([(
                "x-sum".parse().unwrap(),
                "7".parse().unwrap(),
            )])))),
            Some(Step::Fail) => Some(Err("the disk is gone")),
            Some(Step::Panic) => panic!("in the body"),
            Some(Step::Wait) => return Poll::Pending,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.end_after.is_some_and(|end| self.given >= end)
    }

    fn size_hint(&self) -> SizeHint {
        self.exact.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

type Answer = Result<Response<Script>, &'static str>;

/// Sends one request to a service that answers with `answer`.
async fn ask(
    metrics: &Metrics,
    method: &str,
    answer: Answer,
) -> Result<Response<impl Body<Data = Bytes, Error = &'static str>>, &'static str> {
    let answer = std::sync::Mutex::new(Some(answer));
    let service = service_fn(|_: Request<()>| std::future::ready(answer.lock().unwrap().take().unwrap()));
    let request = Request::builder().method(method).uri("/a?b").body(()).unwrap();
    metrics.http_layer().layer(service).oneshot(request).await
}

/// Takes up to `frames` frames, as a server that then stops.
async fn take(body: impl Body, frames: usize) {
    let mut body = pin!(body);
    for _ in 0..frames {
        poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
    }
}

fn counted(metrics: &Metrics, method: &str, status: &str) -> bool {
    requests(metrics) == [(request(method, "unmatched", status), 1)]
}

fn with_status(status: u16, body: Script) -> Answer {
    Ok(Response::builder().status(status).body(body).unwrap())
}

#[tokio::test]
async fn a_body_ends_at_none() {
    let metrics = built();
    let body = Script::of([Step::Data("a"), Step::Data("b")]);
    let response = ask(&metrics, "GET", with_status(200, body)).await.unwrap();
    let mut body = pin!(response.into_body());
    for _ in 0..2 {
        poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
        assert!(requests(&metrics).is_empty(), "it goes on");
    }
    poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
    assert!(counted(&metrics, "GET", "200"));
}

#[tokio::test]
async fn a_body_ends_where_servers_stop_polling() {
    let end_at_birth = Script { end_after: Some(0), ..Script::default() };
    let end_after_frame = Script { end_after: Some(1), ..Script::of([Step::Data("a")]) };
    let exact = Script { exact: Some(2), ..Script::of([Step::Data("a"), Step::Data("b")]) };
    let exactly_nothing = Script { exact: Some(0), ..Script::of([]) };
    for (body, frames) in [(end_at_birth, 0), (end_after_frame, 1), (exact, 2), (exactly_nothing, 0)] {
        let metrics = built();
        let response = ask(&metrics, "GET", with_status(200, body)).await.unwrap();
        take(response.into_body(), frames).await;
        assert!(counted(&metrics, "GET", "200"), "{frames}: {:?}", requests(&metrics));
    }
}

#[tokio::test]
async fn a_declared_length_is_an_end_too() {
    let metrics = built();
    let mut answer = with_status(200, Script::of([Step::Data("abc"), Step::Data("de"), Step::Wait]));
    answer.as_mut().unwrap().headers_mut().insert("content-length", "5".parse().unwrap());
    let response = ask(&metrics, "GET", answer).await.unwrap();
    take(response.into_body(), 2).await;
    assert!(counted(&metrics, "GET", "200"));
}

#[tokio::test]
async fn answers_without_a_body_end_at_once() {
    let unread = || Script::of([Step::Wait]);
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 101), ("CONNECT", 200)] {
        let metrics = built();
        drop(ask(&metrics, method, with_status(status, unread())).await.unwrap());
        assert!(counted(&metrics, method, &status.to_string()), "{method} {status}");
    }
    let metrics = built();
    drop(ask(&metrics, "CONNECT", with_status(407, unread())).await.unwrap());
    assert!(counted(&metrics, "CONNECT", "499"), "a refused CONNECT has a body");
}

#[tokio::test]
async fn what_is_dropped_before_is_499() {
    for frames in 0..2 {
        let metrics = built();
        let body = Script::of([Step::Data("a"), Step::Data("b")]);
        let response = ask(&metrics, "GET", with_status(200, body)).await.unwrap();
        take(response.into_body(), frames).await;
        assert!(counted(&metrics, "GET", "499"), "{frames}");
    }
    let metrics = built();
    let service = service_fn(|_: Request<()>| pending::<Result<Response<Script>, Infallible>>());
    let mut service = metrics.http_layer().layer(service);
    drop(service.call(Request::new(())));
    assert!(counted(&metrics, "GET", "499"), "never polled");
    let mut polled = Box::pin(service.call(Request::new(())));
    assert!(poll_fn(|cx| Poll::Ready(polled.as_mut().poll(cx).is_pending())).await);
    drop(polled);
    assert_eq!(requests(&metrics), [(request("GET", "unmatched", "499"), 2)]);
}

#[tokio::test]
async fn failures_are_500() {
    let metrics = built();
    assert_eq!(ask(&metrics, "GET", Err("no")).await.err(), Some("no"));
    assert!(counted(&metrics, "GET", "500"));

    let metrics = built();
    let body = Script::of([Step::Data("a"), Step::Fail, Step::Data("b")]);
    let response = ask(&metrics, "GET", with_status(200, body)).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert!(counted(&metrics, "GET", "500"), "the body broke on our side");
}

#[tokio::test]
async fn panics_are_500_wherever_they_are() {
    let metrics = built();
    let service = service_fn(|request: Request<()>| {
        assert_ne!(request.uri(), "/call", "in call");
        async move {
            with_status(200, Script::default()).inspect(|_| assert_ne!(request.uri(), "/poll", "in poll"))
        }
    });
    let mut service = metrics.http_layer().layer(service);
    let ask = |uri: &str| Request::builder().uri(uri).body(()).unwrap();
    catch_unwind(AssertUnwindSafe(|| drop(service.call(ask("/call"))))).unwrap_err();
    assert!(counted(&metrics, "GET", "500"));
    let future = service.call(ask("/poll"));
    tokio::spawn(future).await.err().unwrap();
    assert_eq!(requests(&metrics), [(request("GET", "unmatched", "500"), 2)]);

    let metrics = built();
    let body = Script::of([Step::Data("a"), Step::Panic]);
    let response = self::ask(&metrics, "GET", with_status(200, body)).await.unwrap();
    let mut body = Box::pin(response.into_body());
    take(body.as_mut(), 1).await;
    let waker = std::task::Waker::noop();
    catch_unwind(AssertUnwindSafe(|| body.as_mut().poll_frame(&mut Context::from_waker(waker)).is_ready()))
        .unwrap_err();
    drop(body);
    assert!(counted(&metrics, "GET", "500"));
}

#[test]
fn a_body_that_goes_down_with_a_panic_elsewhere_is_499() {
    let metrics = built();
    let body = Script::of([Step::Data("a")]);
    let mut answer = Box::pin(ask(&metrics, "GET", with_status(200, body)));
    let mut cx = Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Ok(response)) = answer.as_mut().poll(&mut cx) else { panic!("not ready") };
    catch_unwind(AssertUnwindSafe(move || {
        let _response = response;
        panic!("not its own");
    }))
    .unwrap_err();
    assert!(counted(&metrics, "GET", "499"));
}

#[tokio::test]
async fn trailers_and_hints_pass() {
    let metrics = built();
    let body = Script { exact: Some(1), ..Script::of([Step::Data("a"), Step::Trailers]) };
    let response = ask(&metrics, "GET", with_status(200, body)).await.unwrap();
    assert_eq!(response.body().size_hint().exact(), Some(1));
    assert!(!response.body().is_end_stream());
    let collected = response.into_body().collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["x-sum"], "7");
    assert_eq!(collected.to_bytes(), "a");
    assert!(counted(&metrics, "GET", "200"));

    let response = ask(&metrics, "GET", with_status(200, Script { end_after: Some(0), ..Script::default() }));
    assert!(response.await.unwrap().body().is_end_stream());
}

#[tokio::test]
async fn foreign_methods_and_statuses_are_few_labels() {
    let metrics = built();
    for number in 0..2_000 {
        let method = format!("X{number}");
        drop(ask(&metrics, &method, with_status(204, Script::default())).await.unwrap());
    }
    for status in [600, 999, 599, 100] {
        let body = Script { end_after: Some(0), ..Script::default() };
        drop(ask(&metrics, "GET", with_status(status, body)).await.unwrap());
    }
    assert_eq!(
        requests(&metrics),
        [
            (request("OTHER", "unmatched", "204"), 2_000),
            (request("GET", "unmatched", "other"), 2),
            (request("GET", "unmatched", "599"), 1),
            (request("GET", "unmatched", "100"), 1),
        ]
    );
}

fn ok() -> impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone {
    service_fn(|_: Request<()>| async { Ok(Response::new(Full::from("ok"))) })
}

async fn finish<B: Body<Error: std::fmt::Debug>>(response: Response<B>) {
    response.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn applied_twice_it_counts_once() {
    let metrics = built();
    let twice: HttpMetrics<HttpMetrics<_>> = metrics.http_layer().layer(metrics.http_layer().layer(ok()));
    for _ in 0..3 {
        finish(twice.clone().oneshot(Request::new(())).await.unwrap()).await;
    }
    assert_eq!(requests(&metrics), [(request("GET", "unmatched", "200"), 3)]);
}

#[tokio::test]
async fn a_request_inside_a_request_is_one_of_its_own() {
    let metrics = built();
    let inner = metrics.http_layer().layer(ok());
    let outer = metrics.http_layer().layer(service_fn(move |_: Request<()>| {
        let inner = inner.clone();
        async move {
            finish(inner.oneshot(Request::post("/").body(()).unwrap()).await.unwrap()).await;
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    }));
    finish(outer.oneshot(Request::new(())).await.unwrap()).await;
    assert_eq!(
        requests(&metrics),
        [(request("POST", "unmatched", "200"), 1), (request("GET", "unmatched", "200"), 1)]
    );
}

#[tokio::test]
async fn the_endpoint_comes_from_the_caller_and_the_response_has_the_last_word() {
    let metrics = built();
    let layer = metrics.http_layer().endpoint(|uri, _| {
        uri.path().strip_prefix("/shifts/").map(|_| Endpoint::from_static("/shifts/{id}"))
    });
    let service = layer.layer(service_fn(|request: Request<()>| async move {
        let mut response = Response::new(Full::<Bytes>::from("ok"));
        if request.uri().path().ends_with("/inner") {
            response.extensions_mut().insert(Endpoint::new("/shifts/inner"));
        }
        Ok::<_, Infallible>(response)
    }));
    for path in ["/shifts/1", "/shifts/2", "/shifts/inner", "/elsewhere"] {
        let request = Request::builder().uri(path).body(()).unwrap();
        finish(service.clone().oneshot(request).await.unwrap()).await;
    }
    assert_eq!(
        requests(&metrics),
        [
            (request("GET", "/shifts/{id}", "200"), 2),
            (request("GET", "/shifts/inner", "200"), 1),
            (request("GET", "unmatched", "200"), 1),
        ]
    );
    let durations = lines(&metrics, "http_request_duration_seconds_count");
    assert_eq!(durations.len(), 3, "{durations:?}");
}

#[tokio::test]
async fn a_closure_that_panics_is_a_request_that_failed() {
    let metrics = built();
    let layer = metrics.http_layer().endpoint(|uri, _| {
        assert_ne!(uri.path(), "/bad", "no such shift");
        Some(Endpoint::from_static("/good"))
    });
    let mut service = layer.layer(ok());
    let ask = |uri: &str| Request::builder().uri(uri).body(()).unwrap();
    for _ in 0..2 {
        catch_unwind(AssertUnwindSafe(|| drop(service.call(ask("/bad"))))).unwrap_err();
        finish(service.call(ask("/good")).await.unwrap()).await;
    }
    assert_eq!(
        requests(&metrics),
        [(request("GET", "unmatched", "500"), 2), (request("GET", "/good", "200"), 2)]
    );
    assert_eq!(lines(&metrics, "http_request_duration_seconds_count").len(), 2);
}

#[tokio::test]
async fn endpoints_without_end_stay_within_the_cap() {
    let metrics = Metrics::builder().series_cap(50).build().unwrap();
    let service = metrics.http_layer().endpoint(|uri, _| Some(Endpoint::new(uri.path()))).layer(ok());
    for number in 0..1_000 {
        let request = Request::builder().uri(format!("/{number}")).body(()).unwrap();
        finish(service.clone().oneshot(request).await.unwrap()).await;
    }
    let counted = requests(&metrics);
    assert_eq!(counted.len(), 50);
    assert_eq!(counted.iter().map(|(_, number)| number).sum::<u64>(), 1_000);
    assert_eq!(lines(&metrics, "http_request_duration_seconds_count").len(), 50);
    assert!(!lines(&metrics, "ms_metrics_label_overflow_total").is_empty());
}

#[tokio::test]
async fn the_duration_runs_to_the_last_byte() {
    let metrics = built();
    let body = Script::of([Step::Data("a")]);
    let before = std::time::Instant::now();
    let response = ask(&metrics, "GET", with_status(200, body)).await.unwrap();
    let head = std::time::Instant::now();
    while head.elapsed() < std::time::Duration::from_millis(20) {
        std::hint::spin_loop();
    }
    response.into_body().collect().await.unwrap();
    let most = before.elapsed().as_secs_f64();
    let sums = lines(&metrics, "http_request_duration_seconds_sum");
    let sum: f64 = sums[0].rsplit_once(' ').unwrap().1.parse().unwrap();
    assert!((0.02..=most).contains(&sum), "{sum} {most}");
}

#[test]
fn only_the_nine_methods_have_a_name() {
    let known = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::CONNECT,
        Method::TRACE,
    ];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for method in known {
        let metrics = built();
        runtime.block_on(async {
            drop(ask(&metrics, method.as_str(), with_status(204, Script::default())).await.unwrap());
        });
        assert!(counted(&metrics, method.as_str(), "204"));
    }
}
