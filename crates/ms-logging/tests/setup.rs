//! Logging with every default; a process of its own, since it writes to the current directory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::process::Command;
use std::time::Duration;

use ms_logging::{InstallError, log_event, setup_logging};
use serde_json::Value;

const CHILD: &str = "MS_LOGGING_TEST_SETUP";

#[test]
fn the_defaults_are_those_of_the_python_service() {
    if std::env::var_os(CHILD).is_some() {
        return log();
    }
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_defaults_are_those_of_the_python_service", "--nocapture"])
        .current_dir(directory.path())
        .env(CHILD, "1")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(directory.path().join("logs/medschedule.log")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].ends_with(" - medschedule - WARNING - disk is filling"), "{text}");
    let (head, event) = lines[1].split_once(" - medschedule - INFO - ").unwrap();
    assert_eq!(head.len(), "2026-03-02 08:00:00,123".len(), "{text}");
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!((&event["event_type"], &event["data"]["hours"]), (&"shift_planned".into(), &8.into()));

    // stdout is a pipe here, so it gets the same events as JSON.
    let stdout = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = stdout
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), 2, "{stdout}");
    assert_eq!(events[0]["data"]["message"], "disk is filling");
    assert_eq!(events[1]["data"], serde_json::json!({"hours": 8}));
}

fn log() {
    let guard = setup_logging().unwrap();
    assert!(matches!(setup_logging(), Err(InstallError::AlreadyInstalled)));
    tracing::warn!("disk is filling");
    tracing::debug!("below the level");
    // libtest writes the name of the test without an end of line.
    log_event!("shift_planned", hours = 8);
    assert_eq!(guard.shutdown(Duration::from_secs(60)).abandoned, 0);
}
