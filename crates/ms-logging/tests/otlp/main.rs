//! Log records and spans over OTLP. A binary of its own: what the exporter's HTTP client logs goes to the global
//! subscriber.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests assert by panicking"
)]

mod receiver;

use std::time::{Duration, Instant};

use ms_logging::{Logging, LoggingBuilder, LoggingGuard, Otlp, Reason, SinkAccount, log_event};
use receiver::Receiver;
use serde_json::{Value, json};
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt as _;

/// Longer than any test may take: what ends by it has hung.
const LIMIT: Duration = Duration::from_secs(60);

fn logger(otlp: Otlp) -> (Dispatch, LoggingGuard) {
    let builder = Logging::builder().no_file().console(false).rust_log(false).filter("trace");
    let (layer, guard) = builder.otlp(otlp).layer().unwrap();
    (Dispatch::new(tracing_subscriber::registry().with(layer)), guard)
}

fn to(receiver: &Receiver) -> Otlp {
    Otlp::new().endpoint(receiver.endpoint.as_str())
}

fn account(guard: &LoggingGuard, sink: &str) -> SinkAccount {
    guard.accounts().into_iter().find(|account| account.sink() == sink).unwrap()
}

/// All of one signal that the requests hold.
fn all(requests: &[Value], path: &str, names: [&str; 3]) -> Vec<Value> {
    let of_path = requests.iter().filter(|request| request["path"] == path);
    of_path.map(|request| &request["body"][names[0]][0][names[1]][0][names[2]]).flat_map(list).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().unwrap().clone()
}

fn records(requests: &[Value]) -> Vec<Value> {
    all(requests, "/v1/logs", ["resourceLogs", "scopeLogs", "logRecords"])
}

fn spans(requests: &[Value]) -> Vec<Value> {
    all(requests, "/v1/traces", ["resourceSpans", "scopeSpans", "spans"])
}

fn attribute<'v>(of: &'v Value, name: &str) -> &'v Value {
    of["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|pair| pair["key"] == name)
        .map_or(&Value::Null, |pair| &pair["value"])
}

#[test]
fn records_are_read_by_others_redacted_and_with_everything_they_had() {
    let receiver = Receiver::answering(&["200"]);
    let otlp =
        to(&receiver).traces(false).header("x-token", "t-1").service_name("roster").attribute("a", "b");
    let (dispatch, guard) = logger(otlp);
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::trace!("one");
        tracing::debug!("two");
        tracing::info_span!("shift", ward = 7).in_scope(|| {
            tracing::info!(target: "ward", patient_name = "Ayşe", hours = 8, ratio = 0.5, night = true, big = u64::MAX, "TCKN 10000000146\n");
        });
        tracing::warn!("four");
        tracing::error!("five");
        log_event!("log", level = "ERROR", message = "forged");
        log_event!("shift_planned", ward = "Acil");
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    assert_eq!(account(&guard, "otlp").written(), 7);
    let requests = receiver.rest();
    assert!(requests.iter().all(|request| request["token"] == "t-1"));
    let resource = &requests[0]["body"]["resourceLogs"][0]["resource"];
    assert_eq!(attribute(resource, "service.name")["stringValue"], "roster");
    assert_eq!(attribute(resource, "a")["stringValue"], "b");
    let records = records(&requests);
    let severities: Vec<_> = records.iter().map(|record| record["severityText"].as_str().unwrap()).collect();
    assert_eq!(severities, ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "INFO", "INFO"]);
    assert_eq!(records[2]["severityNumber"], "SEVERITY_NUMBER_INFO");
    assert_eq!(records[4]["severityNumber"], "SEVERITY_NUMBER_ERROR");
    let planned = &records[2];
    assert_eq!(planned["body"]["stringValue"], "TCKN [redacted]\n", "{planned}");
    for (name, value) in [
        ("log.target", json!({"stringValue": "ward"})),
        ("patient_name", json!({"stringValue": "[redacted]"})),
        ("hours", json!({"intValue": "8"})),
        ("ratio", json!({"doubleValue": 0.5})),
        ("night", json!({"boolValue": true})),
        ("big", json!({"stringValue": u64::MAX.to_string()})),
        ("ward", json!({"intValue": "7"})),
    ] {
        assert_eq!(attribute(planned, name), &value, "{name}");
    }
    assert!(planned["timeUnixNano"].as_str().unwrap().parse::<u64>().unwrap() > 1_700_000_000_000_000_000);
    assert_eq!(
        (&records[5]["eventName"], attribute(&records[5], "message")),
        (&"log".into(), &json!({"stringValue": "forged"}))
    );
    assert_eq!(
        (&records[6]["eventName"], &records[6]["body"]["stringValue"]),
        (&"shift_planned".into(), &"shift_planned".into())
    );
}

