//! A recorder that is locked while its user logs: one test, since a process has one global recorder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use ms_logging::{Logging, Reason, WhenFull};
use tracing_subscriber::layer::SubscriberExt as _;

/// Needs a lock for each counter, and says when it is about to wait for it.
struct Locked {
    lock: Arc<Mutex<()>>,
    waiting: Mutex<Sender<()>>,
}

impl Recorder for Locked {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        let _ = self.waiting.lock().unwrap().send(());
        drop(self.lock.lock().unwrap());
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn nobody_who_logs_under_the_recorders_lock_waits_for_good() {
    let lock = Arc::new(Mutex::new(()));
    let (waiting, told) = channel();
    a_late_line_does_not_wait_for_the_shutdown(&lock, waiting, &told);
    a_line_does_not_wait_for_a_writer_that_publishes(&lock, &told);
}

/// The shutdown publishes and waits for the recorder; the recorder's user logs a late line, which is to be published too.
fn a_late_line_does_not_wait_for_the_shutdown(
    lock: &Arc<Mutex<()>>,
    waiting: Sender<()>,
    told: &Receiver<()>,
) {
    let directory = tempfile::tempdir().unwrap();
    let builder = Logging::builder().file(directory.path().join("app.log")).console(false).rust_log(false);
    let (layer, guard) = builder.layer().unwrap();
    let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
    assert!(guard.flush(Duration::from_secs(60)));
    let held = lock.lock().unwrap();
    metrics::set_global_recorder(Locked { lock: Arc::clone(lock), waiting: Mutex::new(waiting) }).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| guard.shutdown(Duration::from_secs(60)));
        told.recv().unwrap();
        // It may be the writer that waits, before the shutdown has begun.
        while guard.accounts()[0].dropped(Reason::AfterShutdown) == 0 {
            tracing::dispatcher::with_default(&dispatch, || tracing::info!("late"));
        }
        drop(held);
    });
    let account = guard.accounts()[0];
    assert_eq!(account.passed(), account.written() + account.dropped_total());
}

/// The writer publishes and waits for the recorder; the recorder's user waits for room in the queue.
fn a_line_does_not_wait_for_a_writer_that_publishes(lock: &Mutex<()>, told: &Receiver<()>) {
    let directory = tempfile::tempdir().unwrap();
    let wait = Duration::from_secs(20);
    while told.try_recv().is_ok() {}
    let held = lock.lock().unwrap();
    let (layer, guard) = Logging::builder()
        .file(directory.path().join("app.log"))
        .console(false)
        .rust_log(false)
        .queue_bytes(1 << 20)
        .when_full(WhenFull::Block(wait))
        .layer()
        .unwrap();
    // Its first deed.
    told.recv().unwrap();
    let text = "x".repeat(1_000);
    let since = Instant::now();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..2_000).for_each(|id| tracing::info!(id, text));
    });
    assert!(since.elapsed() < wait, "{:?}", since.elapsed());
    drop(held);
    assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
    let account = guard.accounts()[0];
    assert!(account.written() > 0 && account.dropped(Reason::QueueFull) > 0);
    assert_eq!(account.passed(), account.written() + account.dropped_total());
}
