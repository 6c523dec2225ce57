//! Silences, in code and by Alertmanager's own tool.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ms_alerts::{
    AlertManager, AlertManagerBuilder, AlertRule, Notification, Routes, SendFuture, SilenceError, Sink,
    above, parse_exposition,
};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tower::ServiceExt as _;

struct Telling(mpsc::UnboundedSender<Arc<Notification>>);

impl Sink for Telling {
    fn name(&self) -> &str {
        "telling"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        let _ = self.0.send(notification);
        Box::pin(std::future::ready(Ok(())))
    }
}

const ROUTES: &str = "
route: {receiver: duty, group_by: ['...'], group_wait: 1s, group_interval: 10s}
receivers: [{name: duty}]
";

fn builder() -> (AlertManagerBuilder, mpsc::UnboundedReceiver<Arc<Notification>>) {
    let (sender, heard) = mpsc::unbounded_channel();
    let rule = AlertRule::new("Full", above(), 90.0).metric("ward").window(Duration::from_secs(3600));
    let routes = Routes::parse("routes.yml", ROUTES).unwrap();
    (AlertManager::builder().rule(rule).routes(routes).receiver("duty", Telling(sender)), heard)
}

fn hours(hours: i64) -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(hours)
}

#[tokio::test(start_paused = true)]
async fn a_silenced_alert_is_told_once_the_silence_is_over() {
    let (builder, mut heard) = builder();
    let manager = builder.build().unwrap();
    let id = manager.silence("ward=~\"1|3\"", hours(2), "Ayşe", "moving").unwrap();
    let samples = parse_exposition("ward{ward=\"1\"} 95\nward{ward=\"2\"} 95\n").unwrap();
    manager.check_samples(&samples).await;
    assert_eq!(heard.recv().await.unwrap().alert().labels.get("ward"), Some("2"));
    assert!(timeout(Duration::from_secs(3600), heard.recv()).await.is_err());
    manager.expire_silence(&id).unwrap();
    assert_eq!(heard.recv().await.unwrap().alert().labels.get("ward"), Some("1"));
}

#[tokio::test]
async fn silences_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let manager = builder().0.journal(&journal).build().unwrap();
    let kept = manager.silence("ward=\"1\"", hours(1), "a", "b").unwrap();
    let ended = manager.silence("ward!=\"1\",alertname=\"ü\\\"\\n\"", hours(1), "a", "b").unwrap();
    manager.expire_silence(&ended).unwrap();
    manager.check_samples(&parse_exposition("").unwrap()).await;
    manager.shutdown(Duration::from_secs(20)).await;
    let before = manager.silences();
    drop(manager);
    let manager = builder().0.journal(&journal).build().unwrap();
    assert_eq!(manager.silences(), before);
    let active: Vec<_> = before
        .iter()
        .filter(|silence| silence.is_active_at(Timestamp::now()))
        .map(|silence| &silence.id)
        .collect();
    assert_eq!(active, [&kept]);
}

#[test]
fn what_can_be_no_silence_is_told() {
    let manager = builder().0.build().unwrap();
    let error = |matchers: &str, until| manager.silence(matchers, until, "a", "b").unwrap_err();
    assert!(matches!(error("ward", hours(1)), SilenceError::Matchers(_)));
    for all in ["", "{}", "ward=~\".*\"", "ward!=\"1\""] {
        assert!(matches!(error(all, hours(1)), SilenceError::Matchers(_)), "{all}");
    }
    assert_eq!(error("ward=1", hours(-1)), SilenceError::Time);
    assert_eq!(manager.expire_silence("x"), Err(SilenceError::NotFound("x".to_owned())));
    assert_eq!(AlertManager::new().silence("a=b", hours(1), "a", "b"), Err(SilenceError::NoRoutes));
}

