//! The analyze tool over the rosters and latencies in CONFORMANCE_DATA.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::data::{answered, bad_rosters, data, is_tolerated, read, same};

fn analyze(kind: &str, file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyze"));
    command.arg(kind).arg(file).arg("--json").output().expect("analyze runs")
}

#[test]
fn analyze_reports_on_every_roster_as_pandas_does() {
    for (roster, expected) in answered("rosters", &[".csv", ".csv.gz", ".jsonl", ".jsonl.gz"]) {
        let output = analyze("shifts", &roster);
        let messages = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*messages), (Some(0), ""), "{}", roster.display());
        let report = serde_json::from_slice(&output.stdout).expect("JSON");
        same(&report, &expected, &roster.display().to_string());
    }
}

#[test]
fn analyze_finds_every_fault_of_the_bad_rosters() {
    for (file, expected) in bad_rosters(&data("rosters/bad")).expect("all are known") {
        let name = file.display().to_string();
        let output = analyze("shifts", &file);
        let messages = String::from_utf8(output.stderr).expect("UTF-8");
        let place = |line: &str| place(line, &file);
        let mut found: BTreeSet<_> = messages.lines().filter_map(place).collect();
        found.retain(|found| !is_tolerated(&file, found, &expected));
        assert_eq!(found, expected, "{name}: {messages}");
        assert_eq!(output.status.success(), messages.is_empty(), "{name}: {messages}");
    }
}

/// Line and column of a message `FILE:LINE: COLUMN: REASON` or `FILE:LINE: REASON`.
fn place(message: &str, file: &Path) -> Option<(u64, Option<String>)> {
    let (line, rest) = message.strip_prefix(file.to_str()?)?.strip_prefix(':')?.split_once(": ")?;
    let columns = ["id", "employee", "department", "start", "end", "duration"];
    let column = rest.split_once(": ").map(|(column, _)| column).filter(|column| columns.contains(column));
    Some((line.parse().ok()?, column.map(str::to_owned)))
}

#[test]
fn analyze_gives_every_latency_as_numpy_does() {
    for (file, expected) in answered("latency", &[".csv"]) {
        let output = analyze("latency", &file);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut times: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for percentile in ["p95_response_time", "p99_response_time"] {
            assert_eq!(times[percentile], expected[percentile], "{percentile} of {}", file.display());
        }
        // Packed by another zlib.
        times["hdr"].as_object_mut().expect("an object").remove("v2_base64");
        same(&times, &expected, &file.display().to_string());
    }
}

#[test]
fn analyze_reads_interval_logs_as_the_reference_does() {
    for (file, expected) in interval_logs() {
        let output = analyze("latency", &file);
        let refused = expected.get("reader_error").is_some();
        assert_eq!(output.status.code(), Some(i32::from(refused)), "{}", file.display());
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["intervals"], expected["intervals"], "{}", file.display());
        for key in ["merged", "merged_by_tag"] {
            if let Some(theirs) = expected.get(key) {
                same(&report[key], theirs, &format!("{} {key}", file.display()));
            }
        }
    }
}

fn interval_logs() -> Vec<(std::path::PathBuf, Value)> {
    let entries = std::fs::read_dir(data("hdr")).expect("hdr/");
    let logs = entries.map(|entry| entry.expect("a directory entry").path());
    let logs = logs.filter(|path| path.extension().is_some_and(|kind| kind == "hlog"));
    let logs: Vec<_> =
        logs.map(|path| (path.clone(), read(&path.with_extension("hlog.expected.json")))).collect();
    assert!(!logs.is_empty(), "no interval log found");
    logs
}
