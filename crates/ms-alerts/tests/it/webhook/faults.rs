//! Answers that never end, and secrets that nobody is to see.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, AlertmanagerSink, SlackSink, WebhookSink, above};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{SECRET, is_temporary, raw, send};

/// A server that writes the same again and again as long as somebody reads.
async fn endless(head: &'static [u8], part: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = connection.read(&mut [0; 4096]).await;
                let _ = connection.write_all(head).await;
                while connection.write_all(part).await.is_ok() {}
            });
        }
    });
    format!("http://{address}")
}

#[tokio::test]
async fn endless_headers_are_no_answer() {
    let error = send(&endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n").await).await.unwrap_err();
    assert!(is_temporary(&error), "{error:?}");
}

#[tokio::test]
async fn a_body_that_hangs_or_unpacks_for_ever_is_of_an_accepted_notification() {
    let start = std::time::Instant::now();
    send(&raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc").await).await.unwrap();
    // Nothing is unpacked: what comes is counted as it comes.
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9000000000\r\n\r\n";
    send(&endless(head, &[0x1f; 4096]).await).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_connection_that_is_reset_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            // Closed with something unread, it is reset.
            let _ = connection.readable().await;
        }
    });
    let error = send(&format!("http://{address}")).await.unwrap_err();
    assert!(is_temporary(&error), "{error:?}");
}

/// Keeps the text of all events.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<String>>);

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        struct Write<'t>(&'t mut String);
        impl Visit for Write<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                write!(self.0, "{field}={value:?} ").unwrap();
            }
        }
        let mut text = self.0.lock().unwrap();
        event.record(&mut Write(&mut text));
        text.push('\n');
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_secret_of_a_sink_is_shown_when_it_fails() {
    let events = Events::default();
    let _guard = tracing::subscriber::set_default(events.clone());
    // echo -n 'S3CR3TS3CR3TS3CR3TS3CR3T' | base64
    let key = "UzNDUjNUUzNDUjNUUzNDUjNUUzNDUjNU";
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refusing = raw("HTTP/1.1 403 S3CR3T\r\nX: S3CR3T\r\nContent-Length: 6\r\n\r\nS3CR3T").await;
    let mut builder = AlertManager::builder().rule(AlertRule::new("cpu", above(), 90.0));
    let bases = [
        format!("http://{SECRET}:{SECRET}@{gone}"),
        refusing.replace("//", &format!("//{SECRET}:{SECRET}@")),
    ];
    for (place, base) in bases.iter().enumerate() {
        let url = format!("{base}/{SECRET}?token={SECRET}#{SECRET}");
        let webhook = WebhookSink::internal(&url).unwrap().named(format!("webhook {place}"));
        let webhook = webhook.header("X-Key", SECRET).unwrap().signed(&format!("whsec_{key}")).unwrap();
        let webhook = webhook.bearer(SECRET).unwrap().body_template("{\"key\": \"S3CR3T\"}").unwrap();
        let slack = SlackSink::internal(&url).unwrap().named(format!("slack {place}"));
        let slack = slack.channel(SECRET).username(SECRET).basic(SECRET, SECRET).unwrap();
        let peers = AlertmanagerSink::internal([&url]).unwrap().named(format!("peers {place}"));
        let peers = peers.basic(SECRET, SECRET).unwrap();
        let shown = format!("{webhook:?} {webhook:#?} {slack:?} {slack:#?} {peers:?} {peers:#?}");
        assert!(!shown.contains(SECRET) && !shown.contains(key), "{shown}");
        builder = builder.sink(webhook).sink(slack).sink(peers);
    }
    let manager = builder.build().unwrap();
    manager.check_alerts(&[("cpu", 95.0)]).await;
    let left = manager.shutdown(Duration::from_millis(400)).await;
    assert_eq!(left.undelivered, 3, "those that are refused are given up");
    let told = events.0.lock().unwrap().clone();
    assert!(told.contains("HTTP 403") && told.contains("connection failed"), "{told}");
    for secret in [SECRET, key, "UzNDUjNU"] {
        assert!(!told.contains(secret), "{told}");
    }
}
