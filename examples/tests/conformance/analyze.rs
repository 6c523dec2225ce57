//! The analyze tool over the rosters and latencies in CONFORMANCE_DATA.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn data(folder: &str) -> PathBuf {
    let root =
        std::env::var_os("CONFORMANCE_DATA").expect("CONFORMANCE_DATA names the directory of the test data");
    Path::new(&root).join(folder)
}

/// The files of a folder that have an answer beside them.
fn answered(folder: &str, endings: &[&str]) -> Vec<(PathBuf, Value)> {
    let directory = data(folder);
    let entries =
        std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.expect("a directory entry").path()) {
        let name = path.to_str().expect("UTF-8");
        let Some(stem) = endings.iter().find_map(|ending| name.strip_suffix(ending)) else { continue };
        found.push((path.clone(), read(Path::new(&format!("{stem}.expected.json")))));
    }
    assert!(!found.is_empty(), "nothing to compare in {}", directory.display());
    found
}

fn read(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn analyze(kind: &str, file: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_analyze"));
    command.arg(kind).arg(file).arg("--json").output().expect("analyze runs")
}

/// Every key of ours is expected and says the same; keys not reported yet may be absent. Floats agree to 1e-12.
fn same(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let counts = at.contains("by_") || at.contains("per_");
            assert!(!counts || ours.len() == theirs.len(), "{at}: {ours:?} {theirs:?}");
            for (key, value) in ours {
                let at = format!("{at}.{key}");
                same(value, theirs.get(key).unwrap_or_else(|| panic!("{at} is not expected")), &at);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{at}");
            ours.iter().zip(theirs).for_each(|(ours, theirs)| same(ours, theirs, at));
        }
        (Value::Number(ours), Value::Number(theirs)) if theirs.is_f64() => {
            let (ours, theirs) = (ours.as_f64().expect("a number"), theirs.as_f64().expect("a number"));
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs(), "{at}: {ours} {theirs}");
        }
        _ => assert_eq!(ours, theirs, "{at}"),
    }
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
    let faults = read(&data("rosters/bad/faults.json"));
    let faults = faults.as_object().expect("an object by file");
    assert!(!faults.is_empty());
    for (name, expected) in faults {
        let file = data("rosters/bad").join(name);
        let output = analyze("shifts", &file);
        let messages = String::from_utf8(output.stderr).expect("UTF-8");
        let place = |line: &str| place(line, &file);
        let mut found: BTreeSet<_> = messages.lines().filter_map(place).collect();
        let expected: BTreeSet<_> = expected.as_array().expect("a list").iter().map(fault).collect();
        // A line break within a name may be refused wherever it is.
        let is_tolerated = |found: &(u64, Option<String>)| {
            name.contains("multi-line") && found.1.as_deref() == Some("employee") && !expected.contains(found)
        };
        found.retain(|found| !is_tolerated(found));
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

fn fault(fault: &Value) -> (u64, Option<String>) {
    (fault["line"].as_u64().expect("a line"), fault["column"].as_str().map(str::to_owned))
}

#[test]
fn analyze_gives_every_latency_as_numpy_does() {
    for (file, expected) in answered("latency", &[".csv"]) {
        let output = analyze("latency", &file);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let times: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        for percentile in ["p95_response_time", "p99_response_time"] {
            assert_eq!(times[percentile], expected[percentile], "{percentile} of {}", file.display());
        }
        same(&times, &expected, &file.display().to_string());
    }
}
