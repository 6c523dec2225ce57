//! The lines a second of a call site, and what is told of the others.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use ms_logging::{Logging, LoggingGuard, Reason, SinkAccount, StructuredLogger, WhenFull};
use serde_json::Value;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, Logger, lines};

fn flood(lines: u64) {
    (0..lines).for_each(|id| tracing::info!(target: "ward", id, "again"));
}

fn assert_exact(account: &SinkAccount) {
    assert_eq!(account.passed(), account.written() + account.dropped_total() + account.queued());
}

#[test]
fn a_call_site_has_its_limit_and_flush_tells_of_the_others() {
    let logger = Logger::with(|builder| builder.rate_limit(3));
    let (mut written, mut told) = (0, 0);
    for round in 0..3 {
        logger.log(|| {
            flood(1_000);
            if round == 0 {
                tracing::info!("from elsewhere");
            }
        });
        assert!(logger.guard.flush(LIMIT));
        let events: Vec<Value> =
            lines(&logger.path("app.jsonl")).iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let suppressed = events.iter().filter(|event| event["event_type"] == "lines_suppressed");
        told = suppressed.map(|event| event["data"]["lines"].as_u64().unwrap()).sum();
        written = events.iter().filter(|event| event["data"]["message"] == "again").count() as u64;
        assert_eq!(told + written, 1_000 * (round + 1), "nothing waits after a flush");
    }
    for account in logger.guard.accounts() {
        assert_exact(&account);
        assert_eq!(account.dropped(Reason::RateLimited), told);
        assert_eq!(account.queued(), 0);
    }
    assert!((3..=60).contains(&written), "{written}");
    let (text, json) = logger.finish();
    assert!(text.iter().any(|line| line.ends_with("from elsewhere")));
    assert_eq!(text.len(), json.len());
    let line = text.iter().find(|line| line.contains("lines suppressed: ")).unwrap();
    assert!(
        line.contains(" - WARNING - lines suppressed: ") && line.contains(" level=INFO target=ward at="),
        "{line}"
    );
    assert!(line.contains("limits.rs:"), "{line}");
}

#[test]
fn a_call_site_that_has_gone_quiet_is_told_of_without_another_line() {
    let logger = Logger::with(|builder| builder.rate_limit(1));
    logger.log(|| flood(10));
    let end = Instant::now() + LIMIT;
    while !lines_whole(&logger).contains("lines suppressed: ") {
        assert!(Instant::now() < end, "told");
        std::thread::yield_now();
    }
    let (text, _) = logger.finish();
    assert_eq!(text.iter().filter(|line| line.contains("lines suppressed: ")).count(), 1);
}

fn lines_whole(logger: &Logger) -> String {
    std::fs::read_to_string(logger.path("app.log")).unwrap()
}

#[test]
fn shutdown_tells_of_what_is_left_and_counts_what_comes_later() {
    let logger = Logger::with(|builder| builder.rate_limit(2));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| logger.log(|| flood(500)));
        }
    });
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    logger.log(|| flood(5));
    for account in logger.guard.accounts() {
        assert_exact(&account);
        let (limited, late) = (account.dropped(Reason::RateLimited), account.dropped(Reason::AfterShutdown));
        assert!(late >= 1 && limited + late > 1_900, "{account:?}");
    }
    let told: u64 = lines(&logger.path("app.jsonl"))
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event_type"] == "lines_suppressed")
        .map(|event| event["data"]["lines"].as_u64().unwrap())
        .sum();
    assert_eq!(told, logger.guard.accounts()[0].dropped(Reason::RateLimited));
}

#[test]
fn without_a_limit_nothing_is_suppressed() {
    let logger = Logger::with(|builder| builder.rate_limit(5).rate_limit(0));
    logger.log(|| flood(2_000));
    assert_eq!(logger.finish().0.len(), 2_000);
}

const QUEUE: usize = 1 << 20;

fn blocking(path: &Path) -> (Dispatch, LoggingGuard) {
    let builder = Logging::builder().file(path).console(false).rust_log(false).redact(false).max_bytes(0);
    let builder = builder.rate_limit(1).queue_bytes(QUEUE).when_full(WhenFull::Block(Duration::MAX));
    let (layer, guard) = builder.layer().unwrap();
    (Dispatch::new(tracing_subscriber::registry().with(layer)), guard)
}

/// Ten call sites, each with one line and one that is suppressed; then lines that no limit is for.
fn log(dispatch: &Dispatch, unlimited: usize) {
    macro_rules! site {
        ($($number:literal)*) => {$(
            for _ in 0..2 {
                tracing::info!(target: "a_target_long_enough_for_a_line_that_does_not_fit_any_more", "{}", $number);
            }
        )*};
    }
    tracing::dispatcher::with_default(dispatch, || {
        site!(0 1 2 3 4 5 6 7 8 9);
        (0..unlimited).for_each(|_| StructuredLogger.log_event("fill", "up"));
    });
}

#[test]
fn a_full_queue_that_blocks_holds_up_no_flush_and_no_shutdown() {
    let directory = tempfile::tempdir().unwrap();
    let (file, pipe) = (directory.path().join("file"), directory.path().join("pipe"));
    let (dispatch, guard) = blocking(&file);
    log(&dispatch, 1);
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let lengths: Vec<_> = lines(&file).iter().map(|line| line.len() + 1).collect();
    let (limited, each) = (lengths[..10].iter().sum::<usize>(), lengths[10]);

    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut hung = std::fs::File::options();
    let mut hung = hung.read(true).write(true).custom_flags(libc::O_NONBLOCK).open(&pipe).unwrap();
    while hung.write(&[b'x'; 4096]).is_ok() {}
    let (dispatch, guard) = blocking(&pipe);
    // So full that one more line of this length fits, and no line that tells of suppressed ones.
    log(&dispatch, (QUEUE - limited) / each);
    let (done, waiting) = channel();
    std::thread::spawn(move || {
        let flushed = guard.flush(Duration::from_millis(50));
        let abandoned = guard.shutdown(Duration::from_millis(50)).abandoned;
        done.send((flushed, abandoned, guard)).unwrap();
    });
    let (flushed, abandoned, guard) = waiting.recv_timeout(LIMIT).expect("both end when their limit is over");
    assert!(!flushed && abandoned > 0);
    // No flush has thrown the lines away that tell; they wait for room until it is too late.
    let end = Instant::now() + LIMIT;
    while guard.accounts()[0].dropped(Reason::AfterShutdown) < 10 {
        assert!(Instant::now() < end, "{:?}", guard.accounts()[0]);
        std::thread::yield_now();
    }
    let account = guard.accounts()[0];
    assert_exact(&account);
    assert_eq!((account.dropped(Reason::RateLimited), account.dropped(Reason::QueueFull)), (10, 0));
}
