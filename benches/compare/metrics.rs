//! ms-metrics beside axum-prometheus, metrics-exporter-prometheus and prometheus-client.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::Request;
use axum::routing::get;
use axum_prometheus::utils::SECONDS_DURATION_BUCKETS;
use axum_prometheus::{AXUM_HTTP_REQUESTS_DURATION_SECONDS, BaseMetricLayer};
use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use ms_metrics::Metrics;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::{counter::Counter, family::Family};
use prometheus_client::registry::Registry;
use tower::Service;

use crate::claim::Claim;
use crate::measure::{nanoseconds, nanoseconds_over};

const AREA: &str = "metrics";
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

pub fn claims() -> Vec<Claim> {
    vec![http_layer(), counter(), histogram(), uncached_counter(), render()]
}

/// A request through an axum router, over the same router without a layer.
fn http_layer() -> Claim {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let metrics = ours();
    // The peer records through the facade, by default into this.
    let exporter = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Full(AXUM_HTTP_REQUESTS_DURATION_SECONDS.to_owned()),
            SECONDS_DURATION_BUCKETS,
        )
        .expect("bounds")
        .build_recorder();
    let theirs = exporter.handle();
    metrics::set_global_recorder(exporter).expect("the only one");
    let routes = || Router::new().route("/shifts/{id}", get(|| async { "ok" }));
    let call = |app: Router| {
        let app = RefCell::new(app.with_state::<()>(()));
        let runtime = &runtime;
        move || runtime.block_on(request(&mut app.borrow_mut()))
    };
    let pair = nanoseconds_over(20_000, call(routes()), call(routes().layer(metrics.http_layer())), {
        let peer = call(routes().layer(BaseMetricLayer::new()));
        let (theirs, mut calls) = (theirs.clone(), 0_u32);
        move || {
            peer();
            calls += 1;
            // Its histograms keep every value until then.
            if calls.is_multiple_of(50_000) {
                theirs.run_upkeep();
            }
        }
    });
    assert!(metrics.render().contains("endpoint=\"/shifts/{id}\""), "our layer saw the requests");
    assert!(theirs.render().contains("endpoint=\"/shifts/{id}\""), "so did the peer's");
    Claim::new(AREA, "HTTP layer, over bare axum", "ns/request", pair, "axum-prometheus", 0.25)
}

async fn request(app: &mut Router) {
    let request = Request::get("/shifts/17").body(Body::empty()).expect("a request");
    let response = app.call(request).await.expect("infallible");
    let mut body = std::pin::pin!(response.into_body());
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        black_box(frame.expect("a frame"));
    }
}

/// An increment through a handle of the facade, beside the atomic add that bounds it.
fn counter() -> Claim {
    let metrics = ours();
    let counter = metrics.recorder().register_counter(&Key::from_name("bench_total"), &METADATA);
    let atomic = AtomicU64::new(0);
    let pair = nanoseconds(
        1_000_000,
        || black_box(&counter).increment(1),
        || {
            black_box(&atomic).fetch_add(1, Ordering::Relaxed);
        },
    );
    assert!(metrics.render().contains("bench_total"), "counted");
    Claim::new(AREA, "counter, cached handle", "ns", pair, "raw atomic add", 2.0)
}

/// A record into 14 buckets through a handle of the facade.
fn histogram() -> Claim {
    let buckets: Vec<f64> = (0..14).map(|power| 0.001 * f64::from(1 << power)).collect();
    let metrics = Metrics::builder().buckets("bench_seconds", &buckets).build().expect("valid");
    let key = Key::from_name("bench_seconds");
    let ours = metrics.recorder().register_histogram(&key, &METADATA);
    let theirs = prometheus_client::metrics::histogram::Histogram::new(buckets);
    let mut value = 0.0;
    let mut next = || {
        value = if value > 8.0 { 0.0005 } else { value + 0.0137 };
        value
    };
    let next = RefCell::new(&mut next);
    let pair = nanoseconds(
        1_000_000,
        || black_box(&ours).record((next.borrow_mut())()),
        || black_box(&theirs).observe((next.borrow_mut())()),
    );
    assert!(metrics.render().contains("bench_seconds_bucket"), "recorded");
    Claim::new(AREA, "histogram, cached handle", "ns", pair, "prometheus-client", 1.0)
}

/// `counter!` with three labels, looked up every time.
fn uncached_counter() -> Claim {
    let metrics = ours();
    let theirs = PrometheusBuilder::new().build_recorder();
    let increment = || {
        metrics::counter!("bench_total", "method" => "GET", "endpoint" => "/a", "status" => "200")
            .increment(1)
    };
    let ours = metrics.recorder();
    let pair = nanoseconds(
        200_000,
        || metrics::with_local_recorder(&ours, increment),
        || metrics::with_local_recorder(&theirs, increment),
    );
    Claim::new(AREA, "counter! with 3 labels", "ns", pair, "metrics-exporter-prometheus", 0.7)
}

/// Rendering 10,000 series.
fn render() -> Claim {
    const SERIES: usize = 10_000;
    let metrics = ours_with_series_cap(SERIES + 1);
    let family = Family::<Vec<(String, String)>, Counter>::default();
    for id in 0..SERIES {
        let value = format!("/api/v1/path/{id}");
        let labels = vec![Label::new("method", "GET"), Label::new("endpoint", value.clone())];
        metrics
            .recorder()
            .register_counter(&Key::from_parts("bench_total", labels), &METADATA)
            .increment(id as u64);
        let labels = vec![("method".to_owned(), "GET".to_owned()), ("endpoint".to_owned(), value)];
        family.get_or_create(&labels).inc_by(id as u64);
    }
    let mut registry = Registry::default();
    registry.register("bench", "help", family);
    let lines = metrics.render().lines().filter(|line| line.starts_with("bench_total{")).count();
    assert_eq!(lines, SERIES, "every series is rendered");
    let pair = nanoseconds(
        4,
        || {
            black_box(metrics.render());
        },
        || {
            let mut text = String::new();
            encode(&mut text, &registry).expect("encodes");
            black_box(text);
        },
    );
    Claim::new(AREA, "render 10k series", "ns", pair, "prometheus-client", 0.2)
}

fn ours() -> Metrics {
    Metrics::builder().build().expect("valid")
}

fn ours_with_series_cap(cap: usize) -> Metrics {
    Metrics::builder().series_cap(cap).build().expect("valid")
}
