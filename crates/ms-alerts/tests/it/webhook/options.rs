//! What goes along with a request, and what stands in it.

use std::process::Command;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use ms_alerts::{AlertManager, AlertRule, Sink as _, WebhookError, WebhookSink, above};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{SECRET, notification, serve};

type Requests = mpsc::UnboundedReceiver<(HeaderMap, String)>;

/// Takes everything, and shows it.
async fn receiver() -> (String, Requests) {
    let (requests, seen) = mpsc::unbounded_channel();
    let app = Router::new().fallback(move |headers: HeaderMap, body: String| {
        requests.send((headers, body)).unwrap();
        std::future::ready(StatusCode::OK)
    });
    (serve(app).await, seen)
}

/// What Python's standard library computes.
fn python_hmac(key: &str, signed: &str) -> String {
    const SCRIPT: &str = "import base64, hashlib, hmac, sys
mac = hmac.new(base64.b64decode(sys.argv[1]), sys.argv[2].encode(), hashlib.sha256)
print('v1,' + base64.b64encode(mac.digest()).decode(), end='')";
    let output = Command::new("python3")
        .args(["-c", SCRIPT, key, signed])
        .output()
        .unwrap_or_else(|error| panic!("python3: {error}; apt-get install -y python3"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_signature_covers_id_time_and_body() {
    let key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let (url, mut seen) = receiver().await;
    let sink = WebhookSink::internal(&url).unwrap().signed(&format!("whsec_{key}")).unwrap();
    let notification = notification().await;
    sink.send(notification.clone()).await.unwrap();
    let (headers, body) = seen.recv().await.unwrap();
    let text = |name: &str| headers[name].to_str().unwrap();
    assert_eq!((text("webhook-id"), text("idempotency-key")), (notification.id(), notification.id()));
    let time: i64 = text("webhook-timestamp").parse().unwrap();
    assert!((jiff_now() - time).abs() < 60, "{time}");
    let signed = format!("{}.{time}.{body}", notification.id());
    assert_eq!(text("webhook-signature"), python_hmac(key, &signed));
}

fn jiff_now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

#[tokio::test]
async fn headers_of_ones_own_go_along_and_the_last_credentials_win() {
    let (url, mut seen) = receiver().await;
    let sink = WebhookSink::internal(&url)
        .unwrap()
        .bearer("older")
        .unwrap()
        .basic("duty", "Aladdin:ş")
        .unwrap()
        .header("X-Api-Key", SECRET)
        .unwrap();
    assert!(!format!("{sink:?}").contains(SECRET));
    sink.send(notification().await).await.unwrap();
    let (headers, _) = seen.recv().await.unwrap();
    // echo -n 'duty:Aladdin:ş' | base64
    assert_eq!(headers["authorization"], "Basic ZHV0eTpBbGFkZGluOsWf");
    assert_eq!(headers["x-api-key"], SECRET);
    let sink = || WebhookSink::internal(&url).unwrap();
    for name in ["Host", "content-type", "Idempotency-Key", "webhook-signature", "a b", "", "ü"] {
        assert_eq!(sink().header(name, SECRET).unwrap_err(), WebhookError::Header { name: name.to_owned() });
    }
    for refused in [
        sink().header("X-Key", "S3CR3T\r\nX-Other: 1").unwrap_err(),
        sink().basic("a:b", SECRET).unwrap_err(),
        sink().basic("a", "S3CR3T\n").unwrap_err(),
        sink().signed(SECRET).unwrap_err(),
    ] {
        assert!(!format!("{refused} {refused:?}").contains(SECRET), "{refused:?}");
    }
}

#[tokio::test]
async fn a_template_gives_the_body_and_no_label_breaks_it() {
    let (url, mut seen) = receiver().await;
    let template = r#"{"routing_key": "k", "event_action": "{{ if eq .Status "firing" }}trigger{{ else }}resolve{{ end }}",
        "dedup_key": {{ .GroupKey }}, "summary": "{{ .CommonAnnotations.summary }}", "details": {{ toJson .CommonLabels }}}"#;
    let sink = WebhookSink::internal(&url).unwrap().body_template(template).unwrap();
    let rule = AlertRule::new("HighCpu", above(), 90.0)
        .metric("cpu")
        .annotation("summary", "{{ $value }} \", \"event_action\": \"resolve\" \\ \n");
    let manager = AlertManager::builder().rule(rule).sink(sink).build().unwrap();
    manager.check_alerts(&[("cpu", 95.5)]).await;
    manager.check_alerts(&[("cpu", 1.0)]).await;
    let bodies = [seen.recv().await.unwrap().1, seen.recv().await.unwrap().1];
    let [fired, resolved] = bodies.map(|body| serde_json::from_str::<Value>(&body).unwrap());
    assert_eq!(fired["summary"], "95.5 \", \"event_action\": \"resolve\" \\ \n");
    assert_eq!((&fired["event_action"], &resolved["event_action"]), (&json!("trigger"), &json!("resolve")));
    assert_eq!(fired["details"], json!({"alertname": "HighCpu"}));
    assert_eq!(fired["dedup_key"], resolved["dedup_key"]);
}

#[tokio::test]
async fn a_template_that_fails_for_an_alert_gives_way_to_alertmanagers_body() {
    let (url, mut seen) = receiver().await;
    // There is such a label in what it is tried with.
    let template = r#"{"a": {{ (index .Alerts 1).Status }}}"#;
    let sink = WebhookSink::internal(&url).unwrap().body_template(template).unwrap();
    let notification = notification().await;
    sink.send(notification.clone()).await.unwrap();
    let body: Value = serde_json::from_str(&seen.recv().await.unwrap().1).unwrap();
    assert_eq!((&body["version"], &body["notification_id"]), (&json!("4"), &json!(notification.id())));
}

#[tokio::test]
async fn who_does_not_want_the_end_is_not_told() {
    let (url, mut seen) = receiver().await;
    let sink = WebhookSink::internal(&url).unwrap().send_resolved(false);
    let rule = AlertRule::new("HighCpu", above(), 90.0).metric("cpu").window(std::time::Duration::ZERO);
    let manager = AlertManager::builder().rule(rule).sink(sink).external_url("http://here").build().unwrap();
    for value in [95.0, 1.0, 96.0] {
        manager.check_alerts(&[("cpu", value)]).await;
    }
    assert_eq!(manager.shutdown(std::time::Duration::from_secs(60)).await.undelivered, 0);
    drop(manager);
    let mut told = Vec::new();
    while let Ok((_, body)) = seen.try_recv() {
        told.push(serde_json::from_str::<Value>(&body).unwrap());
    }
    assert!(!told.is_empty() && told.iter().all(|body| body["status"] == "firing"), "{told:?}");
    assert_eq!(told[0]["externalURL"], "http://here");
    let link = told[0]["alerts"][0]["generatorURL"].as_str().unwrap();
    assert!(link.starts_with("http://here/graph?g0.expr=cpu"), "{link}");
}
