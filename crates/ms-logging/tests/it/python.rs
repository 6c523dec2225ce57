//! CPython beside us: its `logging` and its `json` are the reference.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::logger::Logger;

pub(crate) struct Python;

impl Python {
    /// Runs a script with `input` as its stdin and gives what it prints.
    pub(crate) fn run(script: &str, zone: &str, input: &Value) -> Value {
        let mut child = Command::new("python3")
            .args(["-c", script])
            .env("TZ", zone)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is needed: apt-get install python3");
        child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "the script failed");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    pub(crate) fn parse_json_lines(lines: &[String]) -> Vec<Value> {
        let script = "import json,sys; print(json.dumps([json.loads(l) for l in json.load(sys.stdin)]))";
        serde_json::from_value(Self::run(script, "UTC", &json!(lines))).unwrap()
    }

    /// Writes `records` through `RotatingFileHandler`.
    pub(crate) fn rotate(path: &Path, max_bytes: u64, backups: u32, records: &[String]) {
        let script = r#"
import json, logging, logging.handlers, sys
job = json.load(sys.stdin)
handler = logging.handlers.RotatingFileHandler(job["path"], maxBytes=job["max"], backupCount=job["backups"])
logger = logging.getLogger("medschedule")
logger.setLevel(logging.INFO)
logger.propagate = False
handler.setFormatter(logging.Formatter("%(message)s"))
logger.addHandler(handler)
for record in job["records"]:
    logger.info("%s", record)
print("true")
"#;
        let job = json!({"path": path, "max": max_bytes, "backups": backups, "records": records});
        Self::run(script, "UTC", &job);
    }
}

/// Logs one line at a time in our process and formats the same moment, level and message in Python.
#[test]
fn text_lines_are_those_of_pythons_formatter() {
    let zone = std::env::var("TZ").unwrap_or_default();
    let messages = ["plain", "Ayşe %s {} \\ \"quoted\"", "", " - dashes - "];
    let logger = Logger::start();
    logger.log(|| {
        for message in messages {
            tracing::error!("{message}");
            tracing::warn!("{message}");
            tracing::info!("{message}");
            tracing::debug!("{message}");
        }
    });
    let (text, json) = logger.finish();
    // The JSON line tells the same moment in UTC, to the microsecond.
    let records: Vec<Value> = json
        .iter()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            json!([
                line["timestamp"],
                line["data"]["level"],
                line["data"].get("message").unwrap_or(&json!(""))
            ])
        })
        .collect();
    let script = r#"
import datetime, json, logging, sys
formatter = logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s")
levels = {"ERROR": logging.ERROR, "WARN": logging.WARNING, "INFO": logging.INFO, "DEBUG": logging.DEBUG}
lines = []
for stamp, level, message in json.load(sys.stdin):
    moment = datetime.datetime.fromisoformat(stamp[:-1] + "+00:00")
    record = logging.LogRecord("medschedule", levels[level], "", 0, "%s", (message,), None)
    record.created = moment.timestamp()
    record.msecs = moment.microsecond // 1000
    lines.append(formatter.format(record))
print(json.dumps(lines))
"#;
    let theirs = Python::run(script, &zone, &json!(records));
    let theirs: Vec<String> = serde_json::from_value(theirs).unwrap();
    assert_eq!(text, theirs);
}

/// The zone is read when the logger is made, so each zone needs a process of its own.
#[test]
fn text_lines_are_in_local_time() {
    let test = std::env::current_exe().unwrap();
    for zone in [
        "Europe/Istanbul",
        "UTC",
        "America/St_Johns",
        "Asia/Kathmandu",
        "<+0330>-3:30",
        ":Europe/Berlin",
        "/usr/share/zoneinfo/Asia/Tehran",
        "EST5EDT,M3.2.0,M11.1.0",
        "",
        "Nowhere/City",
    ] {
        let child = Command::new(&test)
            .args(["--exact", "python::text_lines_are_those_of_pythons_formatter", "--nocapture"])
            .env("TZ", zone)
            .output()
            .unwrap();
        assert!(child.status.success(), "{zone}: {}", String::from_utf8_lossy(&child.stderr));
        assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"), "{zone}");
    }
}
