//! Alerts: seen in the API, delivered to a webhook, and taken back.

use serde_json::{Value, json};

use crate::harness::sink::Sink;
use crate::harness::wait::{eventually, until};
use crate::harness::{Client, Service};

/// Fires as soon as somebody signs in.
pub const RULES: &str = r#"groups:
  - name: test
    interval: 200ms
    rules:
      - alert: SomebodyIsThere
        expr: active_users_total > 0
        labels:
          severity: info
        annotations:
          summary: "{{ $value }} signed in"
      - alert: NobodyEverComes
        expr: active_users_total > 1000000
"#;

/// The alerts of that name in an answer in Prometheus's shape.
pub fn alerts(client: &Client, name: &str) -> Vec<Value> {
    let answer = client.get("/api/v1/alerts").ok(200);
    assert_eq!(answer["status"], "success", "{answer}");
    let all = answer["data"]["alerts"].as_array().expect("a list");
    all.iter().filter(|alert| alert["labels"]["alertname"] == name).cloned().collect()
}

#[test]
fn a_firing_alert_is_shown_delivered_and_resolved() {
    let sink = Sink::start();
    let directory = crate::harness::service::new_directory();
    let rules = directory.path().join("rules.yml");
    std::fs::write(&rules, RULES).expect("written");
    let rules = rules.to_str().expect("UTF-8");
    let service = Service::start_in(&directory, &["--rules", rules, "--webhook", &sink.url]);
    assert_eq!(alerts(&service, "SomebodyIsThere"), [] as [Value; 0]);

    let session = service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    let alert = eventually("the alert fires", || {
        alerts(&service, "SomebodyIsThere").pop().filter(|alert| alert["state"] == "firing")
    });
    assert_eq!(alert["labels"], json!({ "alertname": "SomebodyIsThere", "severity": "info" }));
    assert_eq!(alert["annotations"], json!({ "summary": "1 signed in" }));
    assert_eq!(alert["value"], "1e+00");
    let since: jiff::Timestamp =
        alert["activeAt"].as_str().and_then(|time| time.parse().ok()).expect("a time");
    assert!(since <= jiff::Timestamp::now(), "{alert}");

    let delivered = |status: &str| {
        sink.received().into_iter().find(|sent| {
            sent["status"] == status && sent["alerts"][0]["labels"]["alertname"] == "SomebodyIsThere"
        })
    };
    let firing = eventually("the alert is delivered", || delivered("firing"));
    assert_eq!(firing["alerts"][0]["labels"]["severity"], "info", "{firing}");
    assert_eq!(firing["alerts"][0]["annotations"]["summary"], "1 signed in", "{firing}");

    service.delete(&format!("/api/v1/sessions/{}", session["id"].as_str().expect("an id")));
    until("the alert is taken back", || alerts(&service, "SomebodyIsThere").is_empty());
    eventually("its end is delivered", || delivered("resolved"));
    assert_eq!(alerts(&service, "NobodyEverComes"), [] as [Value; 0]);
}

#[test]
fn rules_are_read_again_at_a_hangup() {
    let sink = Sink::start();
    let directory = crate::harness::service::new_directory();
    std::fs::create_dir(directory.path().join("rules")).expect("made");
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join("rules").join(name), text).expect("written");
    };
    write("a.yml", RULES);
    let pattern = directory.path().join("rules/*.yml");
    let arguments = ["--rules", pattern.to_str().expect("UTF-8"), "--webhook", &sink.url];
    let service = Service::start_in(&directory, &arguments);
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    let is_firing = |name: &str| alerts(&service, name).iter().any(|alert| alert["state"] == "firing");
    until("the alert fires", || is_firing("SomebodyIsThere"));

    write("b.yml", &RULES.replace("SomebodyIsThere", "SomebodyIsHere").replace("> 0", ">"));
    service.signal("HUP");
    let log = || std::fs::read_to_string(service.log_file()).unwrap_or_default();
    until("bad rules are refused", || log().contains("rules refused"));
    assert!(is_firing("SomebodyIsThere"), "the old rules run on");

    write("b.yml", &RULES.replace("SomebodyIsThere", "SomebodyIsHere"));
    write("a.yml", "groups: []\n");
    service.signal("HUP");
    until("the new alert fires", || is_firing("SomebodyIsHere"));
    assert_eq!(alerts(&service, "SomebodyIsThere"), [] as [Value; 0]);
    eventually("the end of the old one is delivered", || {
        sink.received().into_iter().find(|sent| {
            sent["status"] == "resolved" && sent["alerts"][0]["labels"]["alertname"] == "SomebodyIsThere"
        })
    });
    // The log is written behind the reload.
    until("the reload is logged", || log().contains("rules_reloaded"));
}

