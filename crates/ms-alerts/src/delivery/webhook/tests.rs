use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::*;
use crate::alert::Alert;
use crate::delivery::notification::Grouped;
use crate::labels::Labels;
use crate::state::State;

/// What a real Alertmanager posts of these alerts.
fn alertmanager_posts(alerts: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let hook = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = json!({
        "route": {"receiver": "duty", "group_by": ["alertname"], "group_wait": "1s"},
        "receivers": [{"name": "duty", "webhook_configs": [{"url": format!("http://{}", hook.local_addr().unwrap())}]}],
    });
    let file = folder.path().join("alertmanager.yml");
    std::fs::write(&file, config.to_string()).unwrap();
    let mut child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", folder.path().display()))
        .args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="])
        .arg("--web.external-url=http://alerts.example.org")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("prometheus-alertmanager: {error}; apt-get install -y prometheus-alertmanager")
        });
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let behind = line.split_once("msg=\"Listening on\"")?.1.split_once("address=")?.1;
        Some(behind.split_whitespace().next()?.to_owned())
    });
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    let exchange = || {
        let mut connection = std::net::TcpStream::connect(address?).ok()?;
        let (body, mut answer) = (alerts.to_string(), String::new());
        let head = "POST /api/v2/alerts HTTP/1.0\r\nContent-Type: application/json";
        write!(connection, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
        connection.read_to_string(&mut answer).ok()?;
        let (mut posted, _) = answer.contains(" 200 ").then(|| hook.accept().ok())??;
        let mut reader = BufReader::new(posted.try_clone().ok()?);
        let head: Vec<String> =
            reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().ok()?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        posted.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
        serde_json::from_slice(&body).ok()
    };
    let posted = exchange();
    let _ = child.kill();
    let _ = child.wait();
    posted.expect("Alertmanager has posted")
}

fn alert(labels: &[(&str, &str)], summary: &str, ended: bool) -> Alert {
    let start: Timestamp = "2026-03-02T08:00:00.25Z".parse().unwrap();
    Alert {
        rule: "Queue".to_owned(),
        state: if ended { State::Resolved } else { State::Firing },
        value: 7.0,
        labels: labels.iter().copied().collect(),
        annotations: [("summary", summary), ("runbook", "http://wiki/<queue>")].into_iter().collect(),
        active_at: start,
        fired_at: Some(start),
        resolved_at: ended.then(|| start + jiff::SignedDuration::from_secs(90)),
        generator_url: "http://prometheus/graph?g0.expr=queue+%3E+5&g0.tab=1".to_owned(),
    }
}

fn group(alerts: Vec<Alert>) -> Arc<Notification> {
    let grouped = Grouped {
        receiver: "duty".into(),
        key: "{}:{alertname=\"Queue\"}".into(),
        labels: Labels::from_iter([("alertname", "Queue")]),
        alerts,
        external_url: "http://alerts.example.org".into(),
        occasion: 0,
    };
    Arc::new(Notification::group(grouped).unwrap())
}

fn json_of(notification: &Notification) -> Value {
    serde_json::from_slice(&body::of(notification, "webhook").unwrap()).unwrap()
}

#[test]
fn the_body_of_a_group_is_the_one_that_a_real_alertmanager_posts() {
    let mut alerts = vec![
        alert(&[("alertname", "Queue"), ("team", "icu"), ("bed", "2")], "<b>&\"two\"\n", false),
        alert(&[("alertname", "Queue"), ("team", "icu"), ("bed", "10")], "ten", false),
        alert(&[("alertname", "Queue"), ("team", "icu"), ("job", "x"), ("Bett", "ä")], "job", false),
        alert(&[("alertname", "Queue"), ("team", "icu")], "none", false),
    ];
    // A group with one that began long ago would be sent before the others have come.
    let now = Timestamp::now().round(jiff::Unit::Millisecond).unwrap();
    alerts.iter_mut().for_each(|alert| alert.active_at = now);
    let posted: Vec<Value> = alerts
        .iter()
        .map(|alert| {
            json!({
                "labels": alert.labels,
                "annotations": alert.annotations,
                "startsAt": alert.active_at.to_string(),
                "generatorURL": alert.generator_url,
            })
        })
        .collect();
    let theirs = alertmanager_posts(&Value::from(posted));
    let mut ours = json_of(&group(alerts));
    // The one field that is ours.
    assert!(ours.as_object_mut().unwrap().remove("notification_id").is_some());
    assert_eq!(ours, theirs);
}

#[test]
fn a_limit_and_the_wish_for_no_ends_keep_the_rest_true() {
    let told = group(vec![
        alert(&[("alertname", "Queue"), ("bed", "1")], "one", true),
        alert(&[("alertname", "Queue"), ("bed", "2")], "two", false),
        alert(&[("alertname", "Queue"), ("bed", "3")], "three", false),
    ]);
    let limited = told.limited(false, 1).unwrap();
    let body = json_of(&limited);
    assert_eq!((limited.id(), limited.key()), (told.id(), told.key()));
    assert_eq!((&body["truncatedAlerts"], &body["status"]), (&json!(1), &json!("firing")));
    assert_eq!(body["commonLabels"], json!({"alertname": "Queue", "bed": "2"}));
    assert_eq!(body["alerts"].as_array().map(Vec::len), Some(1));
    assert!(Arc::ptr_eq(&told.limited(true, 3).unwrap(), &told));
    let ended = group(vec![alert(&[("bed", "1")], "one", true)]);
    assert!(ended.limited(false, 3).is_none() && ended.limited(true, 0).is_some());
}

#[test]
fn what_is_too_large_is_cut_to_ten_alerts_without_texts() {
    let beds: Vec<String> = (10..25).map(|bed| bed.to_string()).collect();
    let alerts =
        beds.iter().map(|bed| alert(&[("alertname", "Queue"), ("bed", bed)], "long", false)).collect();
    let body = json_of(&group(alerts).shortened());
    assert_eq!((&body["truncatedAlerts"], &body["commonAnnotations"]), (&json!(5), &json!({})));
    let sent = body["alerts"].as_array().unwrap();
    assert!(sent.len() == 10 && sent.iter().all(|alert| alert["annotations"] == json!({})), "{sent:?}");
}
