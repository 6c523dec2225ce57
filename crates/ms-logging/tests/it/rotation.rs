//! Rotation, beside Python's own handler.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ms_logging::Logging;
#[cfg(feature = "gzip")]
use ms_logging::WhenFull;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tracing::info;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::logger::{LIMIT, Logger, all_lines, files};
use crate::python::Python;

fn contents(directory: &Path) -> BTreeMap<String, String> {
    fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

fn write_ours(path: &Path, max_bytes: u64, backups: u32, records: &[String], flush_each: bool) {
    let (layer, guard) = Logging::builder()
        .file(path)
        .console(false)
        .rust_log(false)
        .redact(false)
        .max_bytes(max_bytes)
        .backups(backups)
        .layer()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        for record in records {
            info!("{record}");
            if flush_each {
                assert!(guard.flush(LIMIT));
            }
        }
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
}

/// Time stands still, so that both write the same bytes.
fn without_time(line: &str) -> String {
    format!("{}{}", "0".repeat(23), line.get(23..).unwrap_or_default())
}

#[test]
fn file_sets_equal_those_of_python() {
    let records = prop::collection::vec("[ -~]{0,120}", 1..60);
    let input = (records, 100_u64..2000, 1_u32..5, any::<bool>(), any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    runner
        .run(&input, |(mut records, max_bytes, backups, flush_each, restart)| {
            // Stated difference: a first record that is too long leaves an empty backup in Python.
            records[0].truncate(20);
            let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let (path, reference) = (ours.path().join("app.log"), theirs.path().join("app.log"));
            let half = if restart { records.len() / 2 } else { records.len() };
            for part in [&records[..half], &records[half..]] {
                write_ours(&path, max_bytes, backups, part, flush_each);
                let lines: Vec<String> = part
                    .iter()
                    .map(|record| without_time(&format!("{:23} - medschedule - INFO - {record}", "")))
                    .collect();
                Python::rotate(&reference, max_bytes, backups, &lines);
            }
            let ours: BTreeMap<String, String> = contents(ours.path())
                .into_iter()
                .map(|(name, text)| (name, text.lines().map(|line| without_time(line) + "\n").collect()))
                .collect();
            prop_assert_eq!(ours, contents(theirs.path()));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Backups with gaps between them, more than are kept, and a file that is exactly full.
#[test]
fn files_that_are_there_already_are_treated_as_python_does() {
    let record = "x".repeat(20);
    let line = format!("{:0>23} - medschedule - INFO - {record}", "").len() as u64 + 1;
    for backups in 1..=3 {
        for (max_bytes, before) in [
            (2 * line, 0),
            (2 * line, line),
            (2 * line + 1, line),
            (2 * line - 1, 2 * line),
            (line, line - 1),
        ] {
            let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            for directory in [ours.path(), theirs.path()] {
                for number in [1, 3, 4] {
                    fs::write(directory.join(format!("app.log.{number}")), format!("old {number}\n"))
                        .unwrap();
                }
                if before > 0 {
                    let text = format!("{}\n", "o".repeat(before as usize - 1));
                    fs::write(directory.join("app.log"), text).unwrap();
                }
            }
            let records = vec![record.clone(); 5];
            write_ours(&ours.path().join("app.log"), max_bytes, backups, &records, false);
            let lines = vec![without_time(&format!("{:23} - medschedule - INFO - {record}", "")); 5];
            Python::rotate(&theirs.path().join("app.log"), max_bytes, backups, &lines);
            let timeless = |line: &str| {
                let line = if line.contains("INFO") { without_time(line) } else { line.to_owned() };
                line + "\n"
            };
            let ours: BTreeMap<String, String> = contents(ours.path())
                .into_iter()
                .map(|(name, text)| (name, text.lines().map(timeless).collect()))
                .collect();
            assert_eq!(ours, contents(theirs.path()), "{backups} backups of {max_bytes} after {before}");
        }
    }
}

#[test]
fn sizes_count_bytes_and_an_empty_file_is_not_rotated() {
    let logger = Logger::with(|builder| builder.max_bytes(60).backups(2));
    logger.log(|| {
        info!("{}", "ç".repeat(100));
        info!("short");
    });
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    let files: Vec<_> = files(&logger.path("app.log"));
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(fs::read_to_string(&files[0]).unwrap().ends_with("ç\n"));
    assert!(fs::read_to_string(&files[1]).unwrap().ends_with("short\n"));
}

#[test]
fn a_rotation_that_fails_loses_nothing() {
    let logger = Logger::with(|builder| builder.max_bytes(1000).backups(1));
    // A directory that is not empty cannot be renamed over.
    fs::create_dir_all(logger.path("app.log.1/in-the-way")).unwrap();
    logger.log(|| (0..100).for_each(|id| info!(id, "line")));
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    assert_eq!(crate::logger::lines(&logger.path("app.log")).len(), 100);
    let account = logger.guard.accounts()[0];
    assert_eq!((account.written(), account.dropped_total()), (100, 0));
}

#[test]
fn lines_are_kept_over_restarts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    for part in 0..5 {
        let records: Vec<String> = (0..20).map(|line| format!("{part} {line}")).collect();
        write_ours(&path, 700, 50, &records, false);
    }
    let seen: Vec<String> =
        all_lines(&path).iter().map(|line| line.rsplit(" - ").next().unwrap().to_owned()).collect();
    let expected: Vec<String> =
        (0..5).flat_map(|part| (0..20).map(move |line| format!("{part} {line}"))).collect();
    assert_eq!(seen, expected);
}

#[cfg(feature = "gzip")]
#[test]
fn a_shutdown_waits_for_the_compression_under_way() {
    const BYTES: u64 = 8 << 20;
    let logger = Logger::with(|builder| {
        let builder = builder.redact(false).when_full(WhenFull::Block(LIMIT));
        builder.max_bytes(BYTES).backups(1).gzip(true)
    });
    let text = "text ".repeat(10_000);
    // The last of them rotates the file, whose compression takes longer than a line.
    logger.log(|| (0..=BYTES / text.len() as u64).for_each(|id| info!(id, "{text}")));
    assert_eq!(logger.guard.shutdown(LIMIT).abandoned, 0);
    assert!(logger.path("app.log.1.gz").exists());
    assert!(!logger.path("app.log.1").exists() && !logger.path("app.log.1.gz.part").exists());
}