#[test]
fn a_broken_rules_file_is_refused_by_file_and_line() {
    let directory = crate::harness::service::new_directory();
    let rules = directory.path().join("rules.yml");
    std::fs::write(&rules, RULES.replace("active_users_total > 0", "active_users_total >")).expect("written");
    let mut service = crate::harness::service::command(directory.path());
    let ended = service.arg("--rules").arg(&rules).output().expect("it starts");
    let message = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "{message}");
    let place = format!("{}:6", rules.display());
    assert!(message.contains(&place) && message.contains("SomebodyIsThere"), "{place}: {message}");
}

/// Python's aiosmtpd, until it is dropped.
struct MailServer {
    child: std::process::Child,
    lines: std::io::Lines<std::io::BufReader<std::process::ChildStdout>>,
    port: String,
}

impl MailServer {
    fn start() -> Self {
        use std::io::BufRead as _;
        let script = include_str!("../../../crates/ms-alerts/tests/it/email/server.py");
        let mut child = std::process::Command::new("python3")
            .args(["-W", "ignore", "-c", script, "no certificate", "no key", "plain"])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("python3; apt-get install -y python3");
        let mut lines = std::io::BufReader::new(child.stdout.take().expect("piped")).lines();
        let port =
            lines.next().expect("the mail server starts; pip install aiosmtpd==1.4.6").expect("a port");
        Self { child, lines, port }
    }

    fn message(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().expect("a message").expect("a line")).expect("JSON")
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn routes_lead_alerts_to_receivers_over_http_and_by_mail() {
    let (sink, mut mail) = (Sink::start(), MailServer::start());
    let directory = crate::harness::service::new_directory();
    let file = |name: &str, text: String| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let rules = file("rules.yml", RULES.to_owned());
    let routes = format!(
        "global: {{smtp_smarthost: '127.0.0.1:{}', smtp_from: alerts@example.org, smtp_require_tls: false}}
route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 0s
  group_interval: 200ms
  routes: [{{matchers: [severity = info], receiver: duty}}]
receivers:
  - name: nobody
  - name: duty
    webhook_configs: [{{url: '{}'}}]
    email_configs: [{{to: duty@example.org, headers: {{Subject: '{{{{ .Status }}}} {{{{ .CommonLabels.alertname }}}}'}}, send_resolved: true}}]
",
        mail.port, sink.url
    );
    let routes = file("alertmanager.yml", routes);
    let receivers = file("receivers.yml", "allow_internal: [127.0.0.1]\n".to_owned());
    let arguments = ["--rules", &rules, "--alert-routes", &routes, "--alert-receivers", &receivers];
    let service = Service::start_in(&directory, &arguments);
    let session = service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    let subject = |message: &Value| {
        let headers = message["headers"].as_array().expect("a list").clone();
        headers.into_iter().find(|header| header[0] == "Subject").expect("a subject")[1].clone()
    };
    let message = mail.message();
    assert_eq!(
        (subject(&message), &message["to"]),
        (json!("firing SomebodyIsThere"), &json!(["duty@example.org"]))
    );
    let delivered = |status: &str| sink.received().into_iter().find(|sent| sent["status"] == status);
    let firing = eventually("the group is delivered", || delivered("firing"));
    assert_eq!(firing["receiver"], "duty");
    assert_eq!(firing["groupLabels"], json!({ "alertname": "SomebodyIsThere" }));

    service.delete(&format!("/api/v1/sessions/{}", session["id"].as_str().expect("an id")));
    assert_eq!(subject(&mail.message()), "resolved SomebodyIsThere");
    eventually("its end is delivered", || delivered("resolved"));
}
