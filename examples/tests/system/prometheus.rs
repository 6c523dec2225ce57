//! A real Prometheus server that scrapes the service with the deployed configuration.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::alerting::{self, RULES};
use crate::dashboard::{chosen, dashboard, queries, read};
use crate::harness::process::program;
use crate::harness::servers::{NodeExporter, Prometheus};
use crate::harness::service::new_directory;
use crate::harness::wait::{eventually, until};
use crate::harness::{Client, Service};
use crate::roster::shift;

/// The deployed files, with the targets of this test and a second where they say fifteen.
fn configuration(service: &Client, exporter: &NodeExporter, rules: &str) -> (TempDir, PathBuf) {
    changed_configuration(service, exporter, rules, &[])
}

fn changed_configuration(
    service: &Client,
    exporter: &NodeExporter,
    rules: &str,
    changes: &[(&str, &str)],
) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut config = read("prometheus.yml");
    let (service, exporter) = (service.address.to_string(), exporter.address.to_string());
    let always = [
        ("localhost:8000", service.as_str()),
        ("localhost:9100", &exporter),
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
    ];
    for (deployed, here) in always.iter().chain(changes) {
        assert!(config.contains(deployed), "{deployed}");
        config = config.replace(deployed, here);
    }
    let file = directory.path().join("prometheus.yml");
    std::fs::write(&file, config).expect("written");
    std::fs::write(directory.path().join("alerts.yml"), rules).expect("written");
    (directory, file)
}

/// Requests of every kind that the dashboard shows.
fn work(service: &Client) {
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    for start in ["2026-03-02T08:00:00Z", "2026-03-02T09:00:00Z"] {
        let new = shift("A", "Acil Servis", start, "2026-03-02T16:00:00Z");
        service.post("/api/v1/shifts", &new).ok(201);
    }
    service.get("/nothing").problem(404);
}

#[test]
fn every_panel_has_data_and_both_jobs_are_up() {
    let (service, exporter) = (Service::start(&[]), NodeExporter::start());
    let (_directory, config) = configuration(&service, &exporter, &read("alerts.yml"));
    let prometheus = Prometheus::start(&config);
    for job in ["medschedule", "node-exporter"] {
        until(&format!("{job} is up"), || {
            work(&service);
            let up = prometheus.query(&format!("up{{job={job:?}}}"));
            up.len() == 1 && up[0]["value"][1] == "1"
        });
    }
    let has_network = service.get("/metrics").text().contains("\nnetwork_receive_bytes_total{");
    for (title, expression) in queries() {
        // A machine may have no device but the one to itself.
        if expression.contains("network_") && !has_network {
            assert!(prometheus.query(&expression).is_empty(), "{title}: {expression}");
            continue;
        }
        until(&format!("`{title}` has data: {expression}"), || {
            work(&service);
            let series = prometheus.query(&expression);
            let has_value = |series: &Value| {
                let value = series["value"][1].as_str().and_then(|text| text.parse::<f64>().ok());
                value.is_some_and(f64::is_finite)
            };
            !series.is_empty() && series.iter().any(has_value)
        });
    }
    for (name, expected) in
        [("job", "medschedule"), ("instance", &service.address.to_string()), ("endpoint", "/api/v1/shifts")]
    {
        let values = prometheus.label_values(&variable(name));
        assert!(values.iter().any(|value| value == expected), "{name}: {values:?}");
    }
    assert!(!prometheus.query("node_cpu_seconds_total{job=\"node-exporter\"} > 0").is_empty());
    // A mistake in the exposition text would show here.
    let targets = prometheus.get("targets?state=active");
    let targets = targets["activeTargets"].as_array().expect("targets");
    assert_eq!(targets.iter().map(|target| &target["lastError"]).collect::<Vec<_>>(), ["", ""]);

    assert_eq!(rules(&prometheus).len(), read("alerts.yml").matches("- alert:").count());
    until("every rule was evaluated", || rules(&prometheus).iter().all(|rule| rule["health"] == "ok"));
}

/// What a variable of the dashboard asks for: the series, and their label.
fn variable(name: &str) -> (String, String) {
    let dashboard = dashboard();
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let variable = variables.iter().find(|variable| variable["name"] == name).expect("a variable");
    let query = chosen(variable["query"].as_str().expect("a query"));
    let inside = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    let (series, label) = inside.and_then(|inside| inside.rsplit_once(", ")).expect("series and label");
    (series.to_owned(), label.to_owned())
}

#[test]
fn the_deployed_configuration_is_sound_as_it_stands() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("medschedule/deploy/prometheus.yml");
    let checked =
        Command::new(program("promtool", "prometheus")).args(["check", "config"]).arg(file).output();
    let checked = checked.expect("promtool runs");
    let told = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{told}{}", String::from_utf8_lossy(&checked.stderr));
    // With the rules beside it, which it names.
    let rules = read("alerts.yml").matches("- alert:").count();
    assert!(told.contains(&format!("{rules} rules found")), "{told}");
}

fn rules(prometheus: &Prometheus) -> Vec<Value> {
    let groups = prometheus.get("rules");
    let groups = groups["groups"].as_array().expect("groups");
    groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

#[test]
fn its_alerts_are_those_of_the_service() {
    let directory = new_directory();
    let rules = directory.path().join("rules.yml");
    std::fs::write(&rules, RULES).expect("written");
    let service = Service::start_in(&directory, &["--rules", rules.to_str().expect("UTF-8")]);
    let exporter = NodeExporter::start();
    let (_directory, config) = configuration(&service, &exporter, RULES);
    let prometheus = Prometheus::start(&config);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);

    let mut theirs = eventually("Prometheus fires", || {
        let alerts = prometheus.get("alerts")["alerts"].as_array().expect("a list").clone();
        alerts.into_iter().find(|alert| alert["state"] == "firing")
    });
    let mut ours = eventually("the service fires", || {
        alerting::alerts(&service, "SomebodyIsThere").pop().filter(|alert| alert["state"] == "firing")
    });
    // The dashboard draws it over its panels.
    let drawn = dashboard()["annotations"]["list"][0]["target"]["expr"].clone();
    let drawn = prometheus.query(&chosen(drawn.as_str().expect("an expression")));
    assert_eq!(drawn[0]["metric"]["alertname"], "SomebodyIsThere");
    // What only a server that scrapes can know, and when each of them looked.
    for label in ["instance", "job"] {
        assert!(theirs["labels"].as_object_mut().expect("labels").remove(label).is_some());
    }
    for alert in [&mut theirs, &mut ours] {
        let time = alert.as_object_mut().expect("an alert").remove("activeAt");
        assert!(time.is_some_and(|time| time.as_str().is_some_and(|time| time.ends_with('Z'))));
    }
    assert_eq!(ours, theirs);
}

#[test]
fn the_authorization_that_is_commented_out_opens_a_service_with_a_token() {
    let directory = new_directory();
    let token = directory.path().join("token");
    std::fs::write(&token, "0123456789abcdef\n").expect("written");
    let token = token.to_str().expect("UTF-8");
    let service = Service::start_in(&directory, &["--token-file", token]);
    let exporter = NodeExporter::start();
    let changes = [
        ("    # authorization:", "    authorization:"),
        ("    #   credentials_file: ", "      credentials_file: "),
        ("/etc/medschedule/token", token),
    ];
    let (_directory, config) = changed_configuration(&service, &exporter, RULES, &changes);
    let prometheus = Prometheus::start(&config);
    until("the service is scraped", || {
        prometheus.query("up{job=\"medschedule\"}").iter().any(|up| up["value"][1] == "1")
    });
}
