//! Faults of the disk, put into single system calls by strace.

use std::path::Path;
use std::process::{Command, Output};

use ms_logging::{Logging, Reason};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, lines};

const CHILD: &str = "MS_LOGGING_TEST_INJECTED";
const LINES: u64 = 1_000;
/// A batch, and so a write, has so many lines.
const BATCH: u64 = 5;

/// Runs the test `name` again as a process of its own, with a fault in its writes to the log.
fn under_strace(name: &str, path: &Path, fault: &str) -> Output {
    std::fs::write(path, "").unwrap();
    let output = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-P"])
        .arg(path)
        .args(["-e", &format!("inject=write:{fault}")])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, path)
        .output()
        .expect("strace is needed: apt-get install strace");
    assert!(
        output.status.success(),
        "{fault}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Logs, checks the account against the disk, and gives the number of lines lost.
fn flood(path: &Path) -> u64 {
    let (layer, guard) =
        Logging::builder().file(path).console(false).rust_log(false).max_bytes(0).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for id in 0..LINES {
            info!(id, "line");
            if (id + 1) % BATCH == 0 {
                assert!(guard.flush(LIMIT));
            }
        }
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let account = guard.accounts()[0];
    let lost = account.dropped(Reason::IoError);
    assert_eq!((account.passed(), account.written() + lost), (LINES, LINES));
    let (told, events): (Vec<_>, Vec<_>) =
        lines(path).into_iter().partition(|line| line.contains(" - WARNING - lines lost: "));
    let ids: Vec<u64> =
        events.iter().map(|line| line.rsplit_once(" - line id=").unwrap().1.parse().unwrap()).collect();
    assert!(ids.is_sorted_by(|one, next| one < next), "none torn, none twice");
    assert_eq!(ids.len() as u64, account.written());
    assert_eq!(told.len() as u64, account.loss_lines());
    lost
}

#[test]
fn a_disk_that_is_full_for_ten_writes_costs_the_lines_of_these() {
    if let Some(path) = std::env::var_os(CHILD) {
        // One of the ten may be the line that tells of the loss.
        assert!([9 * BATCH, 10 * BATCH].contains(&flood(path.as_ref())));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "injected::a_disk_that_is_full_for_ten_writes_costs_the_lines_of_these";
    let output = under_strace(name, &directory.path().join("app.log"), "error=ENOSPC:when=50..59");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(stderr.matches("ms-logging: cannot write").count(), 1, "one line in ten seconds: {stderr}");
}

#[test]
fn one_failed_write_costs_its_own_lines_alone() {
    if let Some(path) = std::env::var_os(CHILD) {
        assert_eq!(flood(path.as_ref()), BATCH);
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "injected::one_failed_write_costs_its_own_lines_alone";
    under_strace(name, &directory.path().join("app.log"), "error=EIO:when=50");
}

#[test]
fn interrupted_and_slow_writes_cost_nothing() {
    if let Some(path) = std::env::var_os(CHILD) {
        assert_eq!(flood(path.as_ref()), 0);
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let name = "injected::interrupted_and_slow_writes_cost_nothing";
    for fault in ["error=EINTR:when=3+2", "delay_enter=5000"] {
        under_strace(name, &directory.path().join("app.log"), fault);
    }
}
