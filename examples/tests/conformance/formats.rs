//! The same rosters and latencies in every format that the analyze tool reads, written by DuckDB.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::data::{answered, same};

/// Writes a file anew, in each format.
const ROSTER: &str = r#"
import sys, duckdb
source, out = sys.argv[1:]
rows = duckdb.read_csv(source, all_varchar=True, header=True)
columns = rows.project('id, employee, department, start, "end", duration::double as duration')
for name, options in {
    "a.csv": "format csv, header", "b.csv.gz": "format csv, header, compression gzip",
    "c.jsonl": "format json", "d.jsonl.gz": "format json, compression gzip",
    "e.parquet": "format parquet", "f.parquet": "format parquet, compression zstd, row_group_size 2048",
    "g.parquet": "format parquet, compression gzip, parquet_version v2",
}.items():
    duckdb.sql(f"copy (from columns) to '{out}/{name}' ({options})")
typed = columns.project('id, employee, department, start::timestamptz as start, "end"::timestamptz as "end", duration')
duckdb.sql(f"copy (from typed) to '{out}/typed.parquet' (format parquet)")
"#;

const LATENCIES: &str = r#"
import sys, duckdb
source, out = sys.argv[1:]
rows = duckdb.read_csv(source, columns={"latency_s": "double"}, header=True)
for name, options in {
    "a.csv": "format csv, header", "b.csv.gz": "format csv, header, compression gzip",
    "c.jsonl": "format json", "d.jsonl.gz": "format json, compression gzip", "e.parquet": "format parquet",
}.items():
    duckdb.sql(f"copy (from rows) to '{out}/{name}' ({options})")
"#;

fn written(program: &str, source: &Path, out: &Path) -> Vec<PathBuf> {
    let output = Command::new("python3").args(["-c", program]).arg(source).arg(out).output();
    let output = output.expect("python3 is needed: apt-get install -y python3");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "duckdb is needed (pip install duckdb): {complaint}");
    let mut files: Vec<_> =
        out.read_dir().expect("written").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn report(kind: &str, file: &Path) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_analyze")).arg(kind).arg(file).arg("--json").output();
    let output = output.expect("analyze runs");
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*messages), (Some(0), ""), "{}", file.display());
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn rosters_give_one_report_in_every_format() {
    for (roster, expected) in answered("rosters", &[".csv", ".csv.gz"]) {
        let directory = tempfile::tempdir().expect("a directory");
        let files = written(ROSTER, &roster, directory.path());
        assert_eq!(files.len(), 8, "{files:?}");
        for file in files {
            let mut report = report("shifts", &file);
            if file.ends_with("typed.parquet") {
                // A timestamp keeps the instant and not how it was written.
                let keys = report.as_object_mut().expect("an object");
                assert!(keys.remove("first_start").is_some() && keys.remove("last_end").is_some());
            }
            same(&report, &expected, &format!("{} {}", roster.display(), file.display()));
        }
    }
}

#[test]
fn latencies_give_one_report_in_every_format() {
    for (times, expected) in answered("latency", &[".csv"]) {
        let directory = tempfile::tempdir().expect("a directory");
        let files = written(LATENCIES, &times, directory.path());
        assert_eq!(files.len(), 5, "{files:?}");
        for file in files {
            let mut report = report("latency", &file);
            // Packed by another zlib.
            report["hdr"].as_object_mut().expect("an object").remove("v2_base64");
            same(&report, &expected, &format!("{} {}", times.display(), file.display()));
        }
    }
}
