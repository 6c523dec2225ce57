//! Shares of events, by target, level and trace.

use ms_logging::{BuildError, Logging, Reason, StructuredLogger, log_event};
use tracing::Level;

use crate::logger::Logger;

fn assert_exact(logger: &Logger, sampled: u64) {
    for account in logger.guard.accounts() {
        assert_eq!(account.passed(), account.written() + account.dropped_total() + account.queued());
        assert_eq!(account.dropped(Reason::Sampled), sampled);
        assert_eq!(account.dropped_total(), sampled);
    }
}

#[test]
fn a_share_of_a_target_is_written_and_the_rest_is_in_the_account() {
    let logger = Logger::with(|builder| builder.sample("db", Level::DEBUG, 0.25));
    logger.log(|| {
        for id in 0..1_000 {
            tracing::debug!(target: "db::pool", id, "sampled");
            tracing::info!(target: "db", id, "too severe");
            tracing::debug!(target: "dbx", id, "another target");
        }
    });
    let (text, json) = {
        assert!(logger.guard.flush(crate::logger::LIMIT));
        let kept = |lines: &[String]| lines.iter().filter(|line| line.contains("sampled")).count() as u64;
        let lines = crate::logger::lines(&logger.path("app.log"));
        let kept = kept(&lines);
        assert!((245..=255).contains(&kept), "{kept}");
        assert_exact(&logger, 1_000 - kept);
        logger.finish()
    };
    assert_eq!(text.len(), json.len());
    assert_eq!(text.iter().filter(|line| !line.contains("sampled")).count(), 2_000);
}

/// Whatever leaves lines out, and however many log.
#[test]
fn samples_and_limits_of_many_threads_add_up_to_the_lines_on_disk() {
    let logger = Logger::with(|builder| builder.sample("noisy", Level::INFO, 0.3).rate_limit(200));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                logger.log(|| {
                    for id in 0..2_000 {
                        tracing::info!(target: "noisy", id, "sampled and then limited");
                        tracing::warn!(target: "noisy", id, "limited alone");
                        tracing::debug!(target: "noisy", id, "sampled and then limited");
                    }
                });
            });
        }
    });
    assert!(logger.guard.flush(crate::logger::LIMIT));
    let accounts = logger.guard.accounts();
    let (text, json) = logger.finish();
    for (account, lines) in accounts.iter().zip([text, json]) {
        // To the last one: of 16,000 a share of 0.3 leaves 11,200 out, give or take the few of such a sequence.
        assert!((11_190..=11_210).contains(&account.dropped(Reason::Sampled)), "{account:?}");
        assert!(account.dropped(Reason::RateLimited) > 1_000, "{account:?}");
        let told = lines.iter().filter(|line| line.contains("suppressed")).count() as u64;
        assert_eq!(account.passed(), 4 * 6_000 + told);
        assert_eq!(account.passed(), lines.len() as u64 + account.dropped_total());
    }
}

#[test]
fn errors_and_events_with_a_type_are_always_written() {
    let logger = Logger::with(|builder| builder.sample("", Level::WARN, 0.0));
    logger.log(|| {
        for _ in 0..10 {
            tracing::error!("always");
            log_event!("always");
            StructuredLogger.log_event("always", 1);
            tracing::warn!("never");
            tracing::trace!("never");
        }
    });
    assert_exact(&logger, 20);
    let (text, json) = logger.finish();
    assert_eq!((text.len(), json.len()), (30, 30));
    assert!(text.iter().chain(&json).all(|line| line.contains("always")));
}

#[test]
fn a_share_that_cannot_be_is_refused() {
    for (level, ratio) in
        [(Level::ERROR, 0.5), (Level::INFO, 1.1), (Level::INFO, -0.1), (Level::INFO, f64::NAN)]
    {
        let directory = tempfile::tempdir().unwrap();
        let builder = Logging::builder().file(directory.path().join("app.log")).rust_log(false);
        let refused =
            builder.sample("db", level, ratio).layer::<tracing_subscriber::Registry>().err().unwrap();
        assert!(matches!(refused, BuildError::Sample { .. }), "{refused}");
        assert!(refused.to_string().contains(&level.to_string()), "{refused}");
        assert!(!directory.path().join("app.log").exists());
    }
}

#[cfg(feature = "http")]
mod traces {
    use std::collections::BTreeSet;
    use std::convert::Infallible;

    use http::{Request, Response};
    use tower::{Layer as _, ServiceExt as _, service_fn};
    use tracing::instrument::WithSubscriber as _;

    use super::*;

    /// The traces of which anything was written: two services, one behind the other, with ten lines of each request.
    async fn traces(ratio: f64) -> [BTreeSet<String>; 2] {
        let mut written = [BTreeSet::new(), BTreeSet::new()];
        for written in &mut written {
            let logger = Logger::with(|builder| builder.sample("", Level::INFO, ratio));
            let handler = service_fn(|_: Request<()>| async {
                for _ in 0..10 {
                    tracing::info!(target: "handler", "of a trace");
                    tokio::task::yield_now().await;
                }
                Ok::<_, Infallible>(Response::new(String::new()))
            });
            let service = logger.guard.http_layer().exclude(["/"]).layer(handler);
            for number in 1..=200_u64 {
                // Ids as good as random.
                let id = number.wrapping_mul(0x2545_f491_4f6c_dd1d);
                let parent = format!("00-{number:016x}{id:016x}-00f067aa0ba902b7-01");
                let request = Request::get("/").header("traceparent", parent).body(()).unwrap();
                let answer = service.clone().oneshot(request).with_subscriber(logger.dispatch.clone());
                drop(answer.await.unwrap());
            }
            let (_, json) = logger.finish();
            let trace = |line: &String| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["data"]["trace_id"].as_str().unwrap().to_owned()
            };
            let lines: Vec<String> = json.iter().map(trace).collect();
            written.extend(lines.iter().cloned());
            assert_eq!(lines.len(), written.len() * 10, "each of them whole");
        }
        written
    }

    #[tokio::test]
    async fn a_trace_is_whole_or_not_there_in_every_service() {
        let [first, second] = traces(0.3).await;
        assert_eq!(first, second);
        assert!((40..=80).contains(&first.len()), "{}", first.len());
        let [smaller, _] = traces(0.1).await;
        assert!(!smaller.is_empty() && smaller.is_subset(&first));
    }
}
