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

use http::Request;
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

/// The headers of curl and of the kubelet, which has one more.
fn request(path: &str, accept: &str) -> Request<()> {
    let request = Request::get(path).header("host", "10.0.0.7:8000").header("user-agent", "kube-probe/1.31");
    request.header("accept", accept).body(()).unwrap()
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
async fn a_cached_probe_allocates_nothing() {
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
            assert_eq!(probe(&mut all, request(path, accept)), (0, 200), "{path} {accept}");
        }
    }
    let mut one = health.endpoint(Endpoint::Ready);
    assert_eq!(probe(&mut one, request("/x", "*/*")), (0, 200));
    let mut with_token = request("/x", "*/*");
    with_token.headers_mut().insert("authorization", "Bearer wrong".parse().unwrap());
    assert_eq!(probe(&mut one, with_token), (0, 200));
    let (without_room, _) = probe(&mut one, Request::get("/x").body(()).unwrap());
    assert!(without_room > 0, "allocations are counted");
}
