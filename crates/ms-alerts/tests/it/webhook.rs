//! The webhook against real servers, most of which misbehave.

mod faults;
mod options;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use ms_alerts::{AlertManager, AlertRule, Notification, SendError, Sink, WebhookError, WebhookSink, above};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

const SECRET: &str = "S3CR3T";

/// Serves `app` and gives its address.
async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// A server that answers each connection with the same bytes and then does nothing more.
async fn raw(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = connection.read(&mut [0; 4096]).await;
            let _ = connection.write_all(answer.as_bytes()).await;
            kept.push(connection);
        }
    });
    format!("http://{address}")
}

/// One notification, as a sink is given it.
async fn notification() -> Arc<Notification> {
    struct Catch(std::sync::Mutex<Option<oneshot::Sender<Arc<Notification>>>>);
    impl Sink for Catch {
        fn name(&self) -> &str {
            "catch"
        }
        fn send(&self, notification: Arc<Notification>) -> ms_alerts::SendFuture<'_> {
            let sender = self.0.lock().unwrap().take();
            sender.unwrap().send(notification).unwrap();
            Box::pin(std::future::ready(Ok(())))
        }
    }
    let (sender, caught) = oneshot::channel();
    let rule = AlertRule::new("HighCpu", above(), 90.0)
        .metric("cpu")
        .severity("page")
        .annotation("summary", "CPU at {{ $value }} %, \"quoted\"\n<b>&");
    let sink = Catch(std::sync::Mutex::new(Some(sender)));
    let manager = AlertManager::builder().rule(rule).sink(sink).build().unwrap();
    manager.check_alerts(&[("cpu", 95.5)]).await;
    caught.await.unwrap()
}

async fn send(url: &str) -> Result<(), SendError> {
    let sink = WebhookSink::internal(&format!("{url}/{SECRET}?token={SECRET}")).unwrap();
    let outcome = sink.send(notification().await).await;
    if let Err(error) = &outcome {
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
    outcome
}

#[tokio::test]
async fn the_body_is_that_of_alertmanager() {
    let (requests, mut seen) = mpsc::unbounded_channel();
    let app = Router::new().route(
        "/hook",
        post(move |headers: HeaderMap, Json(body): Json<Value>| async move {
            requests.send((headers, body)).unwrap();
        }),
    );
    let sink = WebhookSink::internal(&format!("{}/hook", serve(app).await)).unwrap();
    let sink = sink.named("pager").bearer(SECRET).unwrap();
    assert!(!format!("{sink:?}").contains(SECRET));
    let rule = AlertRule::new("HighCpu", above(), 90.0).metric("cpu").severity("page").window(Duration::ZERO);
    let rule = rule.annotation("summary", "CPU at {{ $value }} %");
    let manager = AlertManager::builder().rule(rule).sink(sink).build().unwrap();
    manager.check_alerts(&[("cpu", 95.5)]).await;
    let (headers, firing) = seen.recv().await.unwrap();
    manager.check_alerts(&[("cpu", 95.5)]).await;
    let (_, reminder) = seen.recv().await.unwrap();
    manager.check_alerts(&[("cpu", 1.0)]).await;
    let (_, resolved) = seen.recv().await.unwrap();

    assert_eq!(headers["authorization"], format!("Bearer {SECRET}"));
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["idempotency-key"], firing["notification_id"].as_str().unwrap());
    assert_eq!(
        (&firing["version"], &firing["status"], &firing["receiver"]),
        (&"4".into(), &"firing".into(), &"pager".into())
    );
    let labels = serde_json::json!({"alertname": "HighCpu", "severity": "page"});
    let alert = &firing["alerts"][0];
    assert_eq!(
        (&alert["labels"], &firing["groupLabels"], &firing["commonLabels"]),
        (&labels, &labels, &labels)
    );
    assert_eq!(alert["annotations"]["summary"], "CPU at 95.5 %");
    assert_eq!((&alert["status"], &alert["endsAt"]), (&"firing".into(), &"0001-01-01T00:00:00Z".into()));
    // What Alertmanager 0.25 shows for an alert of these labels.
    assert_eq!(alert["fingerprint"], "6290adce0c0ca46c");

    // A change of its own, about the same thing.
    assert_ne!(reminder["notification_id"], firing["notification_id"]);
    assert_eq!((&reminder["alerts"], &reminder["groupKey"]), (&firing["alerts"], &firing["groupKey"]));

    let ended = &resolved["alerts"][0];
    assert_eq!((&resolved["status"], &ended["status"]), (&"resolved".into(), &"resolved".into()));
    assert_eq!((&ended["fingerprint"], &ended["startsAt"]), (&alert["fingerprint"], &alert["startsAt"]));
    assert!(ended["endsAt"].as_str() >= ended["startsAt"].as_str());
    assert_ne!(resolved["notification_id"], firing["notification_id"]);
}

