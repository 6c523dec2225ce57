//! File systems that are full or read-only for a while. They are mounted in a namespace of the test's own, which needs no
//! rights where users may have namespaces, and none but root's elsewhere.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use ms_logging::{Logging, LoggingGuard, Reason, SinkAccount};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, all_lines};

const CHILD: &str = "MS_LOGGING_TEST_MOUNTED";

/// Runs the test `name` again where it may mount.
fn in_namespace(name: &str, directory: &Path) {
    let output: Output = Command::new("unshare")
        .args(["--map-root-user", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, directory)
        .output()
        .expect("unshare is needed: apt-get install util-linux");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(stderr.matches("ms-logging: ").count(), 1, "one line in ten seconds: {stderr}");
}

fn mount(arguments: &[&str], directory: &Path) {
    let status = Command::new("mount").args(arguments).arg(directory).status().unwrap();
    assert!(status.success(), "mount {arguments:?}");
}

fn account(guard: &LoggingGuard) -> SinkAccount {
    assert!(guard.flush(LIMIT));
    let account = guard.accounts()[0];
    assert_eq!(account.passed(), account.written() + account.dropped_total());
    account
}

/// What is on disk agrees with the account, line by line.
fn check(path: &Path, account: &SinkAccount) {
    let lines = all_lines(path);
    let (told, events): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.contains(" - lines lost: "));
    assert_eq!(events.len() as u64, account.written());
    assert!(!told.is_empty(), "the log tells of its loss");
    let ids = events.iter().map(|line| line.rsplit_once(" id=").unwrap().1.parse::<u64>().unwrap());
    assert!(ids.is_sorted_by(|one, next| one < next), "none torn, none twice");
}

/// Logs until a line is written, and tells how long that took.
fn until_it_writes(guard: &LoggingGuard, ids: &mut std::ops::RangeFrom<u64>) -> Duration {
    let (since, before) = (Instant::now(), account(guard).written());
    while account(guard).written() == before {
        assert!(since.elapsed() < LIMIT);
        info!(id = ids.next(), "again");
    }
    since.elapsed()
}

#[test]
fn a_full_file_system_costs_what_is_counted_until_it_has_room() {
    let name = "mounts::a_full_file_system_costs_what_is_counted_until_it_has_room";
    let directory = tempfile::tempdir().unwrap();
    let Some(mounted) = std::env::var_os(CHILD) else { return in_namespace(name, directory.path()) };
    let mounted = Path::new(&mounted);
    mount(&["-t", "tmpfs", "-o", "size=4m", "tmpfs"], mounted);
    let (path, ballast) = (mounted.join("app.log"), mounted.join("ballast"));
    fs::write(&ballast, vec![0; 2 << 20]).unwrap();
    let builder = Logging::builder().file(&path).console(false).rust_log(false).max_bytes(500_000);
    let (layer, guard) = builder.layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let mut ids = 0_u64..;
        let text = "x".repeat(900);
        while account(&guard).dropped(Reason::IoError) < 100 {
            ids.by_ref().take(50).for_each(|id| info!(text, id));
        }
        fs::remove_file(&ballast).unwrap();
        let took = until_it_writes(&guard, &mut ids);
        assert!(took < Duration::from_secs(1), "{took:?}");
        ids.take(100).for_each(|id| info!(text, id));
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    check(&path, &account(&guard));
}

#[test]
fn a_file_system_made_read_only_costs_what_is_counted_until_it_is_writable() {
    let name = "mounts::a_file_system_made_read_only_costs_what_is_counted_until_it_is_writable";
    let directory = tempfile::tempdir().unwrap();
    let Some(mounted) = std::env::var_os(CHILD) else { return in_namespace(name, directory.path()) };
    let mounted = Path::new(&mounted);
    let path = mounted.join("app.log");
    let (layer, guard) =
        Logging::builder().file(&path).console(false).rust_log(false).max_bytes(10_000).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let mut ids = 0_u64..;
        ids.by_ref().take(10).for_each(|id| info!(id, "before"));
        assert_eq!(account(&guard).written(), 10);
        // A file open for writing keeps its mount from being made read-only, and goes on taking lines under another one:
        // the file is deleted, and the directory covered by a mount that is read-only.
        fs::remove_file(&path).unwrap();
        mount(&["-t", "tmpfs", "-o", "ro", "tmpfs"], mounted);
        for id in ids.by_ref().take(100) {
            info!(id, "lost");
            assert!(guard.flush(LIMIT));
        }
        assert_eq!(account(&guard).dropped(Reason::IoError), 100);
        assert!(Command::new("umount").arg(mounted).status().unwrap().success());
        let took = until_it_writes(&guard, &mut ids);
        assert!(took < Duration::from_secs(1), "{took:?}");
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let account = account(&guard);
    // The ten before went with their file.
    let written = all_lines(&path).iter().filter(|line| !line.contains(" - lines lost: ")).count();
    assert_eq!(written as u64 + 10, account.written());
}

#[test]
fn a_read_only_file_system_at_the_start_is_an_error_that_names_the_path() {
    let name = "mounts::a_read_only_file_system_at_the_start_is_an_error_that_names_the_path";
    let directory = tempfile::tempdir().unwrap();
    let Some(mounted) = std::env::var_os(CHILD) else {
        let output = Command::new("unshare")
            .args(["--map-root-user", "--mount"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, directory.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    };
    let mounted = Path::new(&mounted);
    mount(&["-t", "tmpfs", "-o", "ro", "tmpfs"], mounted);
    let builder = Logging::builder().file(mounted.join("app.log")).console(false).rust_log(false);
    let error = builder.layer::<tracing_subscriber::Registry>().map(drop).unwrap_err();
    assert!(error.to_string().contains("app.log"), "{error}");
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("Read-only file system"), "{source}");
}