#[tokio::test]
async fn spans_of_requests_and_those_below_make_one_trace_with_its_records() {
    use http_body_util::BodyExt as _;
    use tower::{ServiceExt as _, service_fn};
    use tower_layer::Layer as _;
    use tracing::instrument::WithSubscriber as _;
    let receiver = Receiver::answering(&["200"]);
    let (dispatch, guard) = logger(to(&receiver));
    let handler = service_fn(|_: http::Request<()>| async {
        tracing::info_span!("query", rows = 3, password = "x").in_scope(|| log_event!("asked"));
        let response =
            http::Response::builder().status(503).body(http_body_util::Empty::<bytes::Bytes>::new());
        Ok::<_, std::convert::Infallible>(response.unwrap())
    });
    for flags in ["01", "00"] {
        let parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
        let request = http::Request::get("/").header("traceparent", parent).body(()).unwrap();
        let answer = guard.http_layer().layer(handler).oneshot(request);
        let response = answer.with_subscriber(dispatch.clone()).await.unwrap();
        response.into_body().collect().with_subscriber(dispatch.clone()).await.unwrap();
    }
    let guard = tokio::task::spawn_blocking(move || {
        assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
        guard
    });
    assert_eq!(account(&guard.await.unwrap(), "otlp_traces").written(), 2, "one trace was not sampled");
    let requests = receiver.rest();
    let spans = spans(&requests);
    let of = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let (query, request) = (of("query"), of("GET unmatched"));
    assert_eq!(query["parentSpanId"], request["spanId"]);
    assert_eq!(
        (&query["kind"], &request["kind"]),
        (&"SPAN_KIND_INTERNAL".into(), &"SPAN_KIND_SERVER".into())
    );
    assert_eq!(request["status"]["code"], "STATUS_CODE_ERROR");
    assert_eq!(attribute(request, "http.response.status_code")["intValue"], "503");
    assert_eq!(attribute(query, "rows")["intValue"], "3");
    assert_eq!(attribute(query, "password")["stringValue"], "[redacted]");
    let time = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time(request, "startTimeUnixNano") <= time(query, "startTimeUnixNano"));
    assert!(time(query, "endTimeUnixNano") <= time(request, "endTimeUnixNano"));
    // Bytes are base64 in this JSON.
    let trace = "S/kvNXezTaajzpKdDg5HNg==";
    assert_eq!(
        (&request["traceId"], &query["traceId"], &request["parentSpanId"]),
        (&trace.into(), &trace.into(), &"APBnqgupArc=".into())
    );
    let records = records(&requests);
    assert_eq!(
        (&records[0]["traceId"], &records[0]["spanId"], &records[0]["flags"]),
        (&trace.into(), &query["spanId"], &1.into())
    );
    assert_eq!(records[1]["spanId"], request["spanId"]);
    assert_eq!(records[2].get("flags"), None);
}

#[test]
fn a_busy_receiver_is_asked_again_and_nothing_is_lost() {
    let mut receiver = Receiver::answering(&["503:0", "429:0", "502:0", "504:0", "200"]);
    let (dispatch, guard) = logger(to(&receiver).traces(false));
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("kept"));
    assert!(guard.flush(LIMIT));
    let first = receiver.request();
    for _ in 0..4 {
        assert_eq!(receiver.request(), first);
    }
    let account = account(&guard, "otlp");
    assert_eq!((account.passed(), account.written(), account.dropped_total()), (1, 1, 0));
}

#[test]
fn what_is_refused_or_rejected_is_counted_exactly() {
    for (answers, written) in
        [(["400", "200"], 0), (["500", "200"], 0), (["partial:2", "200"], 1), (["302", "200"], 0)]
    {
        let receiver = Receiver::answering(&answers);
        let otlp = to(&receiver).traces(false);
        let (dispatch, guard) = logger(otlp);
        tracing::dispatcher::with_default(&dispatch, || {
            let lines = "x".repeat(100);
            // The first goes alone, the others together.
            (0..3).for_each(|_| tracing::info!(lines));
        });
        assert!(guard.flush(LIMIT));
        let account = account(&guard, "otlp");
        let lost = account.dropped(Reason::Rejected);
        assert_eq!(account.written() + lost, 3, "{answers:?}");
        assert!((1..=3).contains(&lost) && account.written() >= written, "{answers:?} {lost}");
    }
}

#[test]
fn a_receiver_that_hangs_holds_up_neither_caller_nor_shutdown() {
    let mut receiver = Receiver::answering(&["hang"]);
    let (dispatch, guard) = logger(to(&receiver).timeout(LIMIT));
    tracing::dispatcher::with_default(&dispatch, || tracing::info!("held"));
    receiver.request();
    let began = Instant::now();
    tracing::dispatcher::with_default(&dispatch, || (0..10).for_each(|_| tracing::info!("waits")));
    assert_eq!(guard.shutdown(Duration::from_millis(100)).abandoned, 11);
    assert!(began.elapsed() < LIMIT / 2, "{:?}", began.elapsed());
    assert_eq!(account(&guard, "otlp").dropped(Reason::ShutdownTimeout), 11);
}