#[tokio::test]
async fn nobody_there_no_answer_and_half_an_answer_are_tried_again() {
    let gone = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    for url in [gone, raw("nonsense\r\n\r\n").await, "http://does-not-exist.invalid".to_owned()] {
        let error = send(&url).await.unwrap_err();
        assert!(is_temporary(&error), "{url}: {error:?}");
        assert!(
            !error.to_string().contains("invalid") && !error.to_string().contains("127.0.0.1"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn there_is_no_way_back_from_tls_to_plain_text() {
    let url = raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.replace("http", "https");
    let error = send(&url).await.unwrap_err();
    assert!(is_temporary(&error) && error.to_string().starts_with("TLS failed: "), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_costs_ten_seconds() {
    let url = raw("").await;
    let start = tokio::time::Instant::now();
    let error = send(&url).await.unwrap_err();
    assert!(is_temporary(&error) && error.to_string().contains("in time"), "{error:?}");
    assert!(start.elapsed() <= Duration::from_secs(11), "{:?}", start.elapsed());
}

fn is_temporary(error: &SendError) -> bool {
    format!("{error:?}").contains("Backoff")
}

#[tokio::test]
async fn each_status_has_its_consequence() {
    for (status, headers, expected) in [
        (200, "", "ok"),
        (202, "", "ok"),
        (204, "", "ok"),
        (500, "", "Backoff"),
        (502, "", "Backoff"),
        (408, "", "Backoff"),
        (429, "Retry-After: 7\r\n", "After(7s)"),
        (503, "Retry-After: soon\r\n", "Backoff"),
        (503, "Retry-After: -3\r\n", "Backoff"),
        (400, "", "Never"),
        (401, "", "Never"),
        (404, "", "Never"),
        (410, "Retry-After: 7\r\n", "Never"),
    ] {
        let length = if status == 204 { "" } else { "Content-Length: 0\r\n" };
        let answer = format!("HTTP/1.1 {status} X\r\n{headers}{length}\r\n").leak();
        let outcome =
            send(&raw(answer).await).await.map_or_else(|error| format!("{error:?}"), |()| "ok".to_owned());
        assert!(outcome.contains(expected), "{status} {headers}: {outcome}");
    }
}

#[tokio::test]
async fn redirects_are_never_followed() {
    let (trap, mut trapped) = mpsc::unbounded_channel();
    let target = serve(Router::new().fallback(move || {
        trap.send(()).unwrap();
        std::future::ready(StatusCode::OK)
    }))
    .await;
    for status in [301, 302, 303, 307, 308] {
        let location =
            format!("HTTP/1.1 {status} Found\r\nLocation: {target}/\r\nContent-Length: 0\r\n\r\n").leak();
        let error = send(&raw(location).await).await.unwrap_err();
        assert!(format!("{error:?}").contains("Never"), "{error:?}");
    }
    assert!(trapped.try_recv().is_err());
}

#[tokio::test]
async fn an_endless_answer_is_not_read() {
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 16 * 1024]));
    let (asked, mut ended) = mpsc::unbounded_channel();
    let app = Router::new().fallback(move |_: Request| {
        let stream = futures_util::StreamExt::map(endless.clone(), {
            let asked = asked.clone();
            move |part| {
                let _ = asked.send(());
                part
            }
        });
        std::future::ready(Response::new(Body::from_stream(stream)).into_response())
    });
    send(&serve(app).await).await.unwrap();
    let mut parts = 0;
    while ended.try_recv().is_ok() {
        parts += 1;
    }
    // What the sockets hold comes on top of what was read.
    assert!(parts < 2000, "{parts} parts of 16 KiB");
}

#[tokio::test]
async fn what_is_too_large_is_sent_once_more_without_annotations() {
    let (bodies, mut seen) = mpsc::unbounded_channel();
    let app = Router::new().fallback(move |Json(body): Json<Value>| {
        let large = body["alerts"][0]["annotations"] != serde_json::json!({});
        bodies.send(large).unwrap();
        std::future::ready(if large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::OK })
    });
    send(&serve(app).await).await.unwrap();
    assert_eq!((seen.recv().await, seen.recv().await), (Some(true), Some(false)));
}

#[test]
fn what_is_no_url_of_http_is_refused_without_showing_it() {
    for url in ["", "S3CR3T", "ftp://S3CR3T/", "http://", "file:///S3CR3T", "http://S3CR3T:port/"] {
        let error = WebhookSink::new(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
    assert!(WebhookSink::new("https://example.org").unwrap().bearer("a\nb").is_err());
}

/// The answers of a page of metrics, one after the other; the last one for ever.
async fn page(answers: Vec<(StatusCode, &'static str)>) -> String {
    let answers = Arc::new(std::sync::Mutex::new(answers));
    let answer = move || {
        let mut answers = answers.lock().unwrap();
        let next = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        std::future::ready(next)
    };
    serve(Router::new().route("/metrics", axum::routing::get(answer))).await
}

#[tokio::test]
async fn a_page_that_is_scraped_gives_its_samples_and_whether_it_is_up() {
    let ok = |text| (StatusCode::OK, text);
    let failed = (StatusCode::INTERNAL_SERVER_ERROR, "queue 9\n");
    let address = page(vec![ok("queue 9\n"), failed, ok("queue nine\n"), ok("queue 9\n")]).await;
    let (sender, mut changes) = mpsc::unbounded_channel();
    let alerts = AlertManager::builder()
        .source(ms_alerts::scrape(&format!("{address}/metrics")).unwrap())
        .interval(Duration::from_millis(5))
        .rules_text(
            "rules.yml",
            "groups: [{name: g, rules: [{alert: Queue, expr: queue > 5}, {alert: Down, expr: up == 0}]}]",
        )
        .unwrap()
        .sink(Told(sender))
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(changes.recv().await.unwrap());
    }
    let port = address.rsplit_once(':').unwrap().1;
    let instance = format!("{{\"alertname\": \"Down\", \"instance\": \"127.0.0.1:{port}\"}}");
    let of = |labels: &str| -> Vec<&str> {
        told.iter().filter(|(of, _)| of == labels).map(|(_, state)| state.as_str()).collect()
    };
    assert_eq!(of("{\"alertname\": \"Queue\"}"), ["firing"], "what cannot be seen does not resolve");
    assert_eq!(of(&instance), ["firing", "resolved"]);
    alerts.shutdown(Duration::from_secs(5)).await;
}

/// Hands over the labels of each alert with its state.
struct Told(mpsc::UnboundedSender<(String, String)>);

impl Sink for Told {
    fn name(&self) -> &str {
        "told"
    }

    fn send(&self, notification: Arc<Notification>) -> ms_alerts::SendFuture<'_> {
        let alert = notification.alert();
        let _ = self.0.send((format!("{:?}", alert.labels), alert.state.as_str().to_owned()));
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Ways to write addresses that only this machine, its network or its cloud has; `PORT` is where the trap listens.
const FORBIDDEN: [&str; 68] = [
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://127.255.255.254:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0x7f.1:PORT/",
    "http://0x7f.0.0.0x1:PORT/",
    "http://0X7F.0x0.0x0.0x1:PORT/",
    "http://017700000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://0177.0.0.01:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://127。0。0。1:PORT/",
    "http://１２７.0.0.1:PORT/",
    "http://①②⑦.0.0.1:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http://127.0.0.%31:PORT/",
    "http://example.org@127.0.0.1:PORT/",
    "http://example.org:80@127.0.0.1:PORT/",
    "http://example.org%40@127.0.0.1:PORT/",
    "http://127.0.0.1:PORT\\@example.org/",
    "http:\\\\127.0.0.1:PORT\\",
    "http:127.0.0.1:PORT/",
    "http:/127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "HTTP://127.0.0.1:PORT/",
    " http://127.0.0.1:PORT/ ",
    "ht\ntp://127.0.0.1:PORT/",
    "http://127.0.0\t.1:PORT/",
    "http://0:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0x0:PORT/",
    "http://[::]:PORT/",
    "http://[::1]:PORT/",
    "http://[0:0:0:0:0:0:0:1]:PORT/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]:PORT/",
    "http://[::127.0.0.1]:PORT/",
    "http://[64:ff9b::127.0.0.1]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://[2002:7f00:1::]:PORT/",
    "http://[fe80::1]:PORT/",
    "http://[fd00::1]:PORT/",
    "http://[fd00:ec2::254]:PORT/",
    "http://[fec0::1]:PORT/",
    "http://[ff02::1]:PORT/",
    "http://169.254.169.254:PORT/latest/meta-data/",
    "http://0xa9fea9fe:PORT/",
    "http://2852039166:PORT/",
    "http://0251.0376.0251.0376:PORT/",
    "http://[::ffff:169.254.169.254]:PORT/",
    "http://[::ffff:a9fe:a9fe]:PORT/",
    "http://168.63.129.16:PORT/",
    "http://100.100.100.200:PORT/",
    "http://192.0.0.192:PORT/",
    "http://10.0.0.1:PORT/",
    "http://172.16.0.1:PORT/",
    "http://192.168.1.1:PORT/",
    "http://100.64.0.1:PORT/",
    "http://255.255.255.255:PORT/",
    "http://224.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://localhost.:PORT/",
    "http://LOCALHOST:PORT/",
    "http://ｌocalhost:PORT/",
];

#[tokio::test]
async fn nothing_internal_is_called_however_it_is_written() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = trap.local_addr().unwrap().port().to_string();
    let notification = notification().await;
    for spelling in FORBIDDEN {
        let url = spelling.replace("PORT", &port);
        match WebhookSink::new(&url) {
            Err(WebhookError::Address | WebhookError::Url) => {}
            Err(other) => panic!("{url}: {other}"),
            // A name, whose addresses are known when it is called.
            Ok(sink) => {
                let error = sink.send(Arc::clone(&notification)).await.unwrap_err();
                let forbidden = error.to_string() == "every address of the host is internal or reserved";
                // Not every machine knows it by that name.
                assert!(forbidden || url.contains("localhost."), "{url}: {error}");
            }
        }
    }
    let connected = tokio::time::timeout(Duration::from_millis(50), trap.accept()).await;
    assert!(connected.is_err(), "nobody has connected");
}

#[tokio::test]
async fn an_internal_sink_calls_names_and_addresses_of_this_machine_and_no_others() {
    let address = serve(Router::new().fallback(|| std::future::ready(StatusCode::OK))).await;
    let port = address.rsplit_once(':').unwrap().1;
    let notification = notification().await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let sink = WebhookSink::internal(&format!("http://{host}:{port}/")).unwrap();
        sink.send(Arc::clone(&notification)).await.unwrap();
    }
    for host in [
        "169.254.169.254",
        "0.0.0.0",
        "[fe80::1]",
        "[::ffff:a9fe:a9fe]",
        "[fd00:ec2::254]",
        "100.100.100.200",
    ] {
        let error = WebhookSink::internal(&format!("http://{host}:{port}/")).unwrap_err();
        assert_eq!(error, WebhookError::Address, "{host}");
    }
}
