//! Tens of thousands of requests, cancelled anywhere.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use axum::body::{Body as AxumBody, Bytes};
use axum::extract::Request as AxumRequest;
use axum::http::{Request, Response};
use axum::middleware::{Next, from_fn};
use axum::{Router, routing::get};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use ms_metrics::Endpoint;
use tower::{Layer as _, Service as _, service_fn};

use crate::page::{built, eventually, lines, request, requests};
use crate::sockets::{Client, Version, serve};

/// Numbers that look random, the same ones each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// Panics without a message: hundreds of backtraces tell nobody anything.
fn unwind() {
    resume_unwind(Box::new("panic"));
}

/// Pending this many times, then a panic or ready.
async fn steps(pauses: u64, panics: bool) {
    let mut left = pauses;
    poll_fn(|_| {
        if left == 0 {
            if panics {
                unwind();
            }
            return Poll::Ready(());
        }
        left -= 1;
        Poll::Pending
    })
    .await;
}

/// A body of so many frames, pending before each.
struct Slow {
    frames: u64,
    paused: bool,
    panics: bool,
}

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.paused = !self.paused;
        if self.paused {
            return Poll::Pending;
        }
        if self.frames == 0 {
            if self.panics {
                unwind();
            }
            return Poll::Ready(None);
        }
        self.frames -= 1;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

/// Runs one request for at most `polls` polls and says how it ended.
fn one(layer: &ms_metrics::HttpMetricsLayer, dice: &mut Dice, polls: u64) -> &'static str {
    let (pauses, frames) = (dice.roll(4), dice.roll(4));
    let (panics, body_panics) = (dice.roll(100) == 0, dice.roll(100) == 0);
    let mut service = layer.layer(service_fn(move |_: Request<()>| async move {
        steps(pauses, panics).await;
        Ok::<_, Infallible>(Response::new(Slow { frames, paused: false, panics: body_panics }))
    }));
    let mut cx = Context::from_waker(Waker::noop());
    let run = || {
        let mut left = polls;
        let mut future = pin!(service.call(Request::new(())));
        let response = loop {
            if left == 0 {
                return "499";
            }
            left -= 1;
            if let Poll::Ready(response) = future.as_mut().poll(&mut cx) {
                break response.unwrap();
            }
        };
        let mut body = pin!(response.into_body());
        loop {
            if left == 0 {
                return "499";
            }
            left -= 1;
            if let Poll::Ready(None) = body.as_mut().poll_frame(&mut cx) {
                return "200";
            }
        }
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or("500")
}

#[test]
fn cancelled_at_any_poll_each_request_is_counted_as_it_ended() {
    const THREADS: u64 = 4;
    const EACH: u64 = 25_000;
    let metrics = built();
    let ended: Vec<_> = std::thread::scope(|scope| {
        let run = |thread| {
            let layer = metrics.http_layer();
            move || {
                let mut dice = Dice(0x5eed + thread);
                let mut ended = BTreeMap::<_, u64>::new();
                for _ in 0..EACH {
                    let polls = if dice.roll(10) < 3 { dice.roll(12) } else { u64::MAX };
                    *ended.entry(one(&layer, &mut dice, polls)).or_default() += 1;
                }
                ended
            }
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(run(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut expected = BTreeMap::<_, u64>::new();
    for (status, number) in ended.into_iter().flatten() {
        *expected.entry(request("GET", "unmatched", status)).or_default() += number;
    }
    assert_eq!(expected.len(), 3, "{expected:?}");
    assert_eq!(expected.values().sum::<u64>(), THREADS * EACH);
    assert_eq!(requests(&metrics).into_iter().collect::<BTreeMap<_, _>>(), expected);
    let labels = "{method=\"GET\",endpoint=\"unmatched\"}";
    let total = THREADS * EACH;
    let count = format!("http_request_duration_seconds_count{labels} {total}");
    assert_eq!(lines(&metrics, "http_request_duration_seconds_count"), [count]);
    assert_eq!(lines(&metrics, "http_requests_in_flight"), [format!("http_requests_in_flight{labels} 0")]);
}

#[test]
fn threads_that_meet_at_new_routes_lose_nothing() {
    const THREADS: usize = 8;
    const ROUTES: usize = 200;
    let metrics = built();
    let barrier = std::sync::Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let layer = metrics.http_layer().endpoint(|uri, _| Some(Endpoint::new(uri.path())));
                let mut service = layer.layer(service_fn(|request: Request<()>| {
                    let status = if request.uri().path().ends_with('7') { 304 } else { 204 };
                    std::future::ready(Response::builder().status(status).body(AxumBody::empty()))
                }));
                barrier.wait();
                for route in 0..ROUTES {
                    let request = Request::builder().uri(format!("/{route}")).body(()).unwrap();
                    let mut cx = Context::from_waker(Waker::noop());
                    assert!(pin!(service.call(request)).poll(&mut cx).is_ready());
                }
            });
        }
    });
    let counted = requests(&metrics);
    assert_eq!(counted.len(), ROUTES);
    assert!(counted.iter().all(|(_, number)| *number == THREADS as u64), "{counted:?}");
    assert_eq!(lines(&metrics, "http_request_duration_seconds_count").len(), ROUTES);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_sockets_every_request_that_came_in_is_counted_once() {
    const CLIENTS: u64 = 16;
    const EACH: u64 = 150;
    let metrics = built();
    let arrived = Arc::new(AtomicU64::new(0));
    let count = {
        let arrived = Arc::clone(&arrived);
        move |request: AxumRequest, next: Next| {
            arrived.fetch_add(1, Ordering::Relaxed);
            next.run(request)
        }
    };
    let slow = || async {
        tokio::task::yield_now().await;
        AxumBody::from("x".repeat(100_000))
    };
    let app = Router::new().route("/slow", get(slow)).layer(metrics.http_layer()).layer(from_fn(count));
    let server = serve(app).await;
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(async move {
            let version = if number % 2 == 0 { Version::Http1 } else { Version::Http2 };
            let mut dice = Dice(0xc11e + number);
            let mut whole = 0;
            let mut client = Client::connect(server, version).await;
            for _ in 0..EACH {
                let mut asking = Box::pin(client.send("GET", "/slow"));
                if dice.roll(10) < 3 {
                    // Gone somewhere between the first byte sent and the last one read.
                    for _ in 0..dice.roll(6) {
                        if poll_fn(|cx| Poll::Ready(asking.as_mut().poll(cx).is_ready())).await {
                            break;
                        }
                        tokio::task::yield_now().await;
                    }
                    drop(asking);
                    client = Client::connect(server, version).await;
                } else {
                    let body = asking.await.unwrap().into_body().collect().await.unwrap();
                    assert_eq!(body.to_bytes().len(), 100_000);
                    whole += 1;
                }
            }
            whole
        });
    }
    let whole: u64 = clients.join_all().await.into_iter().sum();
    let counted = || requests(&metrics).iter().map(|(_, number)| number).sum::<u64>();
    eventually(|| counted() == arrived.load(Ordering::Relaxed)).await;
    let counts: BTreeMap<_, _> = requests(&metrics).into_iter().collect();
    let of = |status| counts.get(&request("GET", "/slow", status)).copied().unwrap_or(0);
    assert!(of("200") >= whole, "{counts:?} {whole}");
    assert_eq!(of("200") + of("499"), arrived.load(Ordering::Relaxed), "{counts:?}");
    assert_eq!(
        lines(&metrics, "http_requests_in_flight"),
        ["http_requests_in_flight{method=\"GET\",endpoint=\"/slow\"} 0"]
    );
}
