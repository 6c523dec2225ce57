//! What scrapes cost in memory, by the allocator's account.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unsafe_code,
    reason = "tests assert by panicking; an allocator cannot be written without unsafe code"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use http::{Request, Response};
use http_body_util::BodyExt as _;
use metrics::{Key, Label, Level, Metadata, Recorder};
use ms_metrics::{Metrics, MetricsBody, MetricsService};
use tower::ServiceExt as _;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
const OPENMETRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
const KIB: usize = 1024;
/// A piece of a page, the list of pieces, and what a compressor works with.
const TOOLS: usize = 768 * KIB;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

fn grow(bytes: usize) {
    let used = USED.fetch_add(bytes, Ordering::Relaxed) + bytes;
    MOST.fetch_max(used, Ordering::Relaxed);
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there for a moment if it has to move.
        grow(size);
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// One at a time: they all look at the memory of one process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What is used at most beyond what is used before.
fn most_used(work: impl FnOnce()) -> usize {
    let before = USED.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    work();
    MOST.load(Ordering::Relaxed) - before
}

/// Forty thousand series: a page of some 5 MB.
fn large() -> Metrics {
    let metrics = Metrics::builder().series_cap(50_000).build().unwrap();
    for number in 0..40_000 {
        let labels = vec![
            Label::new("endpoint", format!("/api/v1/departments/{number}/shifts/{{shift}}")),
            Label::new("method", "GET"),
            Label::new("status", "200"),
        ];
        let key = Key::from_parts("requests_of_the_test_total", labels);
        metrics.recorder().register_counter(&key, &METADATA).increment(number);
    }
    metrics
}

async fn open(service: MetricsService, accept: &str, encoding: &str) -> Response<MetricsBody> {
    let request = Request::get("/metrics").header("accept", accept).header("accept-encoding", encoding);
    service.oneshot(request.body(()).unwrap()).await.unwrap()
}

/// Reads a body and forgets it, as a socket does.
async fn read(response: Response<MetricsBody>) -> usize {
    let mut body = response.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        length += frame.unwrap().into_data().unwrap().len();
        tokio::task::yield_now().await;
    }
    length
}

#[test]
fn a_scrape_costs_one_page_over_idle() {
    let _alone = alone();
    let metrics = large();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for accept in ["text/plain", OPENMETRICS] {
        for encoding in ["identity", "gzip"] {
            let mut length = 0;
            let used = most_used(|| {
                length =
                    runtime.block_on(async { read(open(metrics.service(), accept, encoding).await).await });
            });
            assert!(length > 100 * KIB, "{length}");
            assert!(used < length + TOOLS, "{accept} {encoding}: {used} for a page of {length}");
        }
    }
    let length = metrics.render().len();
    let used = most_used(|| drop(metrics.render()));
    assert!(used < length + KIB, "{used} for a page of {length}");
}

/// Answers with a page, and those that say to come back in a second.
fn storm(metrics: &Metrics, kinds: &'static [(&str, &str)]) -> (usize, usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (mut pages, mut refused) = (0, 0);
    runtime.block_on(async {
        let scrapes: Vec<_> = (0..1000)
            .map(|number| {
                let (service, (accept, encoding)) = (metrics.service(), kinds[number % kinds.len()]);
                tokio::spawn(async move {
                    let response = open(service, accept, encoding).await;
                    let status = response.status();
                    assert_eq!(response.headers().contains_key("retry-after"), status == 503);
                    (status, read(response).await)
                })
            })
            .collect();
        for scrape in scrapes {
            match scrape.await.unwrap() {
                (status, 1..) if status == 200 => pages += 1,
                (status, 0) if status == 503 => refused += 1,
                other => panic!("{other:?}"),
            }
        }
    });
    (pages, refused)
}

#[test]
fn a_storm_of_scrapes_costs_less_than_three_pages_over_idle() {
    let _alone = alone();
    let metrics = large();
    let length = metrics.render().len();
    let one_kind = &[("text/plain", "identity")][..];
    let all_kinds = &[
        ("text/plain", "identity"),
        (OPENMETRICS, "identity"),
        ("text/plain", "gzip"),
        (OPENMETRICS, "gzip"),
    ][..];
    for kinds in [one_kind, all_kinds] {
        let (mut pages, mut refused) = (0, 0);
        let used = most_used(|| (pages, refused) = storm(&metrics, kinds));
        assert_eq!(pages + refused, 1000);
        assert!(pages > 64, "{pages}");
        assert!(used < 3 * length, "{used} for pages of {length}");
    }
}

#[test]
fn readers_that_stop_hold_two_pages_and_a_piece_each() {
    let _alone = alone();
    let metrics = large();
    let length = metrics.render().len();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut held = Vec::new();
    let used = most_used(|| {
        runtime.block_on(async {
            for number in 0..200 {
                let accept = if number % 2 == 0 { "text/plain" } else { OPENMETRICS };
                let mut body = open(metrics.service(), accept, "identity").await.into_body();
                let piece = body.frame().await;
                held.push((body, piece));
            }
        });
    });
    assert!(used < 3 * length, "{used} for pages of {length}");
}
