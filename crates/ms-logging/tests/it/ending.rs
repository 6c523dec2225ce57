//! Ways in which a process ends, each with every line that was logged before.

#[cfg(feature = "signals")]
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
/// How often each way is tried; the figures of the guide are of 100.
const ROUNDS: &str = "MS_LOGGING_TEST_ROUNDS";

fn rounds() -> usize {
    std::env::var(ROUNDS).map_or(1, |rounds| rounds.parse().unwrap())
}

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
    let signals = [libc::SIGTERM, libc::SIGINT, libc::SIGHUP];
    for signal in signals.into_iter().cycle().take(signals.len() * rounds()) {
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

/// Installs the logger with its panic hook, logs, and panics as `how` says.
fn panicking(path: &Path, how: &str) {
    struct Logs;
    impl Drop for Logs {
        fn drop(&mut self) {
            info!("dropped while unwinding");
        }
    }
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    let builder = Logging::builder().file(path).console(false).rust_log(false).log_panics(true);
    let guard = builder.install().unwrap();
    (0..LINES).for_each(|id| info!(id, "line"));
    match how {
        "worker" => {
            let worker = std::thread::spawn(|| {
                let _logs = Logs;
                panic!("the first");
            });
            assert!(worker.join().is_err());
        }
        "twice" => {
            let _panics = Panics;
            panic!("the first");
        }
        "abort" => {
            assert!(guard.flush(Duration::from_secs(60)));
            std::process::abort();
        }
        _ => {
            let _logs = Logs;
            panic!("the first");
        }
    }
}

#[test]
fn a_panic_or_an_abort_loses_nothing_that_was_waited_for() {
    const HOW: &str = "MS_LOGGING_TEST_PANIC";
    let name = "ending::a_panic_or_an_abort_loses_nothing_that_was_waited_for";
    if let (Some(path), Ok(how)) = (std::env::var_os(CHILD), std::env::var(HOW)) {
        return panicking(path.as_ref(), &how);
    }
    // Lines of panics, and of what is dropped by them.
    let ways = [("main", 1, 1), ("worker", 1, 1), ("twice", 2, 0), ("abort", 0, 0)];
    for (how, panics, drops) in ways.into_iter().cycle().take(ways.len() * rounds()) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("app.log");
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, &path)
            .env(HOW, how)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.success(), how == "worker", "{how}");
        assert_eq!(status.signal() == Some(libc::SIGABRT), how == "twice" || how == "abort", "{how}");
        let lines = lines(&path);
        let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(
            (count(" - line id="), count(" - ERROR - panic: the "), count("while unwinding")),
            (LINES, panics, drops),
            "{how}"
        );
    }
}
