//! Levels that change while the program runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use ms_logging::{LevelError, Logging};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Dispatch, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::logger::{LIMIT, Logger};

fn debug(text: &str) {
    tracing::debug!(target: "ward::beds", "{text}");
}

#[test]
fn a_level_follows_each_change() {
    let logger = Logger::with(|builder| builder.filter("info,ward=warn"));
    let levels = logger.guard.levels();
    logger.log(|| {
        debug("no");
        levels.set("ward", Level::DEBUG).unwrap();
        debug("one");
        tracing::debug!("no");
        levels.set("ward::beds", LevelFilter::OFF).unwrap();
        debug("no");
        levels.set("", LevelFilter::TRACE).unwrap();
        tracing::trace!("two");
        debug("no");
        assert!(levels.revert("ward::beds"));
        debug("three");
        levels.revert_all();
        debug("no");
        tracing::trace!("no");
        assert_eq!(levels.directives(), "ward=warn,info");
    });
    let (text, _) = logger.finish();
    let seen: Vec<&str> = text.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(seen, ["one", "two", "three"]);
}

#[test]
fn a_timed_level_reverts_by_itself_without_a_runtime() {
    let logger = Logger::with(|builder| builder.filter("info"));
    let levels = logger.guard.levels();
    levels.set("ward", Level::WARN).unwrap();
    levels.set_for("ward", Level::TRACE, Duration::from_millis(30)).unwrap();
    let end = Instant::now() + LIMIT;
    while levels.directives() != "ward=warn,info" {
        assert!(Instant::now() < end, "reverts");
        std::thread::yield_now();
    }
    logger.log(|| debug("no"));
    assert_eq!(levels.changes().len(), 1, "what was asked for before lasts");
    assert_eq!(levels.changes()[0].remaining, None);

    levels.set_for("ward", Level::TRACE, Duration::MAX).unwrap();
    assert!(levels.changes()[0].remaining.unwrap() > LIMIT);
    logger.log(|| debug("yes"));
    logger.guard.shutdown(LIMIT);
    assert_eq!(levels.directives(), "ward=warn,info", "nothing timed outlives the logger");
    let late = levels.set_for("ward", Level::TRACE, Duration::MAX);
    assert!(matches!(late, Err(LevelError::ShutDown)), "nor begins after it");
    levels.set("ward", Level::ERROR).unwrap();
    assert_eq!(levels.directives(), "ward=error,info", "what lasts needs no thread");
    levels.set("ward", Level::WARN).unwrap();
    assert_eq!(logger.guard.accounts()[0].passed(), 1);
}

#[test]
fn what_is_no_target_changes_nothing() {
    let logger = Logger::with(|builder| builder.filter("info"));
    let levels = logger.guard.levels();
    for bad in ["a,b=trace", "a=b", "[request]", "a\nb"] {
        assert!(matches!(levels.set(bad, Level::TRACE), Err(LevelError::Target { .. })), "{bad:?}");
    }
    assert_eq!(levels.directives(), "info");
}

/// Counts how often it is asked for an event of `ward`, and sees all.
struct Neighbour(Arc<AtomicU64>);

impl<S: Subscriber> Layer<S> for Neighbour {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::always()
    }

    fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn other_layers_see_what_they_saw_before() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let (layer, guard) =
        Logging::builder().file(&path).console(false).rust_log(false).filter("info").layer().unwrap();
    let seen = Arc::new(AtomicU64::new(0));
    let dispatch =
        Dispatch::new(tracing_subscriber::registry().with(layer).with(Neighbour(Arc::clone(&seen))));
    tracing::dispatcher::with_default(&dispatch, || {
        debug("neighbour only");
        guard.levels().set("ward", Level::DEBUG).unwrap();
        debug("both");
        guard.levels().set("ward", LevelFilter::OFF).unwrap();
        debug("neighbour only");
    });
    assert_eq!(seen.load(Ordering::Relaxed), 3);
    assert_eq!(guard.accounts()[0].passed(), 1);
}

#[test]
fn spans_raise_levels_before_and_after_a_change() {
    let logger = Logger::with(|builder| builder.filter("info,[deep]=trace"));
    logger.log(|| {
        tracing::info_span!("deep").in_scope(|| debug("one"));
        logger.guard.levels().set("other", Level::WARN).unwrap();
        debug("no");
        tracing::info_span!("deep").in_scope(|| debug("two"));
        let open = tracing::info_span!("deep").entered();
        logger.guard.levels().revert_all();
        drop(open);
        debug("no");
    });
    assert_eq!(logger.guard.accounts()[0].passed(), 2);
}

#[test]
fn changes_from_many_threads_end_in_the_last_state() {
    let logger = Logger::with(|builder| builder.filter("info"));
    let (done, ended) = mpsc::channel();
    for number in 0..4 {
        let (levels, done) = (logger.guard.levels(), done.clone());
        let dispatch = logger.dispatch.clone();
        std::thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || {
                for round in 0..50 {
                    let level = if round % 2 == 0 { Level::DEBUG } else { Level::WARN };
                    levels.set_for(&format!("t{number}"), level, Duration::from_millis(1)).unwrap();
                    debug("no");
                }
                levels.revert(&format!("t{number}"));
            });
            done.send(()).unwrap();
        });
    }
    for _ in 0..4 {
        ended.recv_timeout(LIMIT).expect("no deadlock");
    }
    assert_eq!(logger.guard.levels().directives(), "info");
    assert_eq!(logger.guard.accounts()[0].passed(), 0);
}
