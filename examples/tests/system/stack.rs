//! The whole system, as `deploy/up` brings it up.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::alerting::RULES;
use crate::dashboard::deployed;
use crate::harness::Client;
use crate::harness::process::free_address;
use crate::harness::wait::until;

/// Ends what was brought up, also if the test fails.
struct Stack(tempfile::TempDir);

impl Stack {
    fn down(&self) -> bool {
        let ended = Command::new(deployed("down")).arg(self.0.path()).output().expect("bash runs");
        ended.status.success()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if self.0.path().join("pids").exists() {
            self.down();
        }
        // As root, PostgreSQL's data lies elsewhere.
        if let Ok(elsewhere) = std::fs::read_link(self.0.path().join("postgres")) {
            let _ = std::fs::remove_dir_all(elsewhere);
        }
    }
}

fn running(directory: &Path) -> Vec<String> {
    let pids = std::fs::read_to_string(directory.join("pids")).expect("what was started");
    let alive = |line: &&str| {
        let pid = line.split(' ').next().expect("a number");
        std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
    };
    pids.lines().filter(alive).map(str::to_owned).collect()
}

#[test]
fn an_alert_goes_from_the_service_to_both_alertmanagers_and_all_ends_in_order() {
    let stack = Stack(tempfile::tempdir().expect("a temporary directory"));
    let directory = stack.0.path();
    let rules = directory.join("rules.yml");
    std::fs::write(&rules, RULES).expect("written");
    let mut up = Command::new(deployed("up"));
    up.arg(directory).env("RULES", &rules).env("INTERVAL", "1s");
    up.env("MEDSCHEDULE", env!("CARGO_BIN_EXE_medschedule"));
    let mut at = |name: &str| {
        let address = free_address();
        up.env(name, address.port().to_string());
        Client::new(address)
    };
    let (service, prometheus) = (at("SERVICE_PORT"), at("PROMETHEUS_PORT"));
    let alertmanagers = [at("ALERTMANAGER_PORT"), at("ALERTMANAGER_2_PORT")];
    for name in ["CLUSTER_PORT", "CLUSTER_2_PORT", "NODE_EXPORTER_PORT", "POSTGRES_PORT", "REDIS_PORT"] {
        at(name);
    }
    let brought = up.output().expect("bash runs");
    let told = String::from_utf8_lossy(&brought.stdout).into_owned();
    assert!(brought.status.success(), "{told}{}", String::from_utf8_lossy(&brought.stderr));
    assert!(told.contains(&format!("http://{}/", service.address)), "{told}");
    assert_eq!(running(directory).len(), 7);
    assert!(!up.output().expect("bash runs").status.success(), "it is up already");
    assert_eq!(running(directory).len(), 7, "and stays so");

    until("both jobs are scraped", || {
        let targets = prometheus.get("/api/v1/targets?state=active").json();
        let up = |target: &Value| target["health"] == "up";
        targets["data"]["activeTargets"].as_array().is_some_and(|all| all.len() == 2 && all.iter().all(up))
    });
    until("the Alertmanagers know of each other", || {
        let status = alertmanagers[0].get("/api/v2/status").json();
        status["cluster"]["peers"].as_array().is_some_and(|peers| peers.len() == 2)
    });
    let health = service.get("/health").ok(200);
    assert_eq!(
        (&health["database"]["status"], &health["cache"]["status"]),
        (&json!("healthy"), &json!("healthy")),
        "{health}"
    );
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    for alertmanager in &alertmanagers {
        until("the alert arrives", || {
            let alerts = alertmanager.get("/api/v2/alerts").json();
            alerts.as_array().is_some_and(|alerts| {
                alerts.iter().any(|alert| alert["labels"]["alertname"] == "SomebodyIsThere")
            })
        });
    }
    assert!(stack.down());
    assert!(!directory.join("pids").exists() && service.try_get("/health").is_err());
    let log = std::fs::read_to_string(directory.join("service/logs/medschedule.log")).expect("a log");
    assert!(log.contains("service_stopped"), "{log}");
    assert!(!stack.down(), "nothing is up any more");
}
