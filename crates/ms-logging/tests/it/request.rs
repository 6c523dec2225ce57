//! The tower layer, on an axum router.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use tracing::instrument::WithSubscriber as _;

use crate::logger::Logger;

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
    let response = app(&logger).oneshot(request).with_subscriber(logger.dispatch.clone()).await.unwrap();
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
