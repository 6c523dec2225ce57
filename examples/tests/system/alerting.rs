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

#[test]
fn a_silence_needs_the_token_holds_and_outlives_the_service() {
    const TOKEN: &str = "0123456789-abcdef-TOKEN";
    let sink = Sink::start();
    let directory = crate::harness::service::new_directory();
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let routes = format!(
        "route: {{receiver: duty, group_by: [alertname], group_wait: 0s, group_interval: 200ms}}
receivers: [{{name: duty, webhook_configs: [{{url: '{}'}}]}}]
",
        sink.url
    );
    let (rules, routes) = (file("rules.yml", RULES), file("alertmanager.yml", &routes));
    let (receivers, token) = (file("receivers.yml", "allow_internal: [127.0.0.1]\n"), file("token", TOKEN));
    let with_routes = ["--rules", &rules, "--alert-routes", &routes, "--alert-receivers", &receivers];
    let guarded = [&with_routes[..], &["--token-file", &token]].concat();
    let silence = json!({
        "matchers": [{ "name": "alertname", "value": "SomebodyIsThere", "isRegex": false }],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2999-01-01T00:00:00Z",
        "createdBy": "duty",
        "comment": "moving beds",
    });

    let mut service = Service::start_in(&directory, &guarded);
    assert_eq!(service.post("/api/v2/silences", &silence).status, 401);
    service = service.with_token(TOKEN);
    let id = service.post("/api/v2/silences", &silence).ok(200)["silenceID"].clone();
    service.stop();

    let service = Service::start_in(&directory, &guarded).with_token(TOKEN);
    let kept = service.get("/api/v2/silences").ok(200);
    assert_eq!((&kept[0]["id"], &kept[0]["status"]["state"]), (&id, &json!("active")), "{kept}");
    service.post("/api/v1/sessions", &json!({ "user": "a" })).ok(201);
    let suppressed = r#"ms_alerts_suppressed_total{reason="silenced"}"#;
    eventually("the alert is silenced", || {
        let metrics = service.get("/metrics");
        let line = metrics.text().lines().find(|line| line.starts_with(suppressed))?.to_owned();
        (!line.ends_with(" 0")).then_some(line)
    });
    assert_eq!(sink.received(), [] as [Value; 0]);

    assert_eq!(service.delete(&format!("/api/v2/silence/{}", id.as_str().expect("an id"))).status, 200);
    eventually("what fires on is told", || sink.received().pop());

    let open = Service::start(&with_routes);
    assert_eq!(open.get("/api/v2/silences").status, 404, "without a token nobody silences");
}
