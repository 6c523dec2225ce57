//! What a request costs in allocations, once its handles are known.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unsafe_code,
    reason = "tests assert by panicking; an allocator cannot be written without unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response};
use axum::routing::get;
use http_body_util::Full;
use ms_metrics::{Endpoint, Metrics};
use tower::{Layer as _, Service};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    /// What this thread has allocated and not freed.
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

fn count(allocations: u64, bytes: i64) {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + allocations));
    let _ = BYTES.try_with(|held| held.set(held.get() + bytes));
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, -(layout.size() as i64));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as i64 - layout.size() as i64);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// Runs a request that never waits to the end of its body.
fn answer<S, B>(service: &mut S, request: Request<Body>)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody,
{
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else { panic!("it waits") };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(_)) = body.as_mut().poll_frame(&mut cx) {}
}

fn request() -> Request<Body> {
    Request::get("/shifts/17").body(Body::empty()).unwrap()
}

/// Those of ten thousand, among which what is allocated now and then is seen too.
fn allocations_of_many(mut work: impl FnMut()) -> u64 {
    allocations(|| (0..10_000).for_each(|_| work()))
}

#[derive(Clone)]
struct Plain;

impl<B> Service<Request<B>> for Plain {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Full<Bytes>>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(Full::from("ok"))))
    }
}

#[test]
fn a_known_route_of_a_plain_service_costs_none() {
    let metrics = Metrics::builder().build().unwrap();
    let shared = Endpoint::new("/shifts/{id}");
    for endpoint in [Endpoint::from_static("/shifts/{id}"), shared] {
        let layer = metrics.http_layer().endpoint(move |_, _| Some(endpoint.clone()));
        let mut service = layer.first_byte().response_size().layer(Plain);
        answer(&mut service, request());
        assert_eq!(
            allocations_of_many(|| answer(&mut service, request())),
            allocations_of_many(|| answer(&mut Plain, request()))
        );
    }
    assert!(metrics.render().contains("{method=\"GET\",endpoint=\"/shifts/{id}\",status=\"200\"} 20002\n"));
}

#[test]
fn timing_a_handler_costs_none() {
    let metrics = Metrics::builder().build().unwrap();
    let layer = metrics.endpoint_latency_layer().endpoint(|_, _| Some(Endpoint::from_static("/shifts/{id}")));
    let mut service = layer.layer(Plain);
    answer(&mut service, request());
    assert_eq!(
        allocations_of_many(|| answer(&mut service, request())),
        allocations_of_many(|| answer(&mut Plain, request()))
    );
    let count = "endpoint_latency_seconds_count{endpoint=\"/shifts/{id}\",method=\"GET\"}";
    assert!(metrics.render().contains(&format!("{count} 10001\n")));
}

#[test]
fn counting_the_body_of_a_request_costs_none() {
    let metrics = Metrics::builder().build().unwrap();
    let layer = metrics.http_layer().endpoint(|_, _| Some(Endpoint::from_static("/shifts/{id}")));
    let mut service = layer.layer(layer.request_body_layer().layer(Plain));
    answer(&mut service, request());
    assert_eq!(
        allocations_of_many(|| answer(&mut service, request())),
        allocations_of_many(|| answer(&mut Plain, request()))
    );
    let count = "http_request_size_bytes_count{method=\"GET\",endpoint=\"/shifts/{id}\"}";
    assert!(metrics.render().contains(&format!("{count} 10001\n")));
}

#[test]
fn excluded_requests_cost_none() {
    let metrics = Metrics::builder().build().unwrap();
    let mut service = metrics.http_layer().exclude(["unmatched"]).layer(Plain);
    answer(&mut service, request());
    assert_eq!(
        allocations_of_many(|| answer(&mut service, request())),
        allocations_of_many(|| answer(&mut Plain, request()))
    );
    assert!(!metrics.render().contains("http_requests_total{"));
}

#[test]
fn on_axum_it_is_the_box_of_a_wrapped_body_and_what_any_layer_costs() {
    struct Same;
    impl<S> tower::Layer<S> for Same {
        type Service = tower::util::MapResponse<S, fn(axum::response::Response) -> axum::response::Response>;
        fn layer(&self, inner: S) -> Self::Service {
            tower::util::MapResponse::new(inner, |response| response)
        }
    }
    impl Clone for Same {
        fn clone(&self) -> Self {
            Self
        }
    }
    let metrics = Metrics::builder().build().unwrap();
    let routes = || Router::new().route("/shifts/{id}", get(|| async { "ok" }));
    let cost = |app: Router| {
        let mut app = app.with_state::<()>(());
        for _ in 0..3 {
            answer(&mut app, request());
        }
        allocations_of_many(|| answer(&mut app, request()))
    };
    let any_layer = cost(routes().layer(Same));
    let ours = cost(routes().layer(metrics.http_layer()));
    assert_eq!(ours, any_layer + 10_000, "one a request, the box of the wrapped body");
    assert!(metrics.render().contains("endpoint=\"/shifts/{id}\""));
}

#[test]
fn known_series_cost_none_even_without_a_kept_handle() {
    let metrics = Metrics::builder().buckets("seconds", &[1.0]).build().unwrap();
    let recorder = metrics.recorder();
    let record = || {
        metrics::with_local_recorder(&recorder, || {
            metrics::counter!("jobs_total", "queue" => "a").increment(1);
            metrics::gauge!("depth", "queue" => "a").set(2.0);
            metrics::histogram!("seconds").record(0.5);
        });
    };
    record();
    assert_eq!(allocations(record), 0);
}

#[test]
fn a_hundred_thousand_paths_keep_no_memory() {
    let metrics = Metrics::builder().build().unwrap();
    let mut app = Router::new()
        .route("/shifts/{id}", get(|| async { "ok" }))
        .layer(metrics.http_layer())
        .with_state::<()>(());
    let ask = |number: u32| Request::get(format!("/{number}")).body(Body::empty()).unwrap();
    answer(&mut app, ask(0));
    let before = BYTES.get();
    (0..100_000).for_each(|number| answer(&mut app, ask(number)));
    assert!(BYTES.get() - before < 4096, "{} bytes", BYTES.get() - before);
    assert!(metrics.render().len() < 64 << 10);
}
