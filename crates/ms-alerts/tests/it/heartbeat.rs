//! A sign of life that stays away when nothing is evaluated.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{Method, StatusCode};
use ms_alerts::{AlertManager, AlertRule, Heartbeat, WebhookError, values};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

type Calls = mpsc::UnboundedReceiver<(Method, String)>;

async fn receiver(status: StatusCode) -> (String, Calls) {
    let (calls, seen) = mpsc::unbounded_channel();
    let app = Router::new().fallback(move |method: Method, body: String| {
        calls.send((method, body)).unwrap();
        std::future::ready(status)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/S3CR3T", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

/// What can be made to hang.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn set(&self, closed: bool) {
        *self.0.0.lock().unwrap() = closed;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let closed = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(closed, |closed| *closed).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_heard_while_rules_are_evaluated_and_stays_away_when_they_hang() {
    let (url, mut calls) = receiver(StatusCode::OK).await;
    let gate = Gate::default();
    let heartbeat = Heartbeat::internal(&url).unwrap().interval(Duration::from_secs(1)).stuck_after(1);
    assert!(!format!("{heartbeat:?}").contains("S3CR3T"));
    let passed = gate.clone();
    // A condition hangs: that of a source alone would not hold up the others.
    let hangs = move |_: f64, _: f64| {
        passed.pass();
        false
    };
    let alerts = AlertManager::builder()
        .rule(AlertRule::new("x", hangs, 0.0))
        .source(values(|| vec![("x", 1.0)]))
        .interval(Duration::from_millis(20))
        .heartbeat(heartbeat)
        .spawn()
        .unwrap();
    let (method, body) = calls.recv().await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((method, &body["alerts"][0]["labels"]["alertname"]), (Method::POST, &"Watchdog".into()));
    assert_eq!((&body["version"], &body["status"]), (&"4".into(), &"firing".into()));
    calls.recv().await.unwrap();

    gate.set(true);
    // Within the second that is allowed one more may come, or two; then there is silence for two beats and more.
    let quiet =
        async { while tokio::time::timeout(Duration::from_millis(2500), calls.recv()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(30), quiet).await.expect("it stays away");
    gate.set(false);
    calls.recv().await.expect("and comes back");
    alerts.shutdown(Duration::from_secs(5)).await;
    while calls.try_recv().is_ok() {}
    assert!(
        tokio::time::timeout(Duration::from_millis(1500), calls.recv()).await.is_err(),
        "not beyond the end"
    );
}

#[tokio::test]
async fn it_may_be_a_get_and_one_that_fails_is_followed_by_the_next() {
    let (url, mut calls) = receiver(StatusCode::SERVICE_UNAVAILABLE).await;
    let heartbeat = Heartbeat::internal(&url).unwrap().get().interval(Duration::ZERO);
    let alerts =
        AlertManager::builder().source(values(|| vec![("x", 1.0)])).heartbeat(heartbeat).spawn().unwrap();
    for _ in 0..2 {
        assert_eq!(calls.recv().await.unwrap(), (Method::GET, String::new()));
    }
    drop(alerts);
}

#[test]
fn its_address_is_guarded() {
    assert_eq!(Heartbeat::new("http://127.0.0.1/").unwrap_err(), WebhookError::Address);
    assert_eq!(Heartbeat::internal("http://169.254.169.254/").unwrap_err(), WebhookError::Address);
}
