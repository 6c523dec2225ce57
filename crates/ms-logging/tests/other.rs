//! Processes in which somebody else was first.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ms_logging::{InstallError, Logging, LoggingGuard};
use tracing_subscriber::layer::{Context, SubscriberExt as _};

const CHILD: &str = "MS_LOGGING_TEST_OTHER";

fn install() -> Result<LoggingGuard, InstallError> {
    Logging::builder().no_file().console(false).rust_log(false).install()
}

/// Runs `test` in a process of its own; what is global is so only there.
fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

struct Count(Arc<AtomicU64>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Count {
    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn another_subscriber_stays_as_it_is() {
    alone("another_subscriber_stays_as_it_is", || {
        let count = Arc::new(AtomicU64::new(0));
        let theirs = tracing_subscriber::registry().with(Count(Arc::clone(&count)));
        tracing::subscriber::set_global_default(theirs).unwrap();
        assert!(matches!(install(), Err(InstallError::OtherSubscriber)));
        assert!(matches!(install(), Err(InstallError::OtherSubscriber)));
        tracing::info!("theirs");
        log::error!("was nobody's before");
        assert_eq!(count.load(Ordering::Relaxed), 1);
    });
}

struct Quiet;

impl log::Log for Quiet {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }
    fn log(&self, _: &log::Record<'_>) {}
    fn flush(&self) {}
}

#[test]
fn another_logger_stays_as_it_is() {
    alone("another_logger_stays_as_it_is", || {
        log::set_logger(&Quiet).unwrap();
        assert!(matches!(install(), Err(InstallError::OtherLogger)));
        // tracing is free yet.
        tracing::subscriber::set_global_default(tracing_subscriber::registry()).unwrap();
    });
}
