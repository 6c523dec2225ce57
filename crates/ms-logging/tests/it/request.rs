//! The tower layer, on an axum router.

use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use ms_logging::{RequestLogLayer, TraceContext};
use serde_json::Value;
use tower::ServiceExt as _;
use tracing::instrument::WithSubscriber as _;

use crate::logger::{LIMIT, Logger};

fn app(logger: &Logger) -> Router {
    Router::new()
        .route(
            "/shifts/{id}",
            get(|| async {
                tracing::info!("in the handler");
                "body"
            }),
        )
        .route("/panics", get(panics))
        .route("/fails", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/hangs", get(|| async { std::future::pending::<()>().await }))
        .layer(logger.guard.http_layer())
}

async fn panics() {
    panic!("on purpose");
}

fn request(path: &str) -> http::request::Builder {
    Request::get(path)
}

/// Sends requests one after the other and gives the events' data.
async fn events(requests: Vec<Request<Body>>) -> (Vec<http::HeaderMap>, Vec<Value>) {
    let logger = Logger::start();
    let app = app(&logger);
    let mut headers = Vec::new();
    for request in requests {
        let response = app.clone().oneshot(request).with_subscriber(logger.dispatch.clone()).await.unwrap();
        headers.push(response.headers().clone());
        response.into_body().collect().with_subscriber(logger.dispatch.clone()).await.unwrap();
    }
    let (text, json) = logger.finish();
    assert_eq!(text.len(), json.len());
    let data = |line: &String| serde_json::from_str::<Value>(line).unwrap()["data"].clone();
    (headers, json.iter().map(data).collect())
}

#[tokio::test]
async fn a_request_is_one_line_with_its_template_and_without_its_query() {
    let requests = vec![
        request("/shifts/10000000146?tckn=10000000146")
            .header("x-request-id", "abc-1")
            .body(Body::empty())
            .unwrap(),
    ];
    let (headers, events) = events(requests).await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[0]["message"], "in the handler");
    assert_eq!(events[0]["spans"][0]["fields"]["request_id"], "abc-1");
    let line = &events[1];
    assert_eq!(line["message"], "request");
    assert_eq!(line["fields"]["method"], "GET");
    assert_eq!(line["fields"]["route"], "/shifts/{id}");
    assert_eq!(line["fields"]["status"], 200);
    assert!(line["fields"]["duration_ms"].as_f64().unwrap() >= 0.0);
    assert_eq!(line["spans"][0]["fields"]["trace_id"].as_str().unwrap().len(), 32);
    assert!(!line.to_string().contains("10000000146"));
    assert_eq!(headers[0]["x-request-id"], "abc-1");
}

#[tokio::test]
async fn a_method_that_is_none_is_told_as_other() {
    let method = "M".repeat(100_000);
    let odd = Request::builder().method(method.as_str()).uri("/shifts/7").body(Body::empty()).unwrap();
    let (_, events) = events(vec![odd]).await;
    assert_eq!(
        (&events[0]["fields"]["method"], &events[0]["fields"]["status"]),
        (&"OTHER".into(), &405.into())
    );
}

#[tokio::test]
async fn statuses_decide_the_level_and_traces_are_followed() {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let requests = vec![
        request("/fails").header("traceparent", parent).body(Body::empty()).unwrap(),
        request("/nowhere/10000000146").header("x-request-id", "bad id\t").body(Body::empty()).unwrap(),
    ];
    let (headers, events) = events(requests).await;
    assert_eq!((&events[0]["level"], &events[0]["fields"]["status"]), (&"WARN".into(), &500.into()));
    assert_eq!(events[0]["spans"][0]["fields"]["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((&events[1]["level"], &events[1]["fields"]["route"]), (&"INFO".into(), &"unmatched".into()));
    assert_eq!(headers[1]["x-request-id"].len(), 32);
}

#[tokio::test]
async fn layers_outside_learn_the_trace_that_the_log_has() {
    let logger = Logger::start();
    let request = request("/shifts/7").body(Body::empty()).unwrap();
    let asked = Router::new().route("/shifts/{id}", get(|| async {}));
    let asked = asked.layer(logger.guard.http_layer().trace_id_in_response());
    let response = asked.oneshot(request).with_subscriber(logger.dispatch.clone()).await.unwrap();
    let trace = response.extensions().get::<ms_logging::TraceId>().unwrap().as_str().to_owned();
    let (_, json) = logger.finish();
    assert!(json[0].contains(&format!("\"trace_id\":\"{trace}\"")), "{json:?}");
    assert_eq!(trace.len(), 32);
}

#[test]
fn a_request_that_is_dropped_has_its_line_too() {
    let logger = Logger::start();
    let app = app(&logger);
    let mut hanging = Box::pin(app.oneshot(request("/hangs").body(Body::empty()).unwrap()));
    logger.log(|| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(hanging.as_mut().poll(&mut context).is_pending());
        drop(hanging);
    });
    let (_, json) = logger.finish();
    assert_eq!(json.len(), 1, "{json:?}");
    assert!(json[0].contains("\"status\":499"), "{}", json[0]);
}

#[test]
fn a_handler_that_panics_is_logged_as_500() {
    let logger = Logger::start();
    let mut panicking = Box::pin(app(&logger).oneshot(request("/panics").body(Body::empty()).unwrap()));
    logger.log(|| {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let poll = std::panic::AssertUnwindSafe(|| panicking.as_mut().poll(&mut context).is_ready());
        assert!(std::panic::catch_unwind(poll).is_err());
        drop(panicking);
    });
    let (_, json) = logger.finish();
    assert_eq!(json.len(), 1, "{json:?}");
    assert!(json[0].contains("\"status\":500"), "{}", json[0]);
}

/// Sends one request through a layer with these options, to a handler of one's own; gives the answer and the lines.
async fn sent<H, T>(
    options: impl FnOnce(RequestLogLayer) -> RequestLogLayer,
    handler: H,
    request: Request<Body>,
) -> (http::Response<()>, Vec<Value>)
where
    H: axum::handler::Handler<T, ()>,
    T: 'static,
{
    let logger = Logger::start();
    let app = Router::new().route("/{any}", get(handler)).layer(options(logger.guard.http_layer()));
    let response = app.oneshot(request).with_subscriber(logger.dispatch.clone()).await.unwrap();
    let (head, body) = response.into_parts();
    body.collect().with_subscriber(logger.dispatch.clone()).await.unwrap();
    let (_, json) = logger.finish();
    let lines =
        json.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["data"].clone()).collect();
    (http::Response::from_parts(head, ()), lines)
}

