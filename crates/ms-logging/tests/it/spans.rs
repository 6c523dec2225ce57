//! Spans around events.

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::{info, info_span};

use crate::logger::Logger;

#[test]
fn events_carry_the_spans_they_are_in_outermost_first() {
    let logger = Logger::start();
    logger.log(|| {
        let outer = info_span!("request", id = 7, user = Empty, password = "x", "a b" = "c");
        let _outer = outer.enter();
        let inner = info_span!("query");
        let _inner = inner.enter();
        info!("before");
        outer.record("user", "ayse");
        outer.record("id", 8);
        info!(rows = 3, "after");
    });
    let (text, json) = logger.finish();
    let spans = |line: &str| serde_json::from_str::<Value>(line).unwrap()["data"]["spans"].clone();
    assert_eq!(
        spans(&json[0]),
        json!([{"name": "request", "fields": {"id": 7, "password": "[redacted]", "a b": "c"}}, {"name": "query"}])
    );
    assert_eq!(
        spans(&json[1]),
        json!([{"name": "request", "fields": {"password": "[redacted]", "a b": "c", "user": "ayse", "id": 8}},
               {"name": "query"}])
    );
    assert!(
        text[0].ends_with(" - before in request{id=7 password=[redacted] \"a b\"=\"c\"}:query{}"),
        "{}",
        text[0]
    );
    assert!(
        text[1].ends_with(
            " - after rows=3 in request{password=[redacted] \"a b\"=\"c\" user=\"ayse\" id=8}:query{}"
        ),
        "{}",
        text[1]
    );
}

#[test]
fn two_loggers_of_one_subscriber_keep_their_spans_apart() {
    use ms_logging::Logging;
    use tracing_subscriber::layer::SubscriberExt as _;
    let directory = tempfile::tempdir().unwrap();
    let builder =
        |name: &str| Logging::builder().file(directory.path().join(name)).console(false).rust_log(false);
    let (first, guard) = builder("a.log").layer().unwrap();
    let (second, other) = builder("b.log").redact(false).layer().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(first).with(second), || {
        info_span!("login", password = "hunter2").in_scope(|| info!("in"));
    });
    drop((guard, other));
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    assert!(read("a.log").ends_with("in login{password=[redacted]}\n"), "{}", read("a.log"));
    assert!(read("b.log").ends_with("in login{password=\"hunter2\"}\n"), "{}", read("b.log"));
}
