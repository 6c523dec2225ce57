//! Logging for a whole process: one test, since a process has one global subscriber.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::fmt;
use std::time::Duration;

use ms_logging::{InstallError, Logging, Reason, log_event};
use serde_json::Value;

struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tracing::info!("from within");
        f.write_str("chatty")
    }
}

#[test]
fn a_process_has_one_logger_for_tracing_and_log() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.jsonl");
    let builder = || Logging::builder().no_file().json_file(&path).console(false).rust_log(false);

    // A failed installation leaves the place free.
    assert!(matches!(builder().backups(0).install(), Err(InstallError::Build(_))));
    let sampled = builder().sample("noisy", tracing::Level::INFO, 0.0);
    let guard = sampled.log_panics(true).install().unwrap();
    assert!(matches!(builder().install(), Err(InstallError::AlreadyInstalled)));

    log::warn!(target: "other_crate", "password=hunter2");
    log::debug!("below the level");
    log::info!(target: "noisy::part", "one call site, but a share for each target");
    log_event!("shift_planned", hours = 8);
    // What is logged while a value is formatted is a line of its own.
    tracing::info!("{Chatty}");
    let panicking = std::thread::Builder::new().name("worker".to_owned()).spawn(|| panic!("token=hunter2"));
    assert!(panicking.unwrap().join().is_err());
    // The records of `log` follow a change of the level, both ways.
    guard.levels().set("other_crate", tracing::Level::TRACE).unwrap();
    log::trace!(target: "other_crate", "raised");
    assert!(guard.levels().revert("other_crate"));
    assert_eq!(log::max_level(), log::LevelFilter::Info);
    assert!(guard.flush(Duration::from_secs(60)));

    let lines: Vec<Value> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert_eq!(lines[0]["data"]["target"], "other_crate");
    assert_eq!(lines[0]["data"]["message"], "password=[redacted]");
    assert_eq!(lines[0]["data"]["fields"], Value::Null, "no log.target and the like");
    assert_eq!(lines[1]["event_type"], "shift_planned");
    assert_eq!(lines[2]["data"]["message"], "from within");
    assert_eq!(lines[3]["data"]["message"], "chatty");
    let panicked = &lines[4]["data"];
    assert_eq!(
        (&panicked["level"], &panicked["message"]),
        (&"ERROR".into(), &"panic: token=[redacted]".into())
    );
    assert_eq!(panicked["fields"]["thread"], "worker");
    assert_eq!(lines[5]["data"]["message"], "raised");

    assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
    tracing::info!("late");
    let account = guard.accounts()[0];
    assert_eq!((account.passed(), account.written(), account.dropped(Reason::AfterShutdown)), (8, 6, 1));
    assert_eq!(account.dropped(Reason::Sampled), 1);
    assert_eq!(guard.shutdown(Duration::ZERO).abandoned, 0);
}