fn amtool(address: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("amtool")
        .arg("silence")
        .args(arguments)
        .arg(format!("--alertmanager.url=http://{address}"))
        .env("HOME", Path::new("/nonexistent"))
        .output()
        .unwrap_or_else(|error| panic!("amtool: {error}; apt-get install -y prometheus-alertmanager"));
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amtool_makes_finds_changes_and_ends_silences() {
    let manager = builder().0.build().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = tokio::spawn(axum::serve(listener, manager.silences_router::<()>()).into_future());
    let asked = manager.clone();
    let work = tokio::task::spawn_blocking(move || {
        let add = |matchers: &[&str]| {
            let arguments =
                [&["add", "--author=me", "--comment=moving beds", "--duration=1h"], matchers].concat();
            let (worked, text) = amtool(&address, &arguments);
            assert!(worked, "{text}");
            text.trim().to_owned()
        };
        let one = add(&["alertname=Full", "ward=~1|2"]);
        let other = add(&["ward!=3", "alertname=Empty"]);
        let known = asked.silences();
        assert_eq!(known.len(), 2);
        let silence = known.iter().find(|silence| silence.id == one).unwrap();
        assert_eq!(silence.matchers.to_string(), "{alertname=\"Full\", ward=~\"1|2\"}");
        assert_eq!((silence.created_by.as_str(), silence.comment.as_str()), ("me", "moving beds"));

        let (worked, all) = amtool(&address, &["query", "-q"]);
        assert!(worked && all.contains(&one) && all.contains(&other), "{all}");
        let (worked, some) = amtool(&address, &["query", "-q", "alertname=Full"]);
        assert!(worked && some.trim() == one, "{some}");

        let (worked, text) = amtool(&address, &["update", "--duration=3h", &one]);
        assert!(worked, "{text}");
        let (worked, text) = amtool(&address, &["expire", &other]);
        assert!(worked, "{text}");
        let (worked, left) = amtool(&address, &["query", "-q"]);
        assert!(worked && !left.contains(&other), "{left}");
        let (worked, ended) = amtool(&address, &["query", "--expired", "-q"]);
        assert!(worked && ended.contains(&other), "{ended}");
        let (worked, text) = amtool(&address, &["expire", "4a4e1e9c-7b1c-4f0f-8a53-0f6a4b1f9d11"]);
        assert!(!worked, "{text}");
        let now = Timestamp::now();
        let active: Vec<_> =
            asked.silences().into_iter().filter(|silence| silence.is_active_at(now)).collect();
        assert_eq!(active.len(), 1);
        assert!(active[0].ends_at > hours(2));
    });
    work.await.unwrap();
    server.abort();
}

#[tokio::test]
async fn what_is_no_silence_is_refused_over_http() {
    let manager = builder().0.build().unwrap();
    let ask = |method: &str, path: &str, body: String| {
        let request = axum::http::Request::builder().method(method).uri(path);
        let request =
            request.header("content-type", "application/json").body(axum::body::Body::from(body)).unwrap();
        let router = manager.silences_router::<()>();
        async move { router.oneshot(request).await.unwrap().status().as_u16() }
    };
    let silence = |matchers: &str, ends: &str| {
        format!(
            "{{\"matchers\":{matchers},\"startsAt\":\"2026-01-01T00:00:00Z\",\"endsAt\":\"{ends}\",\
             \"createdBy\":\"a\",\"comment\":\"b\"}}"
        )
    };
    let one = "[{\"name\":\"a\",\"value\":\"b\",\"isRegex\":false}]";
    for (body, status) in [
        (silence(one, "2099-01-01T00:00:00Z"), 200),
        (silence(one, "2026-01-02T00:00:00Z"), 400),
        (silence(one, "tomorrow"), 400),
        (silence("[]", "2099-01-01T00:00:00Z"), 422),
        (silence("[{\"name\":\"a-b\",\"value\":\"b\",\"isRegex\":false}]", "2099-01-01T00:00:00Z"), 422),
        (silence("[{\"name\":\"a\",\"value\":\"(\",\"isRegex\":true}]", "2099-01-01T00:00:00Z"), 422),
        ("{".to_owned(), 400),
        (" ".repeat(65 * 1024), 413),
    ] {
        let shown: String = body.chars().take(120).collect();
        assert_eq!(ask("POST", "/api/v2/silences", body).await, status, "{shown}");
    }
    for (method, path, status) in [
        ("GET", "/api/v2/silences", 200),
        ("GET", "/api/v2/silences?filter=a%3Db", 200),
        ("GET", "/api/v2/silences?filter=%3D", 400),
        ("GET", "/api/v2/silence/x", 404),
        ("DELETE", "/api/v2/silence/x", 404),
        ("DELETE", "/api/v2/silences", 405),
    ] {
        assert_eq!(ask(method, path, String::new()).await, status, "{method} {path}");
    }
    let request = axum::http::Request::get("/api/v2/silences").body(axum::body::Body::empty()).unwrap();
    let answer = manager.silences_router::<()>().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(list[0]["matchers"][0]["isEqual"], true);
    assert_eq!(list[0]["status"]["state"], "active");
}
