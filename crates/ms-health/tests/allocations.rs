//! What a cached probe costs in allocations.
#![allow(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "tests assert by panicking; an allocator cannot be written without unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Request};
use ms_health::{Check, Endpoint, HealthCheck, HealthService, Heartbeat};
use tower::Service as _;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn allocations_of<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let before = ALLOCATIONS.get();
    let made = work();
    (ALLOCATIONS.get() - before, made)
}

/// The map of the four headers that every answer has; nobody can hand one out without allocating it.
fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(20));
    headers
}

fn probe(service: &mut HealthService, request: Request<()>) -> (u64, u16) {
    let (spent, response) = allocations_of(|| {
        let mut answer = pin!(service.call(request));
        match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(response) => response.unwrap(),
            Poll::Pending => unreachable!("a cached answer waits for nothing"),
        }
    });
    (spent, response.status().as_u16())
}

#[tokio::test]
async fn a_cached_probe_allocates_nothing_but_the_headers_of_its_answer() {
    let hour = Duration::from_secs(3600);
    let beat = Heartbeat::new("scheduler", hour);
    let health = HealthCheck::builder()
        .add(Check::new("database", || async { Ok::<_, &str>(()) }).critical().ttl(hour))
        .add(Check::new("cache", || async { Err("down") }).ttl(hour))
        .group("storage", ["database"])
        .heartbeat(&beat)
        .token("a-token-of-thirty-two-characters")
        .kubernetes_paths()
        .build()
        .unwrap();
    health.report().await;
    let (map_alone, _) = allocations_of(headers);
    let mut all = health.service();
    for path in [
        "/health",
        "/health/live",
        "/health/ready",
        "/health/startup",
        "/health/storage",
        "/readyz",
        "/livez",
    ] {
        for accept in ["*/*", "text/plain"] {
            let request = Request::get(path).header("accept", accept).header("authorization", "Bearer wrong");
            assert_eq!(probe(&mut all, request.body(()).unwrap()), (map_alone, 200), "{path} {accept}");
        }
    }
    let mut one = health.endpoint(Endpoint::Ready);
    assert_eq!(probe(&mut one, Request::get("/x").body(()).unwrap()), (map_alone, 200));
}
