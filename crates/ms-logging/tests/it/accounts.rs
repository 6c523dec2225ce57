//! A full queue, a writer that hangs, and the limit of a shutdown. The writer is stopped with a pipe that nobody reads.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ms_logging::{Logging, LoggingBuilder, LoggingGuard, Reason, WhenFull};
use tempfile::TempDir;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::LIMIT;

/// A log whose writer stands still after 64 KiB.
struct Stopped {
    guard: LoggingGuard,
    dispatch: Dispatch,
    reader: File,
    _directory: TempDir,
}

impl Stopped {
    fn with(options: impl FnOnce(LoggingBuilder) -> LoggingBuilder) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let reader = open_for_reading(&path);
        let builder = Logging::builder().file(&path).console(false).rust_log(false).filter("trace");
        let (layer, guard) = options(builder).layer().unwrap();
        let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
        Self { guard, dispatch, reader, _directory: directory }
    }

    fn log(&self, work: impl FnOnce()) {
        tracing::dispatcher::with_default(&self.dispatch, work);
    }

    /// Reads until the writer has closed the pipe; gives the number of whole lines of events.
    fn drain(mut self) -> (u64, LoggingGuard) {
        let reading = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            self.reader.read_to_end(&mut bytes).unwrap();
            assert!(bytes.is_empty() || bytes.ends_with(b"\n"));
            let text = String::from_utf8(bytes).unwrap();
            text.lines().filter(|line| !line.contains(" - lines lost: ")).count() as u64
        });
        self.guard.shutdown(LIMIT);
        (reading.join().unwrap(), self.guard)
    }
}

/// Both ends, so that opening waits for nobody; the write end is closed again once the logger has its own.
fn open_for_reading(path: &Path) -> File {
    let both = File::options().read(true).write(true).open(path).unwrap();
    let reader = File::open(path).unwrap();
    drop(both);
    reader
}

fn fill(lines: u64) {
    for id in 0..lines {
        tracing::info!(id, text = "x".repeat(1000).as_str(), "flood");
    }
}

#[test]
fn a_full_queue_drops_by_level_and_counts() {
    let stopped = Stopped::with(|builder| builder.queue_bytes(1024 * 1024));
    stopped.log(|| {
        fill(3000);
        let full = stopped.guard.accounts()[0];
        assert!(full.dropped(Reason::QueueFull) > 1000, "{full:?}");
        // What is kept for the more severe is there.
        for id in 0..50 {
            tracing::error!(id, "kept");
            tracing::warn!(id, "kept");
        }
        let after = stopped.guard.accounts()[0];
        assert_eq!(after.dropped(Reason::QueueFull), full.dropped(Reason::QueueFull));
        tracing::info!(text = "x".repeat(1000).as_str(), "dropped");
        tracing::debug!("dropped");
        assert_eq!(
            stopped.guard.accounts()[0].dropped(Reason::QueueFull),
            after.dropped(Reason::QueueFull) + 2
        );
        assert_eq!(after.passed(), 3100);
    });
    let (read, guard) = stopped.drain();
    let account = guard.accounts()[0];
    assert_eq!(account.written(), read);
    assert_eq!(account.passed(), read + account.dropped_total());
}

#[test]
fn blocking_waits_for_room_and_then_counts() {
    let limit = Duration::from_millis(20);
    let stopped = Stopped::with(|builder| builder.queue_bytes(1024 * 1024).when_full(WhenFull::Block(limit)));
    stopped.log(|| {
        while stopped.guard.accounts()[0].dropped_total() == 0 {
            fill(1);
        }
    });
    let (read, guard) = stopped.drain();
    let account = guard.accounts()[0];
    assert_eq!(
        (account.dropped(Reason::QueueFull), account.passed(), account.loss_lines()),
        (1, read + 1, 1)
    );
}

#[test]
fn a_shutdown_that_runs_into_its_limit_tells_the_exact_number() {
    let stopped = Stopped::with(|builder| builder);
    stopped.log(|| fill(500));
    assert!(!stopped.guard.flush(Duration::from_millis(10)));
    let shutdown = stopped.guard.shutdown(Duration::from_millis(50));
    let account = stopped.guard.accounts()[0];
    assert!(shutdown.abandoned > 0);
    assert_eq!(account.dropped(Reason::ShutdownTimeout), shutdown.abandoned);
    assert_eq!(account.written() + shutdown.abandoned, 500);
    assert_eq!(account.queued(), 0);
    // The pipe is read after all: what was in flight is written and no longer counted as lost.
    let (read, guard) = stopped.drain();
    let account = guard.accounts()[0];
    assert_eq!(account.written(), read);
    assert_eq!(account.passed(), read + account.dropped_total());
}

#[test]
fn a_second_shutdown_neither_waits_nor_counts_again() {
    let stopped = Stopped::with(|builder| builder);
    stopped.log(|| fill(500));
    let first = stopped.guard.shutdown(Duration::from_millis(50)).abandoned;
    let account = stopped.guard.accounts()[0];
    assert_eq!(account.dropped(Reason::ShutdownTimeout), first);
    assert_eq!(stopped.guard.shutdown(Duration::MAX).abandoned, 0);
    assert_eq!(stopped.guard.accounts()[0].dropped_total(), first);
    let (read, guard) = stopped.drain();
    let account = guard.accounts()[0];
    assert_eq!((account.written(), account.passed()), (read, read + account.dropped_total()));
}

#[test]
fn limits_may_be_as_long_as_can_be_said() {
    let stopped = Stopped::with(|builder| builder.when_full(WhenFull::Block(Duration::MAX)));
    stopped.log(|| tracing::info!("one"));
    assert!(stopped.guard.flush(Duration::MAX));
    assert_eq!(stopped.guard.shutdown(Duration::MAX).abandoned, 0);
    assert_eq!(stopped.drain().0, 1);
}

#[test]
fn a_caller_that_waits_without_end_goes_on_when_there_is_room() {
    let when_full = WhenFull::Block(Duration::MAX);
    let stopped = Stopped::with(|builder| builder.queue_bytes(1024 * 1024).when_full(when_full));
    let dispatch = stopped.dispatch.clone();
    let caller = std::thread::spawn(move || tracing::dispatcher::with_default(&dispatch, || fill(3000)));
    let mut chunk = [0; 64 * 1024];
    let mut reader = &stopped.reader;
    let mut lines = 0;
    while lines < 3000 {
        let read = reader.read(&mut chunk).unwrap();
        lines += chunk[..read].iter().filter(|byte| **byte == b'\n').count();
    }
    caller.join().unwrap();
    assert_eq!(stopped.guard.shutdown(Duration::MAX).abandoned, 0);
    assert_eq!(stopped.guard.accounts()[0].written(), 3000);
}

#[test]
fn dropping_the_guard_flushes() {
    let stopped = Stopped::with(|builder| builder);
    stopped.log(|| tracing::info!("one"));
    let Stopped { guard, mut reader, .. } = stopped;
    drop(guard);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert!(bytes.ends_with(b"one\n"));
}
