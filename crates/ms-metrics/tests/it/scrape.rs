//! The page over HTTP.

use std::io::Read as _;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use ms_metrics::{Metrics, MetricsBody, MetricsService};
use tower::ServiceExt as _;

use crate::page::{built, key};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const BY_PROMETHEUS: &str = "application/openmetrics-text;version=1.0.0,\
    application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

#[tokio::test]
async fn the_page_is_served_as_prometheus_wants_it() {
    let metrics = built();
    let app: Router = metrics.router();
    for (method, path, status, has_body) in [
        ("GET", "/metrics", 200, true),
        ("GET", "/metrics?name[]=x", 200, true),
        ("HEAD", "/metrics", 200, false),
        ("POST", "/metrics", 405, false),
        ("DELETE", "/metrics", 405, false),
        ("OPTIONS", "/metrics", 405, false),
        ("GET", "/metrics/", 404, false),
        ("GET", "/metrics/x", 404, false),
        ("GET", "/", 404, false),
    ] {
        let request = || Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let by_router = app.clone().oneshot(request()).await.unwrap();
        let by_service = metrics.service().oneshot(request()).await.unwrap().map(Body::new);
        for response in [by_router, by_service] {
            let (head, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            assert_eq!(head.status, status, "{method} {path}");
            if status == 200 {
                assert_eq!(head.headers["content-type"], TEXT);
                assert_eq!(head.headers["cache-control"], "no-store");
                assert_eq!(head.headers["x-content-type-options"], "nosniff");
                assert_eq!(head.headers["content-length"], metrics.render().len().to_string());
            }
            if status == 405 {
                assert_eq!(head.headers["allow"], "GET, HEAD");
            }
            assert_eq!(body, if has_body { metrics.render() } else { String::new() });
        }
    }
}

#[tokio::test]
async fn a_nested_router_and_a_service_under_a_path_of_its_own_answer_there() {
    let metrics = built();
    let app: Router = Router::new()
        .nest("/internal", metrics.router())
        .route_service("/prometheus", metrics.service().path("/prometheus"));
    for (path, status) in
        [("/internal/metrics", 200), ("/prometheus", 200), ("/metrics", 404), ("/internal", 404)]
    {
        let response = app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

async fn get(service: &MetricsService, headers: &[(&str, &str)]) -> Response<MetricsBody> {
    let mut request = Request::get("/metrics");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    service.clone().oneshot(request.body(()).unwrap()).await.unwrap()
}

async fn read(response: Response<MetricsBody>) -> (HeaderMap, Vec<u8>) {
    let (head, body) = response.into_parts();
    (head.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn format_and_compression_are_as_asked_for() {
    let metrics = built();
    let service = metrics.service();
    for (accept, content_type, expected) in
        [(TEXT, TEXT, metrics.render()), (BY_PROMETHEUS, OPENMETRICS, metrics.render_openmetrics())]
    {
        for encoding in ["identity", "gzip"] {
            let response = get(&service, &[("accept", accept), ("accept-encoding", encoding)]).await;
            let (headers, body) = read(response).await;
            assert_eq!(headers["content-type"], content_type);
            assert_eq!(headers["content-length"], body.len().to_string());
            assert_eq!(headers.get("content-encoding").is_some(), encoding == "gzip");
            assert_eq!(plain(&headers, body), expected);
        }
    }
}

fn plain(headers: &HeaderMap, body: Vec<u8>) -> String {
    match headers.get("content-encoding") {
        Some(encoding) => {
            assert_eq!(encoding, "gzip");
            let mut text = String::new();
            flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
            text
        }
        None => String::from_utf8(body).unwrap(),
    }
}

/// Many times 64 KiB.
fn large() -> Metrics {
    let metrics = Metrics::builder().series_cap(10_000).buckets("t_seconds", &[0.5, 1.0]).build().unwrap();
    let recorder = metrics.recorder();
    for number in 0..5_000 {
        let number = number.to_string();
        let labels = [("number", number.as_str())];
        metrics::Recorder::register_counter(&recorder, &key("t_total", &labels), &crate::page::METADATA)
            .increment(1);
        metrics::Recorder::register_histogram(&recorder, &key("t_seconds", &labels), &crate::page::METADATA)
            .record(0.7);
    }
    metrics
}

#[tokio::test]
async fn large_pages_come_in_pieces_that_make_the_page() {
    let metrics = large();
    let service = metrics.service();
    for (accept, expected) in [(TEXT, metrics.render()), (BY_PROMETHEUS, metrics.render_openmetrics())] {
        assert!(expected.len() > 10 * (64 << 10));
        for encoding in ["identity", "gzip"] {
            let response = get(&service, &[("accept", accept), ("accept-encoding", encoding)]).await;
            let (headers, body) = read(response).await;
            assert_eq!(headers["content-length"], body.len().to_string());
            assert_eq!(plain(&headers, body), expected);
        }
    }
}

#[tokio::test]
async fn scrapes_at_the_same_time_share_a_page_and_later_ones_see_the_present() {
    let metrics = built();
    let service = metrics.service();
    let sign_ins = |page: &[u8]| String::from_utf8_lossy(page).contains("active_users_total 1");
    loop {
        let begun = Instant::now();
        let first = get(&service, &[]).await;
        let session = metrics.business().sign_in();
        let second = get(&service, &[]).await;
        let was_at_the_same_time = begun.elapsed() < Duration::from_millis(250);
        let (first, second) = (read(first).await.1, read(second).await.1);
        assert!(!sign_ins(&first));
        assert!(sign_ins(&read(get(&service, &[]).await).await.1), "nobody reads the old page any more");
        drop(session);
        if was_at_the_same_time {
            assert_eq!(first, second, "the second shares the page of the first");
            break;
        }
    }
}

#[tokio::test]
async fn readers_that_hold_all_pages_keep_nobody_from_the_present() {
    let metrics = large();
    let service = metrics.service();
    let text = get(&service, &[]).await;
    let compressed = get(&service, &[("accept-encoding", "gzip")]).await;
    // A third kind of page has no place.
    let mut streams = Vec::new();
    for _ in 0..64 {
        let stream = get(&service, &[("accept", BY_PROMETHEUS), ("accept-encoding", "gzip")]).await;
        assert_eq!(stream.headers()["content-type"], OPENMETRICS);
        assert!(!stream.headers().contains_key("content-encoding"));
        assert!(!stream.headers().contains_key("content-length"));
        streams.push(stream);
    }
    let refused = get(&service, &[("accept", BY_PROMETHEUS)]).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    let (headers, body) = read(streams.remove(0)).await;
    assert_eq!(plain(&headers, body), metrics.render_openmetrics());
    assert_eq!(get(&service, &[("accept", BY_PROMETHEUS)]).await.status(), 200, "there is room again");
    assert_eq!(get(&service, &[]).await.status(), 200, "the first page is still fresh, or there is room");
    drop((text, compressed));
}

#[tokio::test]
async fn a_scrape_given_up_leaves_its_page_to_the_others() {
    let metrics = large();
    let begin = || {
        let request = Request::get("/metrics").body(()).unwrap();
        by_hand::Begun::new(metrics.service().oneshot(request))
    };
    let (mut leaver, mut stayer) = (begin(), begin());
    assert!(leaver.poll().is_none() && stayer.poll().is_none(), "one piece is not the page");
    drop(leaver);
    let response = loop {
        if let Some(response) = stayer.poll() {
            break response.unwrap();
        }
    };
    assert_eq!(read(response).await.1, metrics.render().into_bytes());
}

/// Polling by hand.
mod by_hand {
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    pub(super) struct Begun<F>(Pin<Box<F>>);

    impl<F: Future> Begun<F> {
        pub(super) fn new(future: F) -> Self {
            Self(Box::pin(future))
        }

        pub(super) fn poll(&mut self) -> Option<F::Output> {
            match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(output) => Some(output),
                Poll::Pending => None,
            }
        }
    }
}
