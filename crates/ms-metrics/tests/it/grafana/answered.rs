//! What the panels ask, answered by a real Prometheus.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use ms_metrics::grafana::{Dashboard, Row};
use ms_metrics::{HttpMetricsLayer, Metrics};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{BEDS, READ, SIZE, SWAPS, WAIT, panels};
use crate::prometheus::{Prometheus, serve, until};

/// A service that measures all that the layer can, and counts something of each kind.
struct Rosters {
    metrics: Metrics,
    app: Router,
}

impl Rosters {
    fn new(names: impl FnOnce(HttpMetricsLayer) -> HttpMetricsLayer) -> Self {
        let metrics = Metrics::builder().catalog([SWAPS, BEDS, WAIT, SIZE, READ]).build().unwrap();
        let layer = names(metrics.http_layer().first_byte().response_size());
        let app = Router::new()
            .route("/rosters", post(|body: String| async move { body }))
            .route("/broken", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .route_layer(metrics.endpoint_latency_layer())
            .layer(layer.request_body_layer())
            .layer(layer);
        Self { metrics, app }
    }

    async fn work(&self) {
        for request in
            [Request::post("/rosters").body(Body::from("a,b")), Request::get("/broken").body(Body::empty())]
        {
            let response = self.app.clone().oneshot(request.unwrap()).await.unwrap();
            response.into_body().collect().await.unwrap();
        }
        self.metrics.business().shifts_scheduled("Acil", 1);
        self.metrics.counter(&SWAPS, &["a", "b"]).increment(1);
        self.metrics.gauge(&BEDS, &["1", "2"]).set(3.0);
        self.metrics.histogram(&WAIT, &["a"]).record(0.25);
        self.metrics.histogram(&SIZE, &[]).record(7.0);
        self.metrics.counter(&READ, &[]).increment(1);
    }

    /// What is asked for, and what the answer is called by.
    fn queries(&self, job: &str, names: impl FnOnce(Dashboard) -> Dashboard) -> Vec<(String, String)> {
        let here = [Row::Machine, Row::Process, Row::Runtime, Row::Metrics];
        let dashboard =
            here.into_iter().fold(Dashboard::new("A"), |dashboard, row| dashboard.row(row, false));
        let dashboard = names(dashboard.row(Row::Bodies, true)).to_json(self.metrics.catalog());
        let dashboard: Value = serde_json::from_str(&dashboard).unwrap();
        let targets = panels(&dashboard).flat_map(|panel| panel["targets"].as_array().unwrap());
        let chosen = [("$__rate_interval", "1m"), ("$job", job), ("$instance", ".*"), ("$endpoint", ".*")];
        let text = |target: &Value, key: &str| target[key].as_str().unwrap().to_owned();
        let query = |target: &Value| {
            chosen.iter().fold(text(target, "expr"), |text, (name, value)| text.replace(name, value))
        };
        targets.map(|target| (query(target), text(target, "legendFormat"))).collect()
    }
}

/// The labels that a legend is made of.
fn labels(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|rest| Some(rest.split_once("}}")?.0))
}

#[test]
fn requests_bodies_and_what_a_team_declares_have_data_under_both_names() {
    let origin = Rosters::new(|layer| layer);
    let semantic = Rosters::new(HttpMetricsLayer::semantic_conventions);
    let jobs = [("origin", serve(&origin.metrics, None)), ("semantic", serve(&semantic.metrics, None))];
    let prometheus = Prometheus::start(&jobs, "exemplar-storage");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();

    let asked = origin.queries("origin", |dashboard| dashboard);
    let asked =
        [(&origin, asked), (&semantic, semantic.queries("semantic", Dashboard::semantic_conventions))];
    for (service, queries) in asked {
        assert!(queries.len() > 20, "{queries:?}");
        for (query, legend) in queries {
            until(&query, || {
                // A rate takes growth between two scrapes.
                runtime.block_on(service.work());
                let found = prometheus.query(&query);
                let has_value = |series: &Value| {
                    let value = series["value"][1].as_str().and_then(|value| value.parse::<f64>().ok());
                    value.is_some_and(f64::is_finite)
                };
                let is_called =
                    |series: &Value| labels(&legend).all(|label| series["metric"][label].is_string());
                found.iter().any(|series| has_value(series) && is_called(series))
            });
        }
    }
}
