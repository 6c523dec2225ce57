//! The deployment files as they lie there.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::process::program;

pub fn deployed(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("medschedule/deploy").join(name)
}

pub fn read(name: &str) -> String {
    std::fs::read_to_string(deployed(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Titles and expressions of the dashboard, its data source filled in.
pub fn queries() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let mut queries = Vec::new();
    for panel in panels(&dashboard) {
        let title = panel["title"].as_str().expect("a title").to_owned();
        for target in panel["targets"].as_array().expect("targets") {
            let expression = target["expr"].as_str().expect("an expression");
            queries.push((title.clone(), chosen(expression)));
        }
    }
    queries
}

/// As a viewer has it who has chosen nothing.
pub fn chosen(expression: &str) -> String {
    let variables =
        [("$__rate_interval", "1m"), ("$job", "medschedule"), ("$instance", ".*"), ("$endpoint", ".*")];
    variables.into_iter().fold(expression.to_owned(), |text, (name, value)| text.replace(name, value))
}

pub fn dashboard() -> Value {
    serde_json::from_str(&read("medschedule-overview.json")).expect("JSON")
}

/// Without the titles of the rows.
fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    dashboard["panels"].as_array().expect("panels").iter().filter(|panel| panel["type"] != "row")
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules() {
    for (kind, file) in [("config", "prometheus.yml"), ("rules", "alerts.yml")] {
        let mut promtool = Command::new(program("promtool", "prometheus"));
        let checked = promtool.arg("check").arg(kind).arg(deployed(file)).output().expect("promtool runs");
        let (out, errors) =
            (String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
        assert!(checked.status.success() && out.contains("SUCCESS"), "{file}: {out} {errors}");
    }
}

#[test]
fn a_collector_that_has_not_read_for_two_minutes_fires_and_one_that_finds_nothing_does_not() {
    let told = |collector: &str, age: u64| {
        let read = format!("{collector} was last read {age} s ago, or since the start never");
        json!({
            "exp_labels": { "severity": "warning", "collector": collector },
            "exp_annotations": { "summary": read, "runbook_url": runbook("CollectorHangs") },
        })
    };
    let series = |what: &str, collector: &str, values: &str| {
        let series = format!("ms_metrics_collector_{what}{{collector={collector:?}}}");
        json!({ "series": series, "values": values })
    };
    play(json!([{
        "interval": "1m",
        "input_series": [
                // Hangs at its first reading, and for good.
                series("up", "disk", "0x60"), series("age_seconds", "disk", "3+60x60"),
                // Hangs later, and comes back.
                series("up", "cpu", "1 1 0 0 0 1x60"), series("age_seconds", "cpu", "9 9 69 129 189 9x60"),
                // Reads once an hour.
                series("up", "bills", "1x60"), series("age_seconds", "bills", "0+60x59 0"),
                // There is nothing to read.
                series("up", "load", "0x60"), series("age_seconds", "load", "9x60"),
            ],
            "alert_rule_test": [
                { "eval_time": "1m", "alertname": "CollectorHangs" },
                { "eval_time": "3m", "alertname": "CollectorHangs", "exp_alerts": [told("disk", 183)] },
                { "eval_time": "4m", "alertname": "CollectorHangs",
                  "exp_alerts": [told("disk", 243), told("cpu", 189)] },
                { "eval_time": "5m", "alertname": "CollectorHangs", "exp_alerts": [told("disk", 303)] },
                { "eval_time": "60m", "alertname": "CollectorHangs", "exp_alerts": [told("disk", 3603)] },
            ],
    }]));
}

#[test]
fn a_health_check_that_hangs_for_two_minutes_fires_and_a_slow_one_does_not() {
    let told = json!([{
        "exp_labels": { "severity": "warning" },
        "exp_annotations": {
            "summary": "2 health checks hang past their deadline",
            "runbook_url": runbook("HealthCheckHangs"),
        },
    }]);
    play(json!([{
        "interval": "1m",
        "input_series": [{ "series": "ms_health_checks_abandoned", "values": "0 1 0 1 2x5 0x5" }],
        "alert_rule_test": [
            { "eval_time": "4m", "alertname": "HealthCheckHangs" },
            { "eval_time": "6m", "alertname": "HealthCheckHangs", "exp_alerts": told },
            { "eval_time": "10m", "alertname": "HealthCheckHangs" },
        ],
    }]));
}

#[test]
fn losses_fire_until_an_hour_without_one_also_if_nobody_saw_the_first() {
    let lost = |reason: &str, lines: u64| {
        json!({
            "exp_labels": { "severity": "warning", "sink": "file", "reason": reason },
            "exp_annotations": {
                "summary": format!("{lines} log lines were lost: {reason}"),
                "runbook_url": runbook("LogLinesLost"),
            },
        })
    };
    let untold = |reason: &str| {
        let summary = format!("Sink hook was not told of 3 alerts: {reason}");
        json!({
            "exp_labels": { "severity": "critical", "sink": "hook", "reason": reason },
            "exp_annotations": { "summary": summary, "runbook_url": runbook("AlertsLost") },
        })
    };
    let lines = |reason: &str, values: &str| {
        let series = format!("ms_logging_dropped_total{{sink=\"file\",reason={reason:?}}}");
        json!({ "series": series, "values": values })
    };
    let alerts = |reason: &str, values: &str| {
        let series = format!("ms_alerts_notifications_dropped_total{{sink=\"hook\",reason={reason:?}}}");
        json!({ "series": series, "values": values })
    };
    let at = |minute: u64, alert: &str, expected: Value| json!({ "eval_time": format!("{minute}m"), "alertname": alert, "exp_alerts": expected });
    play(json!([{
        "interval": "1m",
        "input_series": [
            // Lost at 10 minutes.
            lines("io_error", "0x9 5x150"), alerts("failed", "0x9 3x150"),
            // Lost before the first scrape, and again much later, by a service that starts at 20 minutes.
            lines("queue_full", "_x19 7x100 9x40"), alerts("queue_full", "_x19 3x140"),
            // Left out on purpose.
            lines("rate_limited", "0x9 5x150"), lines("sampled", "8x160"), alerts("superseded", "0x9 5x150"),
        ],
        "alert_rule_test": [
            at(9, "LogLinesLost", json!([])),
            at(12, "LogLinesLost", json!([lost("io_error", 5)])),
            at(25, "LogLinesLost", json!([lost("io_error", 5), lost("queue_full", 7)])),
            at(72, "LogLinesLost", json!([lost("queue_full", 7)])),
            at(82, "LogLinesLost", json!([])),
            at(122, "LogLinesLost", json!([lost("queue_full", 2)])),
            at(9, "AlertsLost", json!([])),
            at(25, "AlertsLost", json!([untold("failed"), untold("queue_full")])),
            at(72, "AlertsLost", json!([untold("queue_full")])),
            at(82, "AlertsLost", json!([])),
        ],
    }]));
}

fn runbook(alert: &str) -> String {
    let book = "https://github.com/medschedule/observability/blob/main/docs/runbook.md";
    format!("{book}#{}", alert.to_lowercase())
}

#[test]
fn every_alert_has_an_entry_in_the_runbook_and_every_entry_an_alert() {
    let book = std::fs::read_to_string(deployed("../../../docs/runbook.md")).expect("it is there");
    let entries: Vec<_> = book.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let rules = read("alerts.yml");
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert_eq!(entries, alerts);
    for alert in alerts {
        assert!(rules.contains(&format!("runbook_url: {}\n", runbook(alert))), "{alert}");
    }
}

/// Lets promtool play the deployed rules over series of its own.
fn play(tests: Value) {
    let play =
        json!({ "rule_files": [deployed("alerts.yml")], "evaluation_interval": "15s", "tests": tests });
    let directory = tempfile::tempdir().expect("a temporary directory");
    // YAML holds JSON.
    let file = directory.path().join("play.yml");
    std::fs::write(&file, play.to_string()).expect("written");
    let mut promtool = Command::new(program("promtool", "prometheus"));
    let played = promtool.args(["test", "rules"]).arg(file).output().expect("promtool runs");
    let told = String::from_utf8_lossy(&played.stdout);
    assert!(played.status.success(), "{told}{}", String::from_utf8_lossy(&played.stderr));
}

#[test]
fn the_scrape_configuration_is_that_of_the_origin() {
    let config = read("prometheus.yml");
    for line in [
        "  scrape_interval: 15s",
        "  evaluation_interval: 15s",
        "  - job_name: medschedule",
        "      - targets: [\"localhost:8000\"]",
        "  - job_name: node-exporter",
        "      - targets: [\"localhost:9100\"]",
    ] {
        assert!(config.lines().any(|found| found == line), "{line}");
    }
}

#[test]
fn the_dashboard_shows_what_the_origins_did() {
    assert_eq!(dashboard()["title"], "MedSchedule Overview");
    let all: String = queries().into_iter().map(|(_, expression)| expression).collect();
    for metric in
        ["cpu_usage_percent", "memory_usage_bytes", "http_requests_total", "http_request_duration_seconds"]
    {
        assert!(all.contains(metric), "{metric}");
    }
}

#[test]
fn grafana_has_an_address_and_no_password() {
    let settings = read("grafana.ini");
    let value = |key: &str| {
        let lines = settings.lines().filter_map(|line| line.split_once('='));
        lines.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim()).next_back()
    };
    assert!(value("domain").is_some_and(|domain| !domain.is_empty()));
    assert!(value("root_url").is_some_and(|url| url.starts_with("https://") || url.contains("%(domain)s")));
}

#[test]
fn no_deployment_file_holds_a_secret() {
    let files = std::fs::read_dir(deployed("")).expect("the folder").flatten();
    let mut seen = 0;
    for file in files.filter(|file| file.path().is_file()) {
        let text = std::fs::read_to_string(file.path()).expect("text");
        for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            let lower = line.to_lowercase();
            let Some((key, value)) = lower.split_once(['=', ':']) else { continue };
            let names_secret =
                ["password", "secret", "token", "credentials"].iter().any(|word| key.contains(word));
            let value = value.trim().trim_matches(['"', '\'']);
            // Taken from the environment or a file, or nothing at all.
            let is_reference = value.is_empty() || value.starts_with('$') || value.starts_with('/');
            assert!(!names_secret || is_reference, "{}: {line}", file.path().display());
        }
        seen += 1;
    }
    assert!(seen >= 4, "{seen} files");
}
