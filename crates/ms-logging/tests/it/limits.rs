//! The lines a second of a call site, and what is told of the others.

use std::time::Instant;

use ms_logging::{Reason, SinkAccount};
use serde_json::Value;

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
