//! The time in the handler alone.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use ms_metrics::{Endpoint, EndpointLatencyLayer, Metrics};
use tower::{Layer as _, Service as _, ServiceExt as _, service_fn};

use crate::page::{built, lines};

fn app(metrics: &Metrics) -> Router {
    let busy = || async {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(10) {
            std::hint::spin_loop();
        }
        "done"
    };
    Router::new()
        .route("/busy/{id}", get(busy))
        .route("/never", get(std::future::pending::<()>))
        .route("/panic", get(panicking))
        .route_layer(metrics.endpoint_latency_layer())
}

async fn panicking() -> String {
    panic!("in the handler")
}

fn ask(path: &str) -> Request<Body> {
    Request::builder().uri(path).body(Body::empty()).unwrap()
}

fn counts(metrics: &Metrics) -> Vec<String> {
    lines(metrics, "endpoint_latency_seconds_count")
}

#[tokio::test]
async fn a_handler_is_timed_without_its_body() {
    let metrics = built();
    let response = app(&metrics).oneshot(ask("/busy/7")).await.unwrap();
    assert_eq!(
        counts(&metrics),
        ["endpoint_latency_seconds_count{endpoint=\"/busy/{id}\",method=\"GET\"} 1"],
        "before the body is read"
    );
    drop(response);
    let sum: f64 =
        lines(&metrics, "endpoint_latency_seconds_sum")[0].rsplit_once(' ').unwrap().1.parse().unwrap();
    assert!(sum >= 0.01, "{sum}");
    assert_eq!(lines(&metrics, "endpoint_latency_seconds_bucket").len(), 14);
}

#[tokio::test]
async fn a_404_is_no_handler() {
    let metrics = built();
    app(&metrics).oneshot(ask("/nowhere")).await.unwrap();
    assert!(counts(&metrics).is_empty());
}

#[tokio::test]
async fn handlers_that_end_otherwise_are_timed_too() {
    let metrics = built();
    let panicking = tokio::spawn(AssertUnwindSafe(app(&metrics).oneshot(ask("/panic"))).0);
    panicking.await.unwrap_err();
    let mut given_up = Box::pin(app(&metrics).call(ask("/never")));
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(given_up.as_mut().poll(cx).is_pending())).await);
    drop(given_up);
    assert_eq!(
        counts(&metrics),
        [
            "endpoint_latency_seconds_count{endpoint=\"/panic\",method=\"GET\"} 1",
            "endpoint_latency_seconds_count{endpoint=\"/never\",method=\"GET\"} 1",
        ]
    );
}

#[tokio::test]
async fn applied_twice_it_times_once_beside_the_other_layer() {
    let metrics = built();
    let app = app(&metrics).route_layer(metrics.endpoint_latency_layer()).layer(metrics.http_layer());
    app.oneshot(ask("/busy/1")).await.unwrap();
    assert_eq!(counts(&metrics).len(), 1);
    assert!(counts(&metrics)[0].ends_with(" 1"));
}

#[tokio::test]
async fn without_axum_the_caller_names_the_endpoint() {
    let metrics = built();
    let layer = metrics
        .endpoint_latency_layer()
        .endpoint(|uri, _| (uri.path() == "/known").then_some(Endpoint::from_static("/known")));
    let plain = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>("any answer") });
    for path in ["/known", "/unknown"] {
        layer.layer(plain).oneshot(ask(path)).await.unwrap();
    }
    let endpoint = |name| format!("endpoint_latency_seconds_count{{endpoint=\"{name}\",method=\"GET\"}} 1");
    assert_eq!(counts(&metrics), ["/known", "unmatched"].map(endpoint));
}

#[tokio::test]
async fn layers_within_each_other_time_once_and_beside_each_other_each() {
    let metrics = built();
    let name = |layer: EndpointLatencyLayer| layer.endpoint(|_, _| Some(Endpoint::from_static("/known")));
    let layer = name(metrics.endpoint_latency_layer());
    let plain = service_fn(|_: Request<Body>| async { Ok::<_, Infallible>("any answer") });
    let total = || -> u64 {
        counts(&metrics).iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    };
    let mut expected = 0;
    for (inner, outer) in [(layer.clone(), layer.clone()), (layer.clone(), name(layer))] {
        // Calls what stands inside only when its future is polled.
        let late = inner.layer(plain).filter_async(|request: Request<Body>| async {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(request)
        });
        let mut directly = outer.layer(inner.layer(plain));
        for _ in 0..2 {
            directly.call(ask("/")).await.unwrap();
            directly.clone().oneshot(ask("/")).await.unwrap();
            outer.layer(late.clone()).oneshot(ask("/")).await.unwrap();
            inner.layer(plain).oneshot(ask("/")).await.unwrap();
            outer.layer(plain).oneshot(ask("/")).await.unwrap();
            expected += 5;
            assert_eq!(total(), expected);
        }
    }
}

#[tokio::test]
async fn a_request_that_a_handler_makes_is_timed_beside_its_own() {
    let metrics = built();
    let layer = metrics.endpoint_latency_layer();
    let leaf = Router::new().route("/leaf", get(|| async { "leaf" })).route_layer(layer.clone());
    let asks = || async move { leaf.oneshot(ask("/leaf")).await };
    let app = Router::new().route("/ask", get(asks)).route_layer(layer);
    for asked in 1..4 {
        app.clone().oneshot(ask("/ask")).await.unwrap();
        for path in ["/ask", "/leaf"] {
            let line =
                format!("endpoint_latency_seconds_count{{endpoint=\"{path}\",method=\"GET\"}} {asked}");
            assert!(counts(&metrics).contains(&line), "{line}");
        }
    }
}
