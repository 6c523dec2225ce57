//! Alerts for real Alertmanagers: two in a cluster, of which one is killed and comes back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use ms_alerts::{
    AlertManager, AlertManagerBuilder, AlertRule, AlertmanagerSink, Labels, Routes, WebhookError, above,
    parse_exposition,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

const LIMIT: Duration = Duration::from_secs(60);

/// A real Alertmanager, until it is dropped.
struct Peer {
    child: Child,
    web: String,
    gossip: String,
    folder: TempDir,
}

/// An address that nobody uses by now.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Peer {
    fn start(other: Option<&Peer>) -> Self {
        Self::start_at(&free(), &free(), other)
    }

    fn start_at(web: &str, gossip: &str, other: Option<&Peer>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alertmanager.yml");
        std::fs::write(&file, r#"{"route": {"receiver": "none"}, "receivers": [{"name": "none"}]}"#).unwrap();
        let mut command = Command::new("prometheus-alertmanager");
        command
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={web}"))
            .arg(format!("--cluster.listen-address={gossip}"))
            .arg("--web.route-prefix=/am");
        command.args(other.map(|other| format!("--cluster.peer={}", other.gossip)));
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap_or_else(|error| {
            panic!("prometheus-alertmanager: {error}; apt-get install -y prometheus-alertmanager")
        });
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = String::new();
        let ready = lines.by_ref().map_while(Result::ok).any(|line| {
            told += &line;
            line.contains("msg=\"Listening on\"")
        });
        assert!(ready, "Alertmanager does not listen:\n{told}");
        // It must always find a reader for what it tells.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, web: web.to_owned(), gossip: gossip.to_owned(), folder }
    }

    fn url(&self) -> String {
        format!("http://{}/am/", self.web)
    }

    fn kill(mut self) -> (String, String) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.web.clone(), self.gossip.clone())
    }

    fn get(&self, path: &str) -> Value {
        let mut connection = TcpStream::connect(&self.web).unwrap();
        write!(connection, "GET /am{path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{path}: {error}: {answer}"))
    }

    /// Asks for the active alerts until they are what is waited for.
    async fn until(&self, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let end = Instant::now() + LIMIT;
        loop {
            let alerts = self.get("/api/v2/alerts?active=true");
            let alerts = alerts.as_array().unwrap();
            if wanted(alerts) {
                return alerts.clone();
            }
            assert!(Instant::now() < end, "{alerts:?}");
            tokio::task::yield_now().await;
        }
    }

    async fn until_named(&self, names: &[&str]) -> Vec<Value> {
        self.until(|alerts| {
            let mut told: Vec<_> =
                alerts.iter().filter_map(|alert| alert["labels"]["alertname"].as_str()).collect();
            told.sort_unstable();
            told == names
        })
        .await
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = &self.folder;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_hears_of_every_change_though_one_is_killed_and_comes_back() {
    let first = Peer::start(None);
    let second = Peer::start(Some(&first));
    let sink = AlertmanagerSink::internal([first.url(), second.url()])
        .unwrap()
        .resend_interval(Duration::from_secs(1))
        .external_labels([("site", "izmir"), ("severity", "none")].into_iter().collect());
    let rule =
        |name: &str| AlertRule::new(name, above(), 90.0).metric(name).severity("page").window(Duration::ZERO);
    let manager = AlertManager::builder()
        .rule(rule("cpu").annotation("summary", "at {{ $value }} %"))
        .rule(rule("disk"))
        .sink(sink)
        .external_url("http://here")
        .build()
        .unwrap();

    manager.check_alerts(&[("cpu", 95.0), ("disk", 1.0)]).await;
    for peer in [&first, &second] {
        let told = peer.until_named(&["cpu"]).await;
        let labels: Labels =
            [("alertname", "cpu"), ("severity", "page"), ("site", "izmir")].into_iter().collect();
        assert_eq!(told[0]["labels"], serde_json::to_value(&labels).unwrap());
        assert_eq!(told[0]["annotations"]["summary"], "at 95 %");
        assert!(told[0]["generatorURL"].as_str().unwrap().starts_with("http://here/graph?g0.expr=cpu"));
    }

    // What fires is told again and again, so that it does not end by itself.
    let ends = |alerts: &[Value]| alerts.first().map(|alert| alert["endsAt"].as_str().unwrap().to_owned());
    let before = ends(&first.until_named(&["cpu"]).await);
    first.until(|alerts| ends(alerts) > before).await;

    let (web, gossip) = first.kill();
    manager.check_alerts(&[("cpu", 95.0), ("disk", 95.0)]).await;
    second.until_named(&["cpu", "disk"]).await;
    manager.check_alerts(&[("cpu", 1.0), ("disk", 95.0)]).await;
    second.until_named(&["disk"]).await;

    // With nothing of its own on disk, it hears of what fires, and of nothing that was resolved.
    let first = Peer::start_at(&web, &gossip, Some(&second));
    first.until_named(&["disk"]).await;
    manager.check_alerts(&[("cpu", 1.0), ("disk", 1.0)]).await;
    first.until_named(&[]).await;
    second.until_named(&[]).await;

    // Without us they resolve by themselves.
    manager.check_alerts(&[("cpu", 95.0), ("disk", 1.0)]).await;
    second.until_named(&["cpu"]).await;
    drop(manager);
    second.until_named(&[]).await;
}

/// A peer that answers each request with the next status, the last one for ever; it reports what it was sent.
async fn scripted(statuses: &'static [u16]) -> (String, mpsc::UnboundedReceiver<Value>) {
    let (bodies, seen) = mpsc::unbounded_channel();
    let mut left = statuses.iter().copied().peekable();
    let next = std::sync::Arc::new(std::sync::Mutex::new(move || {
        let status = left.next_if(|_| true).unwrap_or(statuses[statuses.len() - 1]);
        StatusCode::from_u16(status).unwrap()
    }));
    let app = Router::new().fallback(move |axum::Json(body): axum::Json<Value>| {
        bodies.send(body).unwrap();
        let status = (next.lock().unwrap())();
        std::future::ready(status)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

#[tokio::test]
async fn what_fires_on_behind_a_restart_is_told_at_once() {
    const ROUTES: &str = "
route: {receiver: cluster, group_wait: 0s}
receivers: [{name: cluster}]
";
    let routes = || Routes::parse("routes.yml", ROUTES).unwrap();
    let ways: [fn(AlertManagerBuilder, AlertmanagerSink, Routes) -> AlertManagerBuilder; 2] = [
        |builder, sink, _| builder.sink(sink),
        |builder, sink, routes| builder.routes(routes).receiver("cluster", sink),
    ];
    for way in ways {
        let folder = tempfile::tempdir().unwrap();
        let (url, mut told) = scripted(&[200]).await;
        let start = || {
            let sink = AlertmanagerSink::internal([&url]).unwrap();
            let rules = ["cpu", "disk"].map(|name| {
                AlertRule::new(name, above(), 90.0).metric(name).window(Duration::from_secs(3600))
            });
            let builder = AlertManager::builder().journal(folder.path().join("journal"));
            way(rules.into_iter().fold(builder, AlertManagerBuilder::rule), sink, routes()).build().unwrap()
        };
        let manager = start();
        manager.check_alerts(&[("cpu", 95.0), ("disk", 1.0)]).await;
        let before = told.recv().await.unwrap();
        manager.shutdown(LIMIT).await;
        drop(manager);

        // Nobody would tell of it but for the interval of a minute, and no sooner than Alertmanager has it end.
        let manager = start();
        manager.check_alerts(&[("cpu", 95.0), ("disk", 1.0)]).await;
        let again = told.recv().await.unwrap();
        let what = |alerts: &Value, of: &str| alerts[0][of].clone();
        assert_eq!(again.as_array().unwrap().len(), 1, "{again}");
        assert_eq!(what(&again, "labels"), what(&before, "labels"));
        assert_eq!(what(&again, "startsAt"), what(&before, "startsAt"));
        assert!(what(&again, "endsAt").as_str() > what(&before, "endsAt").as_str(), "{again}");
        manager.shutdown(LIMIT).await;
    }
}

#[tokio::test]
async fn a_large_group_is_posted_in_parts() {
    let (url, mut told) = scripted(&[200]).await;
    let routes = "{route: {receiver: cluster, group_wait: 0s}, receivers: [{name: cluster}]}";
    let manager = AlertManager::builder()
        .rule(AlertRule::new("full", above(), 90.0).metric("ward"))
        .routes(Routes::parse("routes.yml", routes).unwrap())
        .receiver("cluster", AlertmanagerSink::internal([&url]).unwrap())
        .build()
        .unwrap();
    let text: String = (0..100).map(|ward| format!("ward{{ward=\"{ward}\"}} 95\n")).collect();
    manager.check_samples(&parse_exposition(&text).unwrap()).await;
    assert_eq!(manager.shutdown(LIMIT).await.undelivered, 0);
    told.close();
    let mut parts = Vec::new();
    while let Some(part) = told.recv().await {
        parts.push(part.as_array().unwrap().len());
    }
    assert_eq!(parts, [64, 36]);
}

#[tokio::test]
async fn one_that_accepts_is_enough_and_the_other_gets_the_newest_state_later() {
    let (good, mut told) = scripted(&[200]).await;
    let (bad, mut tried) = scripted(&[503, 503, 200]).await;
    let sink = AlertmanagerSink::internal([&good, &bad]).unwrap();
    let rule = AlertRule::new("cpu", above(), 90.0).window(Duration::ZERO);
    let manager = AlertManager::builder().rule(rule).sink(sink).build().unwrap();
    manager.check_alerts(&[("cpu", 95.0)]).await;
    told.recv().await.unwrap();
    assert_eq!(manager.shutdown(LIMIT).await.undelivered, 0, "accepted by one");
    for _ in 0..3 {
        let body = tried.recv().await.unwrap();
        assert_eq!(body[0]["labels"]["alertname"], "cpu");
    }
}

#[tokio::test]
async fn with_all_of_them_down_a_change_waits() {
    let (bad, mut tried) = scripted(&[503]).await;
    let (worse, _) = scripted(&[400]).await;
    let sink = AlertmanagerSink::internal([&bad, &worse]).unwrap();
    let rule = AlertRule::new("cpu", above(), 90.0);
    let manager = AlertManager::builder().rule(rule).sink(sink).build().unwrap();
    manager.check_alerts(&[("cpu", 95.0)]).await;
    tried.recv().await.unwrap();
    assert_eq!(manager.shutdown(Duration::from_millis(300)).await.undelivered, 1);
}

#[test]
fn there_must_be_somebody_to_tell() {
    assert_eq!(AlertmanagerSink::new([""; 0]).unwrap_err(), WebhookError::NoUrl);
    assert_eq!(AlertmanagerSink::new(["http://10.0.0.1:9093"]).unwrap_err(), WebhookError::Address);
    let sink =
        AlertmanagerSink::new(["https://u:S3CR3T@am.example/S3CR3T"]).unwrap().bearer("S3CR3T").unwrap();
    assert!(!format!("{sink:?}").contains("S3CR3T"));
}
