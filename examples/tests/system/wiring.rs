//! The lines that the README gives to a service that is there already.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use medschedule::catalog::OBSERVED;
use ms_metrics::{Kind, Metric};

use crate::harness::Client;
use crate::harness::metrics::Samples;
use crate::harness::process::Process;
use crate::harness::wait::{eventually, until};

const SOURCE: &str = include_str!("../../wiring.rs");
const README: &str = include_str!("../../../README.md");

#[test]
fn the_lines_of_the_readme_are_those_of_the_example() {
    let block = README.split("```rust,ignore\n").nth(1).and_then(|rest| rest.split("```").next());
    let promised: Vec<_> = words(block.expect("the lines")).collect();
    let compiled: Vec<_> = words(SOURCE).collect();
    assert!(compiled.windows(promised.len()).any(|window| window == promised), "{promised:#?}");
}

/// However a formatter breaks lines, and without comments.
fn words(code: &str) -> impl Iterator<Item = char> {
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.flat_map(str::chars).filter(|character| !character.is_whitespace() && *character != ',')
}

#[test]
fn a_service_with_those_lines_is_measured_logged_checked_and_alerted_on() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let rules = "groups: [{name: g, interval: 1s, rules: [{alert: CacheDown, expr: 'ms_health_check_status{check=\"cache\"} < 1'}]}]";
    std::fs::write(directory.path().join("alerts.yml"), rules).expect("writable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiring"));
    command.current_dir(directory.path()).env("ADDRESS", "127.0.0.1:0").env_remove("RUST_LOG");
    let mut service = Process::start(&mut command, &directory.path().join("terminal"));
    let address: SocketAddr = service.until_ready("it says where it listens", |output| {
        let (_, rest) = output.split_once("listens on http://")?;
        rest.lines().next()?.parse().ok()
    });
    let client = Client::new(address);

    assert_eq!(client.get("/greetings/ay%C5%9Fe?token=s3cret").status, 200);
    assert_eq!(client.get("/nowhere").status, 404);
    assert_eq!(client.get("/reports/shifts").json()["shifts_per_department"]["Acil Servis"], 1);
    assert_eq!(client.get("/health").text(), r#"{"status":"degraded"}"#, "bare: nobody asked for more");
    let page = Samples::of(&client);
    let up = |check| page.value("ms_health_check_up", &[("check", check)]);
    assert_eq!((up("database"), up("cache")), (Some(1.0), Some(0.0)));
    for (endpoint, status) in [("/greetings/{name}", "200"), ("unmatched", "404"), ("/health", "200")] {
        let labels = [("method", "GET"), ("endpoint", endpoint), ("status", status)];
        assert_eq!(page.value("http_requests_total", &labels), Some(1.0), "{endpoint}");
    }
    until("the machine is read", || Samples::of(&client).value("cpu_usage_percent", &[]).is_some());

    let log = directory.path().join("logs/medschedule.log");
    let written = |wanted: &str| {
        eventually(wanted, || read(&log).lines().find(|line| line.contains(wanted)).map(str::to_owned))
    };
    assert!(written("/greetings/{name}").contains(" - medschedule - INFO - "));
    written("CacheDown");
    // This service declares none of them: name, kind, help and labels are the crates' own.
    for metric in &OBSERVED {
        until(metric.name, || is_told(&client, metric));
    }
    for secret in ["s3cret", "ay%C5%9Fe", "ayşe"] {
        assert!(!read(&log).contains(secret), "{secret}");
    }
    service.signal("TERM");
    until("it notices", || client.get("/health/ready").status == 503);
    // The second one ends the drain period.
    service.signal("TERM");
    assert_eq!(service.wait().code(), Some(0), "{}", service.output());
}

/// Whether the page has the metric as it is declared.
fn is_told(client: &Client, metric: &Metric) -> bool {
    let (name, page) = (metric.name, client.get("/metrics"));
    let (kind, line) = match metric.kind {
        Kind::Counter => ("counter", name.to_owned()),
        // Nobody has declared its buckets.
        Kind::Histogram => ("summary", format!("{name}_count")),
        _ => ("gauge", name.to_owned()),
    };
    let labels = |series: &str| {
        let has = |label: &&str| series.contains(&format!("{label}=\""));
        series.matches("=\"").count() == metric.labels.len() && metric.labels.iter().all(has)
    };
    page.text().contains(&format!("# HELP {name} {}\n# TYPE {name} {kind}\n", metric.help))
        && Samples::read(page.text()).named(&line).any(|(series, _)| labels(series))
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}