#[test]
fn nobody_there_costs_the_lines_and_says_so() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (dispatch, guard) =
        logger(Otlp::new().endpoint(format!("http://{free}")).retry_limit(Duration::ZERO));
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info_span!("lost").in_scope(|| tracing::info!("lost"))
    });
    assert!(guard.flush(LIMIT));
    for sink in ["otlp", "otlp_traces"] {
        assert_eq!(account(&guard, sink).dropped(Reason::Unavailable), 1, "{sink}");
    }
}

#[test]
fn bodies_are_compressed_on_request() {
    let receiver = Receiver::answering(&["200"]);
    let (dispatch, guard) = logger(to(&receiver).gzip(true));
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info_span!("span").in_scope(|| tracing::info!("event"));
    });
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let requests = receiver.rest();
    assert!(requests.iter().all(|request| request["encoding"] == "gzip"), "{requests:?}");
    assert_eq!((records(&requests).len(), spans(&requests).len()), (1, 1));
}

#[test]
fn an_export_can_be_configured_without_code() {
    let receiver = Receiver::answering(&["200"]);
    let settings = json!({
        "file": false, "console": false, "otlp": true, "otlp_endpoint": receiver.endpoint,
        "otlp_headers": { "x-token": "t-2" }, "otlp_gzip": true, "otlp_traces": false,
        "otlp_service_name": "roster", "otlp_attributes": { "ward": "Acil" },
    });
    let builder: LoggingBuilder = serde_json::from_value(settings).unwrap();
    let (layer, guard) = builder.rust_log(false).layer().unwrap();
    let dispatch = Dispatch::new(tracing_subscriber::registry().with(layer));
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info_span!("span").in_scope(|| tracing::info!("event"));
    });
    assert_eq!(guard.accounts().len(), 1, "spans have no sink");
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let requests = receiver.rest();
    assert_eq!((&requests[0]["token"], &requests[0]["encoding"]), (&"t-2".into(), &"gzip".into()));
    let resource = &requests[0]["body"]["resourceLogs"][0]["resource"];
    assert_eq!(attribute(resource, "service.name")["stringValue"], "roster");
    assert_eq!(attribute(resource, "ward")["stringValue"], "Acil");
    assert_eq!(records(&requests).len(), 1);
}

/// As the other sinks do in a line.
#[test]
fn lost_spans_are_told_of_in_a_span() {
    let mut receiver = Receiver::answering(&["400", "200"]);
    let (dispatch, guard) = logger(to(&receiver).logs(false));
    let span = || tracing::dispatcher::with_default(&dispatch, || drop(tracing::info_span!("s").entered()));
    span();
    assert!(guard.flush(LIMIT));
    span();
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let account = account(&guard, "otlp_traces");
    assert_eq!(
        (account.written(), account.dropped(Reason::Rejected), account.loss_lines()),
        (1, 1, 1),
        "{account:?}"
    );
    assert_eq!(spans(&[receiver.request()]).len(), 1, "the one that was refused");
    let spans = spans(&receiver.rest());
    let told = spans.iter().find(|span| span["name"] == "spans_lost").unwrap();
    assert_eq!(attribute(told, "spans")["intValue"], "1");
    assert_eq!(attribute(told, "rejected")["intValue"], "1");
    assert_eq!(told["status"]["code"], "STATUS_CODE_ERROR");
    let time = |name: &str| told[name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time("startTimeUnixNano") > 1_700_000_000_000_000_000);
    assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"));
    assert_eq!(told.get("parentSpanId"), None);
}

/// The client logs each request at DEBUG and TRACE; exported, each would make the next.
#[test]
fn what_the_exporter_logs_is_not_exported() {
    let mut receiver = Receiver::answering(&["200"]);
    let builder = Logging::builder().no_file().console(false).rust_log(false).filter("trace");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("all.jsonl");
    let guard = builder.json_file(&file).otlp(to(&receiver)).install().unwrap();
    tracing::info_span!("span").in_scope(|| tracing::info!("event"));
    assert!(guard.flush(LIMIT));
    tracing::info!("another");
    assert_eq!(guard.shutdown(LIMIT).abandoned, 0);
    let mut requests = vec![receiver.request()];
    requests.extend(receiver.rest());
    let bodies: Vec<_> =
        records(&requests).iter().map(|record| record["body"]["stringValue"].clone()).collect();
    assert_eq!(bodies, ["event", "another"]);
    assert_eq!(spans(&requests).len(), 1);
    let all = std::fs::read_to_string(&file).unwrap();
    assert!(
        all.contains("\"target\":\"hyper") || all.contains("\"target\":\"reqwest"),
        "the files have it: {all}"
    );
}
