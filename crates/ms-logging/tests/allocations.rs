//! What events and spans allocate, by the allocator's account: a process has one allocator and one logger.
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
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use ms_logging::{Logging, LoggingGuard, WhenFull, log_event};
use tempfile::TempDir;
use tracing::{info, info_span, warn};

const ROUNDS: usize = 20;
const EVENTS: u64 = 200;
const LONG: Duration = Duration::from_secs(60);

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The logger of this process, with a file of text and one of JSON; one test at a time.
fn logger() -> (&'static LoggingGuard, MutexGuard<'static, ()>) {
    static LOGGER: OnceLock<(LoggingGuard, TempDir)> = OnceLock::new();
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (guard, _) = LOGGER.get_or_init(|| {
        let dir = TempDir::new().unwrap();
        let guard = Logging::builder()
            .file(dir.path().join("events.log"))
            .json_file(dir.path().join("events.jsonl"))
            .console(false)
            .rust_log(false)
            .max_bytes(1 << 30)
            .when_full(WhenFull::Block(LONG))
            .install()
            .unwrap();
        (guard, dir)
    });
    (guard, alone)
}

/// The allocations of all threads for one piece of work: the fewest of many rounds, since a buffer may grow in one of
/// them and the metrics are brought up to date once a second, but what each piece of work needs is needed in all.
fn each(guard: &LoggingGuard, work: impl Fn(u64)) -> f64 {
    let round = |_| {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        (0..EVENTS).for_each(&work);
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        assert!(guard.flush(LONG));
        allocations
    };
    (0..ROUNDS).map(round).min().unwrap() as f64 / EVENTS as f64
}

/// One of each kind of value, none of which has to be redacted.
fn log(id: u64) {
    let error = io::Error::from(io::ErrorKind::TimedOut);
    info!(
        id,
        department = "Acil Servis",
        hours = 8.5,
        night = false,
        shift = ?(7_u8, "late"),
        from = %"07:00",
        error = &error as &(dyn std::error::Error + 'static),
        "shift {id} planned: ward=7, 12 rows"
    );
    warn!("no rest\tbetween shifts");
    log_event!("shift_planned", id = id, department = "Acil Servis", status = 200);
    log::info!("a record of {id} bytes");
}

#[test]
fn an_event_allocates_nothing() {
    let (guard, _alone) = logger();
    assert_eq!(each(guard, log), 0.0);
}

#[test]
fn an_event_in_spans_allocates_nothing() {
    let (guard, _alone) = logger();
    let _request = info_span!("request", id = 7, route = "/shifts").entered();
    assert_eq!(each(guard, log), 0.0);
    let _query = info_span!("query", table = "shifts").entered();
    let _bare = info_span!("bare").entered();
    assert_eq!(each(guard, log), 0.0);
}

#[test]
fn a_span_allocates_three_times_at_most() {
    let (guard, _alone) = logger();
    let span =
        |id| drop(info_span!("request", id, route = "/shifts", method = "GET", night = false).entered());
    assert_eq!(each(guard, span), 3.0);
}
