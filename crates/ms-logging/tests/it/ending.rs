//! Ways in which a process ends, each with every line that was logged before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ms_logging::Logging;
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::lines;

const CHILD: &str = "MS_LOGGING_TEST_ENDING";
const LINES: usize = 20_000;

/// Runs the test `name` again as a process of its own.
fn child(name: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Logs, and gives what keeps the log open.
fn flood(path: &Path) -> ms_logging::LoggingGuard {
    let (layer, guard) = Logging::builder().file(path).console(false).rust_log(false).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..LINES).for_each(|id| info!(id, "line"));
    });
    guard
}

#[test]
fn an_exit_through_the_guard_loses_nothing() {
    if let Some(path) = std::env::var_os(CHILD) {
        flood(path.as_ref()).exit(7, Duration::from_secs(60));
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    let status = child("ending::an_exit_through_the_guard_loses_nothing", &path).wait().unwrap();
    assert_eq!((status.code(), lines(&path).len()), (Some(7), LINES));
}

#[cfg(feature = "signals")]
#[test]
fn a_signal_ends_the_process_when_the_last_line_is_written() {
    if let Some(path) = std::env::var_os(CHILD) {
        let guard = flood(path.as_ref());
        guard.exit_on_signals(Duration::from_secs(60)).unwrap();
        writeln!(std::io::stdout(), "ready").unwrap();
        loop {
            std::thread::park();
        }
    }
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        let mut child = child("ending::a_signal_ends_the_process_when_the_last_line_is_written", &path);
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(told.any(|line| line.unwrap().ends_with("ready")));
        let number = child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &number]).status().unwrap().success());
        assert_eq!((child.wait().unwrap().signal(), lines(&path).len()), (Some(signal), LINES));
    }
}
