//! `medschedule load` against the service itself.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Output};

use ms_analytics::hdr::LogAnalytics;
use ms_analytics::read::hlog;
use serde_json::Value;

use crate::harness::Service;
use crate::harness::metrics::Samples;
use crate::harness::process::{free_address, program};
use crate::harness::service::{command, new_directory};
use crate::roster::total;

fn load(directory: &Path, arguments: &[&str]) -> Output {
    command(directory).arg("load").args(arguments).output().expect("it starts")
}

#[test]
fn what_the_report_counts_is_what_the_service_has_counted() {
    let service = Service::start(&[]);
    let directory = service.directory().path();
    let file = directory.join("load.hlog");
    let url = format!("http://{}", service.address);
    let arguments = ["--url", &url, "--rate=200", "--duration=2", "--json", "--hlog"];
    let ended = load(directory, &[&arguments, &[file.to_str().expect("UTF-8")][..]].concat());
    let told = String::from_utf8(ended.stderr).expect("text");
    assert!(ended.status.success() && told.is_empty(), "no progress where nobody looks: {told}");
    let report: Value = serde_json::from_slice(&ended.stdout).expect("JSON");

    assert_eq!(
        (&report["total"]["due"], &report["total"]["answered"]),
        (&400.into(), &400.into()),
        "{report}"
    );
    assert_eq!((&report["total"]["failed"], &report["total"]["refused"]), (&0.into(), &0.into()), "{report}");
    let taken_back = report["taken_back"].as_f64().expect("a number");
    assert_eq!(report["left_behind"], 0, "{report}");

    let page = Samples::of(&service);
    let counted = |kind: &str, method: &str, endpoint: &str, status: &str| {
        let labels = [("method", method), ("endpoint", endpoint), ("status", status)];
        let ours = report["kinds"][kind]["answered"].as_f64().unwrap_or_default();
        (ours, page.value("http_requests_total", &labels).unwrap_or_default())
    };
    for (kind, method, endpoint, status) in [
        ("list", "GET", "/api/v1/shifts", "200"),
        ("report", "GET", "/api/v1/reports/shifts", "200"),
        ("plan", "POST", "/api/v1/shifts", "201"),
        ("sign-in", "POST", "/api/v1/sessions", "201"),
        ("health", "GET", "/health", "200"),
    ] {
        let (ours, theirs) = counted(kind, method, endpoint, status);
        assert!(ours > 5.0 && ours == theirs, "{kind}: {ours}, {theirs}");
    }
    let deleted = [("cancel", "/api/v1/shifts/{id}"), ("sign-out", "/api/v1/sessions/{id}")]
        .map(|(kind, endpoint)| counted(kind, "DELETE", endpoint, "204"));
    let (ours, theirs) = (deleted[0].0 + deleted[1].0, deleted[0].1 + deleted[1].1);
    assert_eq!(ours + taken_back, theirs);
    assert_eq!(page.sum("active_users_total"), 0.0);
    assert_eq!(total(&service), 0, "every shift was taken back");

    let mut analytics = LogAnalytics::default();
    let read = hlog(File::open(file).expect("written"), |_, row| analytics.add(&row.expect("an interval")));
    read.expect("a log");
    assert!(analytics.intervals() >= 10, "{} seconds of kinds", analytics.intervals());
    let histogram = analytics.histogram().expect("latencies");
    assert_eq!(histogram.count(), 400);
    let median = histogram.value_at_percentile(50.0) as f64 / 1e9;
    assert_eq!(report["total"]["latency_seconds"]["p50"], median, "{report}");
}

#[test]
fn the_same_seed_sends_the_same_requests() {
    let service = Service::start(&[]);
    let url = format!("http://{}", service.address);
    let kinds = |seed: &str| {
        let arguments = [
            "--url",
            &url,
            "--rate=400",
            "--duration=0.25",
            "--mix=list=1,report=1,plan=1",
            "--json",
            "--random-seed",
            seed,
        ];
        let ended = load(service.directory().path(), &arguments);
        let report: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
        let due = |kind: &str| report["kinds"][kind]["due"].as_u64().expect("some were due");
        [due("list"), due("report"), due("plan")]
    };
    let first = kinds("1");
    assert_eq!(first.iter().sum::<u64>(), 100);
    assert_eq!(kinds("1"), first);
    assert_ne!(kinds("2"), first);
}

#[test]
fn a_terminal_is_told_how_far_it_is_and_sees_a_table() {
    let service = Service::start(&[]);
    let directory = service.directory().path();
    let url = format!("http://{}", service.address);
    let typed = format!("{} load --url {url} --rate 20 --duration 2", env!("CARGO_BIN_EXE_medschedule"));
    let mut script = Command::new(program("script", "bsdutils"));
    script.args(["-qefc", &typed, "/dev/null"]).current_dir(directory).env("TERM", "xterm");
    let ended = script.output().expect("script runs");
    let seen = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && seen.contains("1 of 2 s: "), "{seen}");
    for word in ["40 requests due at 20/s", "\r\nall ", "99 %", "× 200", "taken back."] {
        assert!(seen.contains(word), "{word}: {seen}");
    }
}

#[test]
fn a_token_is_sent_and_what_cannot_be_used_is_told() {
    let directory = new_directory();
    let token = directory.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").expect("written");
    let token = token.to_str().expect("UTF-8");
    let service = Service::start_in(&directory, &["--token-file", token]);
    let url = format!("http://{}", service.address);
    let base = ["--url", url.as_str(), "--rate=20", "--duration=0.5", "--mix=list=1"];
    let answers = |more: &[&str]| {
        let ended = load(directory.path(), &[&base[..], more].concat());
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).expect("text")
    };
    assert!(answers(&["--token-file", token]).contains("answers: 10 × 200\n"));
    assert!(answers(&[]).contains("answers: 10 × 401\n"));

    let nobody = format!("http://{}", free_address());
    for (url, word) in [(nobody.as_str(), "does not answer"), ("https://localhost", "give http://HOST:PORT")]
    {
        let ended = load(directory.path(), &["--url", url]);
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(1) && told.contains(word), "{told}");
    }
}
