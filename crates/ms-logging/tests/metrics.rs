//! The account as metrics: tests in processes of their own, since each has one global recorder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use ms_logging::{Logging, Reason};
use tracing_subscriber::layer::SubscriberExt as _;

/// Keeps counters, and logs about each, as a recorder in trouble would.
#[derive(Clone, Default)]
struct Chatty(Arc<Mutex<BTreeMap<String, Arc<AtomicU64>>>>);

impl Recorder for Chatty {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        tracing::info!("registering");
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(name).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        tracing::info!("registering");
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Histogram::from_arc(Arc::new(Writes(Arc::clone(self.0.lock().unwrap().entry(name).or_default()))))
    }
}

/// Counts durations that can be.
struct Writes(Arc<AtomicU64>);

impl HistogramFn for Writes {
    fn record(&self, seconds: f64) {
        assert!((0.0..60.0).contains(&seconds), "{seconds}");
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Chatty {
    fn dropped(&self, reason: Reason) -> u64 {
        self.total(&format!("ms_logging_dropped_total sink=file reason={}", reason.as_str()))
    }

    fn total(&self, name: &str) -> u64 {
        self.0.lock().unwrap().get(name).map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

#[test]
fn every_lost_line_is_in_the_metric_also_of_two_loggers_and_before_the_recorder() {
    let recorder = Chatty::default();
    let lose = |lines: u64| {
        let (layer, guard) =
            Logging::builder().file("/dev/full").console(false).rust_log(false).layer().unwrap();
        let dispatch = tracing::Dispatch::new(tracing_subscriber::registry().with(layer));
        tracing::dispatcher::with_default(&dispatch, || (0..lines).for_each(|id| tracing::info!(id, "lost")));
        assert!(guard.flush(Duration::from_secs(60)));
        assert_eq!(guard.accounts()[0].dropped(Reason::IoError), lines);
        (dispatch, guard)
    };
    let first = lose(7);
    metrics::set_global_recorder(recorder.clone()).unwrap();
    let second = lose(5);
    assert_eq!(recorder.dropped(Reason::IoError), 12);
    let long = "ward 3 ".repeat(20_000);
    tracing::dispatcher::with_default(&second.0, || tracing::info!(long, "cut"));
    assert!(second.1.flush(Duration::from_secs(60)));
    assert_eq!(recorder.total("ms_logging_truncated_total sink=file"), 1);
    let events = |level| recorder.total(&format!("log_events_total level={level}"));
    assert_eq!(events("error"), 0, "is there from the beginning");
    // Beside those of the test, what the recorder has logged.
    let end = Instant::now() + Duration::from_secs(60);
    let before = events("info");
    assert!(before >= 13);
    tracing::dispatcher::with_default(&second.0, || tracing::warn!("nobody flushes"));
    while events("warn") == 0 {
        assert!(Instant::now() < end, "published within a second");
        std::thread::yield_now();
    }
    assert_eq!(events("warn"), 1);
    for (dispatch, guard) in [first, second] {
        assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
        tracing::dispatcher::with_default(&dispatch, || tracing::info!("late"));
        assert_eq!(guard.accounts()[0].passed(), guard.accounts()[0].dropped_total());
    }
    assert_eq!(recorder.dropped(Reason::AfterShutdown), 2);
    rotations_and_writes_are_told(&recorder);
}

fn rotations_and_writes_are_told(recorder: &Chatty) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let builder = Logging::builder().file(&path).console(false).rust_log(false).max_bytes(1_000).backups(200);
    let (layer, guard) = builder.layer().unwrap();
    let rotations = || recorder.total("ms_logging_rotations_total sink=file");
    let writes = || recorder.total("ms_logging_write_duration_seconds sink=file");
    assert_eq!(rotations(), 0, "there from the beginning");
    let before = writes();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for id in 0..100 {
            tracing::info!(id, "a line of some fifty to a hundred bytes");
            assert!(guard.flush(Duration::from_secs(60)));
        }
    });
    let files = std::fs::read_dir(directory.path()).unwrap().count() as u64;
    assert!(files > 5);
    assert_eq!(rotations(), files - 1);
    assert!(writes() >= before + 100, "each flush is a write of its own");
    assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
}

#[test]
fn what_the_disk_refuses_to_keep_is_counted() {
    const CHILD: &str = "MS_LOGGING_TEST_UNSYNCED";
    if let Some(path) = std::env::var_os(CHILD) {
        let recorder = Chatty::default();
        metrics::set_global_recorder(recorder.clone()).unwrap();
        let failures = || recorder.total("ms_logging_sync_failures_total sink=file");
        let builder = Logging::builder().file(path).durable(true).console(false).rust_log(false);
        let (layer, guard) = builder.layer().unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!("a line that the system has, and the disk has not");
            assert!(!guard.flush(Duration::from_secs(60)));
            assert_eq!(failures(), 1);
            tracing::info!("a line that the disk has");
            assert!(guard.flush(Duration::from_secs(60)));
            assert_eq!(failures(), 1);
        });
        assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    std::fs::write(&path, "").unwrap();
    let output = std::process::Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-P"])
        .arg(&path)
        .args(["-e", "inject=fdatasync:error=EIO:when=1"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "what_the_disk_refuses_to_keep_is_counted", "--nocapture"])
        .env(CHILD, &path)
        .output()
        .expect("strace is needed: apt-get install strace");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{stderr}", String::from_utf8_lossy(&output.stdout));
    assert!(stderr.contains("ms-logging: cannot sync"), "{stderr}");
}
