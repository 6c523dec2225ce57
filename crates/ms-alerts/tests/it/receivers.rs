//! Receivers of a file: what is read becomes sinks, what is not is told with its place.

use std::path::Path;
use std::process::Command;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use ms_alerts::{AlertManager, AlertRule, Receivers, RouteFileError, Routes, above};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Everything that is supported, in the file of Alertmanager.
const FULL: &str = include_str!("receivers/alertmanager.yml");
/// And in the one beside it.
const OWN: &str = include_str!("receivers/own.yml");

fn check(text: &str, own: Option<&str>) -> Result<Receivers, RouteFileError> {
    Receivers::parse("am.yml", text, own.map(|own| ("own.yml", own)))
}

#[test]
fn a_file_with_everything_that_is_supported_is_one_that_amtool_accepts_too() {
    let receivers = check(FULL, Some(OWN)).unwrap();
    assert_eq!(receivers.names(), ["duty", "pager", "nobody"]);
    assert!(!format!("{receivers:?}").contains("S3CR3T"));
    let routes = Routes::parse("am.yml", FULL).unwrap();
    AlertManager::builder().routes(routes).receivers(receivers).build().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("am.yml");
    std::fs::write(&file, FULL).unwrap();
    let output = Command::new("amtool")
        .arg("check-config")
        .arg(&file)
        .output()
        .unwrap_or_else(|error| panic!("amtool: {error}; apt-get install -y prometheus-alertmanager"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_is_wrong_or_not_supported_is_told_by_name_and_place() {
    let mut wrong = Vec::new();
    for (from, to, expected) in [
        ("max_alerts: 10", "max_alert: 10", "am.yml:35:9: unknown field `max_alert`"),
        ("channel: \"#duty\"", "pretext: x", "unknown field `pretext`"),
        ("slack_configs:", "pagerduty_configs:", "unknown field `pagerduty_configs`"),
        ("resolve_timeout: 5m", "opsgenie_api_key: S3CR3T", "am.yml:2:3: unknown field `opsgenie_api_key`"),
        ("headers: {Subject: \"{{ .Status }}\"}", "html: x", "unknown field `html`"),
        ("follow_redirects: false", "follow_redirects: true", "redirects are never followed"),
        ("follow_redirects: false", "bearer_token: S3CR3T", "at most one of"),
        (
            "\"{{ .CommonLabels.alertname }}\"",
            "'{{ template \"x\" . }}'",
            "template: 1:4: `template` is not supported",
        ),
        ("https://pager.example.org/S3CR3T", "S3CR3T", "the URL is not an http or https URL"),
        ("https://pager.example.org/S3CR3T", "http://10.0.0.1/S3CR3T", "must be among `allow_internal`"),
        ("url: \"https://other.example.org/\"", "max_alerts: 3", "`url` or `url_file` is missing"),
        ("url: \"https://other.example.org/\"", "url_file: no-such-file", "cannot read no-such-file: "),
        ("smtp.example.org:587", "smtp.example.org", "expected host and port"),
        ("smtp.example.org:587", "10.0.0.1:587", "must be among `allow_internal`"),
        ("duty@example.org, Second", "duty@example.org, S3CR3T, Second", "receiver 2 is not a mailbox"),
        ("alerts@example.org>", "alerts", "the sender is not a mailbox"),
        ("smtp_auth_password: S3CR3T", "smtp_require_tls: false", "a password is never sent without TLS"),
        (
            "auth_password: S3CR3T\n        send",
            "auth_password: S3CR3T\n        auth_password_file: x\n        send",
            "stand beside each other",
        ),
        ("- name: nobody", "- name: pager", "receiver `pager` is repeated"),
    ] {
        let text = FULL.replacen(from, to, 1);
        assert_ne!(text, FULL, "{from}");
        let error = check(&text, Some(OWN)).unwrap_err().to_string();
        if !error.contains(expected) || !error.starts_with("am.yml:") || error.contains("S3CR3T") {
            wrong.push(format!("{to}: {error}"));
        }
    }
    for (from, to, expected) in [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "S3CR3T", "own.yml:5:25: the secret for signatures"),
        (
            "{{ .CommonAnnotations.summary }}}'",
            "{{ .Nope }}}'",
            "own.yml:6:24: template: cannot be filled in",
        ),
        ("X-Key", "Host", "own.yml:7:25: the header `Host` cannot be set"),
        ("- name: pager", "- name: other", "own.yml:3:11: receiver `other` is not among"),
        ("resend_interval: 30s", "resend_interval: 0s", "own.yml:11:26: expected a duration"),
        ("127.0.0.1]", "127.0.0.2]", "must be among `allow_internal`"),
        ("am-1.hospital.intern, ", "", "must be among `allow_internal`"),
        ("headers: {X-Key: S3CR3T}\n", "\n      - {}\n      - {}\n", "has fewer `webhook_configs`"),
        ("allow_internal", "allow", "own.yml:1:1: unknown field `allow`"),
    ] {
        let own = OWN.replacen(from, to, 1);
        assert_ne!(own, OWN, "{from}");
        let error = check(FULL, Some(&own)).unwrap_err().to_string();
        if !error.contains(expected) || !error.starts_with("own.yml:") || error.contains("S3CR3T") {
            wrong.push(format!("{to}: {error}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let missing = Receivers::read("no-such-file.yml", None).unwrap_err();
    assert!(matches!(missing, RouteFileError::Read { file, .. } if file == "no-such-file.yml"));
    let missing = Receivers::read(Path::new("Cargo.toml"), Some(Path::new("no-such-own.yml"))).unwrap_err();
    assert!(matches!(missing, RouteFileError::Read { file, .. } if file == "no-such-own.yml"));
}

#[tokio::test]
async fn alerts_reach_the_receiver_of_their_route_with_secrets_from_files() {
    let (requests, mut seen) = mpsc::unbounded_channel();
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
        requests.send((headers, body)).unwrap();
        std::future::ready(StatusCode::OK)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    file("url", &format!("http://{address}/hook\n"));
    file("password", "  p4ss \n");
    file("key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let text = "
route: {receiver: nobody, group_wait: 0s, routes: [{matchers: [severity=page], receiver: pager, group_by: [alertname]}]}
receivers:
  - name: nobody
  - name: pager
    webhook_configs:
      - url_file: url
        http_config: {basic_auth: {username: u, password_file: password}}
";
    let path = file("routes.yml", text);
    let own = file(
        "own.yml",
        "allow_internal: [127.0.0.1]\nreceivers: [{name: pager, webhook_configs: [{signing_secret_file: key}]}]\n",
    );
    let rule = |name: &str, severity: &str| AlertRule::new(name, above(), 1.0).metric("x").severity(severity);
    let manager = AlertManager::builder()
        .rule(rule("Quiet", "info"))
        .rule(rule("Loud", "page"))
        .routes(Routes::read(&path).unwrap())
        .receivers(Receivers::read(&path, Some(&own)).unwrap())
        .build()
        .unwrap();
    manager.check_alerts(&[("x", 2.0)]).await;
    let (headers, body) = seen.recv().await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["receiver"], &body["groupLabels"]["alertname"]), (&"pager".into(), &"Loud".into()));
    // echo -n 'u:p4ss' | base64
    assert_eq!(headers["authorization"], "Basic dTpwNHNz");
    assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
    assert_eq!(headers["idempotency-key"], body["notification_id"].as_str().unwrap());
    assert!(seen.try_recv().is_err(), "nobody hears of the other");
}
