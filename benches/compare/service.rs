//! A service with metrics and an access line a request: our crates, what an axum team assembles today, and the
//! Python stack of the origin. CPU time of the whole process, log writers included; nothing passes a socket.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Path as Segment;
use axum::http::Request;
use axum::routing::get;
use ms_logging::Logging;
use ms_metrics::Metrics;
use tower::Service;
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;
use tracing_appender::non_blocking::NonBlockingBuilder;
use tracing_subscriber::layer::SubscriberExt;

use crate::claim::{Claim, Pair};
use crate::cpu;
use crate::python::Python;

const AREA: &str = "service";
const REQUESTS: u32 = 20_000;
const ROUNDS: usize = 7;
const ENDPOINT: &str = "/api/v1/shifts/{id}";

pub fn claims() -> Vec<Claim> {
    vec![beside_rust(), beside_python()]
}

/// What the two layers cost beyond the bare router.
fn beside_rust() -> Claim {
    let runtime = runtime();
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let bare = micros(|| serve(&runtime, routes()));
            (ours(&runtime) - bare, theirs(&runtime) - bare)
        })
        .collect();
    let peer = "axum-prometheus, tower-http, tracing-appender";
    Claim::new(
        AREA,
        "metrics and access line, over bare axum",
        "CPU µs/req",
        Pair::of_rounds(&rounds),
        peer,
        0.5,
    )
}

/// The whole request, handler included.
fn beside_python() -> Claim {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let log = directory.path().join("medschedule.log").display().to_string();
    let arguments = [log, REQUESTS.to_string()];
    let mut python = Python::start(include_str!("service.py"), &arguments, "fastapi prometheus_client");
    let runtime = runtime();
    let rounds: Vec<_> = (0..3)
        .map(|_| {
            let (nanos, counted) = python.ask("requests");
            assert_eq!(counted, f64::from(REQUESTS), "Python counts every request");
            (ours(&runtime), nanos / 1e3 / f64::from(REQUESTS))
        })
        .collect();
    let peer = format!("{}, {}", python.version("fastapi"), python.version("prometheus_client"));
    Claim::new(
        AREA,
        "request with metrics and a log line",
        "CPU µs/req",
        Pair::of_rounds(&rounds),
        &peer,
        0.1,
    )
}

fn ours(runtime: &tokio::runtime::Runtime) -> f64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("medschedule.log");
    let metrics = Metrics::builder().build().expect("valid");
    let (layer, log) = Logging::builder().file(&file).console(false).layer().expect("a layer");
    let app = routes().layer(log.http_layer()).layer(metrics.http_layer());
    let subscriber = tracing_subscriber::registry().with(layer);
    let spent = micros(|| {
        tracing::subscriber::with_default(subscriber, || serve(runtime, app));
        assert_eq!(log.shutdown(Duration::from_secs(60)).abandoned, 0, "everything is written");
    });
    counted(&metrics.render(), "http_requests_total");
    written(directory.path());
    spent
}

fn theirs(runtime: &tokio::runtime::Runtime) -> f64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = tracing_appender::rolling::never(directory.path(), "medschedule.log");
    let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let exposition = recorder.handle();
    // Without its span the line would not say which request it is about.
    let trace = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    let app = routes().layer(trace).layer(axum_prometheus::PrometheusMetricLayer::new());
    let spent = micros(|| {
        metrics::with_local_recorder(&recorder, || {
            tracing::subscriber::with_default(subscriber, || serve(runtime, app));
        });
        drop(guard);
    });
    counted(&exposition.render(), "axum_http_requests_total");
    written(directory.path());
    spent
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn routes() -> Router {
    let answer = |Segment(id): Segment<u32>| async move {
        axum::Json(serde_json::json!({"id": id, "department": "Acil Servis"}))
    };
    Router::new().route(ENDPOINT, get(answer))
}

fn serve(runtime: &tokio::runtime::Runtime, mut app: Router) {
    runtime.block_on(async {
        for _ in 0..REQUESTS {
            let request = Request::get("/api/v1/shifts/17").body(Body::empty()).expect("a request");
            let response = app.call(request).await.expect("infallible");
            assert_eq!(response.status(), 200);
            let mut body = std::pin::pin!(response.into_body());
            while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
                frame.expect("a frame");
            }
        }
    });
}

fn micros(work: impl FnOnce()) -> f64 {
    cpu::nanoseconds(work) / 1e3 / f64::from(REQUESTS)
}

/// A layer that counts nothing would win for nothing.
fn counted(exposition: &str, metric: &str) {
    let line = exposition.lines().find(|line| line.starts_with(metric) && line.contains(ENDPOINT));
    let value = line.and_then(|line| line.rsplit(' ').next());
    assert_eq!(value, Some(REQUESTS.to_string().as_str()), "every request is counted: {line:?}");
}

fn written(directory: &Path) {
    let files = std::fs::read_dir(directory).expect("the directory");
    let texts = files.map(|file| std::fs::read(file.expect("a file").path()).expect("readable"));
    let lines: usize = texts.map(|text| text.iter().filter(|byte| **byte == b'\n').count()).sum();
    assert!(lines >= REQUESTS as usize, "every request has its line: {lines}");
}