fn get_request(headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = request("/x");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn handlers_read_the_id_that_log_and_answer_have() {
    let echo = |headers: http::HeaderMap| async move {
        assert_eq!(headers.get_all("x-request-id").iter().count(), 1);
        [
            ("x-handler-saw", headers["x-request-id"].clone()),
            ("x-request-id", "of-the-handler".parse().unwrap()),
        ]
    };
    for given in [&[][..], &[("x-request-id", "given-1")], &[("x-request-id", "not given")]] {
        let (response, lines) = sent(|layer| layer, echo, get_request(given)).await;
        let id = response.headers()["x-handler-saw"].to_str().unwrap();
        assert_eq!(response.headers().get_all("x-request-id").iter().collect::<Vec<_>>(), [id]);
        assert_eq!(lines[0]["spans"][0]["fields"]["request_id"], id);
        assert_eq!(id == "given-1", given == [("x-request-id", "given-1")]);
    }
}

#[tokio::test]
async fn calls_to_other_services_go_on_with_the_trace() {
    let outgoing = |Extension(context): Extension<TraceContext>| async move {
        tracing::info!("calls");
        let mut headers = http::HeaderMap::new();
        context.inject(&mut headers);
        headers
    };
    let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let given = format!("00-{trace}-{parent}-01");
    let request = get_request(&[("traceparent", &given), ("tracestate", "a=1"), ("tracestate", "b=2")]);
    let (response, lines) = sent(|layer| layer, outgoing, request).await;
    let span = lines[0]["span_id"].as_str().unwrap();
    assert_eq!((lines[0]["trace_id"].as_str().unwrap(), span.len()), (trace, 16));
    assert_ne!(span, parent);
    assert_eq!(response.headers()["traceparent"], format!("00-{trace}-{span}-01"));
    assert_eq!(response.headers()["tracestate"], "a=1,b=2");
    assert_eq!((&lines[1]["trace_id"], &lines[1]["span_id"]), (&lines[0]["trace_id"], &lines[0]["span_id"]));
    assert_eq!(lines[1]["spans"][0]["fields"]["span_id"], span);
}

#[tokio::test]
async fn events_in_spans_below_have_the_ids_of_the_request_and_others_have_none() {
    let below = || async {
        tracing::info_span!("query").in_scope(|| tracing::info!("below"));
        tracing::info!(parent: None, "apart");
        // A span of that name is none of ours.
        tracing::error_span!(target: "ms_logging::request", parent: None, "request", trace_id = "7")
            .in_scope(|| tracing::info!("forged"));
    };
    let (_, lines) = sent(|layer| layer, below, get_request(&[])).await;
    assert_eq!(lines[0]["trace_id"], lines[3]["trace_id"]);
    assert_eq!(lines[0]["span_id"].as_str().unwrap().len(), 16);
    assert_eq!((lines[1].get("trace_id"), lines[2].get("trace_id")), (None, None));
}

#[tokio::test]
async fn slow_requests_are_warnings_and_say_so() {
    for (limit, level, slow) in [(Duration::ZERO, "WARN", Value::from(true)), (LIMIT, "INFO", Value::Null)] {
        let (_, lines) = sent(|layer| layer.slow(limit), || async {}, get_request(&[])).await;
        assert_eq!((&lines[0]["level"], &lines[0]["fields"]["slow"]), (&level.into(), &slow));
    }
}

#[tokio::test]
async fn excluded_requests_have_ids_and_no_line() {
    let handler = || async { tracing::info!("in the handler") };
    for (excluded, count) in [("/x", 1), ("/{any}", 1), ("/health", 2)] {
        let exclude = |layer: RequestLogLayer| layer.exclude(["/metrics", excluded]);
        let (response, lines) = sent(exclude, handler, get_request(&[])).await;
        assert_eq!(lines.len(), count, "{excluded}: {lines:?}");
        assert_eq!(
            lines[0]["spans"][0]["fields"]["request_id"],
            response.headers()["x-request-id"].to_str().unwrap()
        );
    }
}

#[tokio::test]
async fn of_two_layers_the_outer_one_logs() {
    let logger = Logger::start();
    let app = Router::new().route("/{any}", get(|| async {}));
    let app = app.layer(logger.guard.http_layer()).layer(logger.guard.http_layer());
    app.oneshot(get_request(&[])).with_subscriber(logger.dispatch.clone()).await.unwrap();
    let (_, json) = logger.finish();
    assert_eq!(json.len(), 1, "{json:?}");
    assert_eq!(json[0].matches("request_id").count(), 1, "{}", json[0]);
}
