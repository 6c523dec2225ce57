//! Real rosters and latencies against the answers of pandas and numpy.
//!
//! CONFORMANCE_DATA names a directory with `rosters/*.expected.json` beside `.csv`, `.jsonl` or `.csv.gz`,
//! `rosters/bad/faults.json` and `latency/*.expected.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ms_analytics::hdr::{Histogram, LogAnalytics};
use ms_analytics::read::{self, Column, ReadError};
use ms_analytics::{PerformanceAnalytics, Shift, ShiftAnalytics};
use serde_json::{Value, json};

fn data(folder: &str) -> PathBuf {
    let root =
        std::env::var_os("CONFORMANCE_DATA").expect("CONFORMANCE_DATA names the directory of the test data");
    Path::new(&root).join(folder)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let directory = data(folder);
    let entries =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn open(path: &Path) -> Box<dyn Read> {
    let file = File::open(path).unwrap();
    match path.extension() {
        Some(extension) if extension == "gz" => Box::new(flate2::read::GzDecoder::new(file)),
        _ => Box::new(file),
    }
}

fn rows(path: &Path) -> Box<dyn Iterator<Item = Result<Shift, ReadError>>> {
    let name = path.to_str().unwrap().trim_end_matches(".gz");
    if name.ends_with(".jsonl") {
        Box::new(read::json_lines(open(path)))
    } else {
        Box::new(read::csv(open(path)))
    }
}

/// Compares as JSON; numbers to 1e-12 relative. Keys that we do not report yet may be absent.
fn same(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in ours {
                same(
                    value,
                    theirs.get(key).unwrap_or_else(|| panic!("{at}.{key} is not expected")),
                    &format!("{at}.{key}"),
                );
            }
            if at.contains("by_") || at.contains("per_") {
                assert_eq!(ours.len(), theirs.len(), "{at}");
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{at}");
            ours.iter().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs, at));
        }
        (Value::Number(ours), Value::Number(theirs)) => {
            let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{at}: {ours} {theirs}");
        }
        _ => assert_eq!(ours, theirs, "{at}"),
    }
}

#[test]
fn rosters_give_the_reports_of_pandas() {
    let mut compared = 0;
    for path in files("rosters") {
        let name = path.to_str().unwrap().to_owned();
        let stem = ["csv", "jsonl", "csv.gz", "jsonl.gz"]
            .iter()
            .find_map(|kind| name.strip_suffix(&format!(".{kind}")));
        let Some(expected) = stem.map(|stem| PathBuf::from(format!("{stem}.expected.json"))) else {
            continue;
        };
        let expected: Value = serde_json::from_reader(File::open(&expected).unwrap()).unwrap();
        let mut analytics = ShiftAnalytics::default();
        for row in rows(&path) {
            analytics.add(&row.unwrap_or_else(|error| panic!("{name}: {error}")));
        }
        same(&serde_json::to_value(analytics.finish()).unwrap(), &expected, &name);
        compared += 1;
    }
    assert!(compared > 0, "no roster found");
}

#[test]
fn faults_are_found_where_they_are() {
    let faults: Value =
        serde_json::from_reader(File::open(data("rosters/bad/faults.json")).unwrap()).unwrap();
    let faults = faults.as_object().unwrap();
    assert!(!faults.is_empty());
    for (name, expected) in faults {
        let expected: BTreeSet<_> = expected
            .as_array()
            .unwrap()
            .iter()
            .map(|fault| (fault["line"].as_u64().unwrap(), fault["column"].as_str().map(str::to_owned)))
            .collect();
        let mut found = BTreeSet::new();
        for row in rows(&data("rosters/bad").join(name)) {
            match row {
                Ok(_) => {}
                Err(ReadError::Row(error) | ReadError::Unreadable(error)) => {
                    found.insert((error.line, error.column));
                }
                Err(error) => panic!("{name}: {error}"),
            }
        }
        // A line break within a name may be refused, wherever it is.
        let allowed: BTreeSet<_> = found
            .iter()
            .filter(|(line, column)| {
                expected.contains(&(*line, column.clone()))
                    || !(name.contains("multi-line") && column.as_deref() == Some("employee"))
            })
            .cloned()
            .collect();
        assert_eq!(allowed, expected, "{name}");
    }
}

