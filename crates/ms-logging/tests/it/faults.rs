//! What the disk does to a log: whatever it is, the account is exact.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use ms_logging::{Fallback, Logging, Reason, SinkAccount};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, Logger, lines};

fn settled(logger: &Logger) -> SinkAccount {
    assert!(logger.guard.flush(LIMIT));
    let account = logger.guard.accounts()[0];
    assert_eq!(account.passed(), account.written() + account.dropped_total() + account.queued());
    account
}

#[test]
fn a_full_disk_counts_every_lost_line() {
    let (layer, guard) = Logging::builder().file("/dev/full").console(false).rust_log(false).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for id in 0..1000 {
            info!(id, "lost");
            if id % 100 == 0 {
                assert!(guard.flush(LIMIT));
            }
        }
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let account = guard.accounts()[0];
    assert_eq!((account.passed(), account.written(), account.dropped(Reason::IoError)), (1000, 0, 1000));
}

/// A limit on file sizes gives partial writes and then an error, as a full disk does; lifting it frees the disk. The
/// limit holds for a whole process, so the test runs itself in another.
#[test]
fn a_line_cut_by_a_full_disk_is_taken_back_and_logging_goes_on() {
    const CHILD: &str = "MS_LOGGING_TEST_LIMITED";
    if std::env::var_os(CHILD).is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "faults::a_line_cut_by_a_full_disk_is_taken_back_and_logging_goes_on",
                "--nocapture",
            ])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(
            stderr.matches("ms-logging: cannot write").count(),
            1,
            "one line in ten seconds: {stderr}"
        );
        return;
    }
    let logger = Logger::start();
    set_file_size_limit(10_000);
    logger.log(|| (0..1000).for_each(|id| info!(id, "a line of some length")));
    let full = settled(&logger);
    assert!(full.written() > 0 && full.dropped(Reason::IoError) > 0, "{full:?}");
    // Whole lines only, although the limit fell into one.
    assert_eq!(lines(&logger.path("app.log")).len() as u64, full.written());
    logger.log(|| info!("still full, if it is long enough: {}", "x".repeat(500)));
    let still = settled(&logger);
    assert_eq!(still.dropped(Reason::IoError), full.dropped(Reason::IoError) + 1);
    set_file_size_limit(libc::RLIM_INFINITY);
    logger.log(|| (0..10).for_each(|id| info!(id, "there is room again")));
    let account = settled(&logger);
    assert_eq!(account.written(), full.written() + 10);
    assert_eq!(account.passed(), 1011);
    let (text, json) = logger.finish();
    let (told, text) = apart(text, " - WARNING - lines lost: ");
    assert_eq!(text.len() as u64, account.written());
    assert_eq!(lost(&told, "io_error="), account.dropped(Reason::IoError));
    assert!(text.last().unwrap().contains("there is room again id=9"), "{:?}", text.last());
    json.iter().for_each(|line| drop(serde_json::from_str::<serde_json::Value>(line).unwrap()));
    let (told, _) = apart(json, r#""event_type":"lines_lost""#);
    assert!(lost(&told, r#""io_error":"#) > 0);
}

/// The lines that hold `mark`, and the others.
fn apart(lines: Vec<String>, mark: &str) -> (Vec<String>, Vec<String>) {
    lines.into_iter().partition(|line| line.contains(mark))
}

/// The sum of the numbers behind `reason`.
fn lost(told: &[String], reason: &str) -> u64 {
    let numbers = told.iter().flat_map(|line| line.split(reason).nth(1));
    numbers
        .map(|text| {
            text.split(|letter: char| !letter.is_ascii_digit()).next().unwrap().parse::<u64>().unwrap()
        })
        .sum()
}

#[allow(unsafe_code, reason = "there is no safe way to set limits of a process")]
fn set_file_size_limit(bytes: libc::rlim_t) {
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: plain system calls with valid arguments; SIGXFSZ would end the process before the write fails.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

#[test]
fn a_deleted_directory_is_made_again() {
    let logger = Logger::with(|builder| builder);
    let deep = logger.path("deep/er/app.log");
    let (layer, guard) = Logging::builder().file(&deep).console(false).rust_log(false).layer().unwrap();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        info!("before");
        assert!(guard.flush(LIMIT));
        fs::remove_dir_all(logger.path("deep")).unwrap();
        (0..100).for_each(|id| info!(id, "after"));
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    assert_eq!(lines(&deep).len(), 100);
    assert_eq!(guard.accounts()[0].dropped_total(), 0);
}

#[test]
fn a_file_that_is_moved_deleted_or_replaced_is_followed() {
    let logger = Logger::start();
    let path = logger.path("app.log");
    let log = |text: &str| {
        logger.log(|| info!("{text}"));
        assert!(logger.guard.flush(LIMIT));
    };
    log("one");
    fs::rename(&path, logger.path("moved.log")).unwrap();
    log("two");
    assert_eq!((lines(&logger.path("moved.log")).len(), lines(&path).len()), (1, 1));
    fs::remove_file(&path).unwrap();
    log("three");
    assert_eq!(lines(&path).len(), 1);
    // A link is not followed: whoever made it could let us write to any file.
    fs::remove_file(&path).unwrap();
    symlink(logger.path("target.log"), &path).unwrap();
    log("four");
    assert!(!logger.path("target.log").exists());
    assert_eq!(lines(&path).len(), 1);
    // `truncate` of logrotate's copytruncate.
    fs::write(&path, "").unwrap();
    log("five");
    assert_eq!(lines(&path).len(), 1);
    assert_eq!(logger.guard.accounts()[0].written(), 5);
}

#[test]
fn a_link_that_was_there_at_the_start_is_the_operators() {
    let logger = Logger::start();
    let (path, target) = (logger.path("linked.log"), logger.path("target.log"));
    symlink(&target, &path).unwrap();
    let (layer, guard) = Logging::builder().file(&path).console(false).rust_log(false).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || info!("there"));
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    assert_eq!(lines(&target).len(), 1);
    assert!(fs::symlink_metadata(&path).unwrap().is_symlink());
}

#[test]
fn a_directory_that_cannot_be_made_again_counts_its_lines() {
    let logger = Logger::start();
    let deep = logger.path("deep/app.log");
    let (layer, guard) = Logging::builder().file(&deep).console(false).rust_log(false).layer().unwrap();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        fs::remove_dir_all(logger.path("deep")).unwrap();
        fs::write(logger.path("deep"), "a file in its place").unwrap();
        (0..10).for_each(|id| info!(id, "lost"));
        assert!(guard.flush(LIMIT));
        fs::remove_file(logger.path("deep")).unwrap();
        info!("kept");
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let account = guard.accounts()[0];
    assert_eq!((account.passed(), account.written(), account.dropped(Reason::IoError)), (11, 1, 10));
    let (told, text) = apart(lines(&deep), " - WARNING - lines lost: 10 io_error=10 from=");
    assert_eq!((told.len(), text.len()), (1, 1));
}

#[test]
fn a_line_torn_by_an_earlier_process_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    fs::write(&path, "whole\ntor").unwrap();
    let (layer, guard) = Logging::builder().file(&path).console(false).rust_log(false).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || info!("next"));
    drop(guard);
    let lines = lines(&path);
    assert_eq!((lines.len(), lines[1].as_str()), (3, "tor"));
    assert!(lines[2].ends_with("next"));
}

#[test]
fn lines_that_a_file_does_not_take_are_in_the_fallback() {
    let logger = Logger::start();
    let spare = logger.path("spare");
    let (layer, guard) = Logging::builder()
        .file("/dev/full")
        .console(false)
        .rust_log(false)
        .fallback(Fallback::Directory(spare.clone()))
        .durable(true)
        .layer()
        .unwrap();
    assert!(!spare.exists(), "it is made when it is needed");
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        (0..100).for_each(|id| info!(id, "kept"));
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let account = guard.accounts()[0];
    assert_eq!((account.passed(), account.diverted(), account.dropped_total()), (100, 100, 0));
    assert_eq!(lines(&spare.join("full")).len(), 100);
}