#[test]
fn latencies_give_the_answers_of_numpy() {
    let mut compared = 0;
    for path in files("latency").iter().filter(|path| path.extension().is_some_and(|kind| kind == "csv")) {
        let expected: Value =
            serde_json::from_reader(File::open(path.with_extension("expected.json")).unwrap()).unwrap();
        let mut sample = Vec::new();
        read::numbers(open(path), &Column::First, |_, row| sample.push(row.unwrap())).unwrap();
        let times = PerformanceAnalytics::analyze_response_times(&sample).unwrap();
        let whole = PerformanceAnalytics::distribution(&sample).unwrap();
        same(&serde_json::to_value(whole).unwrap(), &expected, &path.display().to_string());
        histogram_of(&sample, &expected["hdr"], &path.display().to_string());
        let number = |key: &str| expected[key].as_f64().unwrap();
        assert_eq!(
            times.p95_response_time.to_bits(),
            number("p95_response_time").to_bits(),
            "{}",
            path.display()
        );
        assert_eq!(
            times.p99_response_time.to_bits(),
            number("p99_response_time").to_bits(),
            "{}",
            path.display()
        );
        let mean = number("avg_response_time");
        assert!((times.avg_response_time - mean).abs() <= 1e-12 * mean.abs(), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 0, "no latency file found");
}

/// The sample in microseconds as the reference package counted it.
fn histogram_of(sample: &[f64], expected: &Value, at: &str) {
    let mut ours = Histogram::new(1, 3_600_000_000, 3).unwrap();
    sample.iter().for_each(|seconds| ours.record(((seconds * 1e6) as u64).max(1)));
    let bytes = STANDARD.decode(expected["v2_base64"].as_str().unwrap()).unwrap();
    assert_eq!(Histogram::from_v2(&bytes).unwrap(), ours, "{at}");
    figures(&ours, expected, at);
}

fn figures(ours: &Histogram, expected: &Value, at: &str) {
    let summary = serde_json::to_value(ours.summary()).unwrap();
    for (key, value) in summary.as_object().unwrap() {
        if let Some(theirs) = expected.get(key) {
            same(value, theirs, &format!("{at} {key}"));
        }
    }
    for (percentile, value) in expected["percentiles"].as_object().unwrap() {
        let ours = ours.value_at_percentile(percentile.parse().unwrap());
        assert_eq!(Some(ours), value.as_u64(), "{at}: percentile {percentile}");
    }
}

#[test]
fn interval_logs_give_what_the_reference_reads() {
    let mut compared = 0;
    for path in files("hdr").iter().filter(|path| path.extension().is_some_and(|kind| kind == "hlog")) {
        let name = path.display().to_string();
        let expected = PathBuf::from(format!("{name}.expected.json"));
        let expected: Value = serde_json::from_reader(File::open(&expected).unwrap()).unwrap();
        let (mut log, mut refused) = (LogAnalytics::default(), Vec::new());
        read::hlog(open(path), |_, row| match row {
            Ok(interval) => log.add(&interval),
            Err(fault) => refused.push(fault),
        })
        .unwrap();
        assert_eq!(refused.is_empty(), expected.get("reader_error").is_none(), "{name}: {refused:?}");
        let report = serde_json::to_value(log.finish()).unwrap();
        assert_eq!(report["intervals"], expected["intervals"], "{name}");
        for (ours, theirs) in report["interval_rows"]
            .as_array()
            .unwrap()
            .iter()
            .zip(expected["interval_rows"].as_array().unwrap())
        {
            assert_eq!((&ours[0], &ours[3], &ours[4]), (&theirs[0], &theirs[3], &theirs[4]), "{name}");
            for time in [1, 2] {
                let off = ours[time].as_f64().unwrap() - theirs[time].as_f64().unwrap();
                assert!(off.abs() < 1e-6, "{name}: {ours} {theirs}");
            }
        }
        same(&report["merged"], expected.get("merged").unwrap_or(&Value::Null), &name);
        same(&report["merged_by_tag"], expected.get("merged_by_tag").unwrap_or(&json!({})), &name);
        compared += 1;
    }
    assert!(compared > 0, "no interval log found");
    for path in files("hdr/bad") {
        let mut faults = 0;
        read::hlog(open(&path), |_, row| faults += u64::from(row.is_err())).unwrap();
        assert!(faults > 0, "{}", path.display());
    }
}
