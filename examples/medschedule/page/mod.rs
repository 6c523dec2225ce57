//! The operations page at `/`: what somebody on call wants to see first, rendered here and working without scripts.

mod explain;
mod html;
mod requests;
#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use ms_alerts::{Alert, AlertHandle};
use ms_health::HealthCheck;
use ms_metrics::Metrics;

use self::html::{Active, View};
use crate::api::shift_report;
use crate::service::Service;
use crate::store::Filter;

/// The page is for times of trouble: what does not answer by then is left out.
const PATIENCE: Duration = Duration::from_secs(2);
const LATEST: u16 = 10;
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";

/// Where the page looks.
#[derive(Clone, Debug)]
pub struct Operations {
    /// The roster.
    pub service: Service,
    /// Requests and users.
    pub metrics: Metrics,
    /// The checks.
    pub health: HealthCheck,
    /// What fires.
    pub alerts: AlertHandle,
}

/// Builds the routes of the page.
pub fn router(operations: Operations) -> Router {
    Router::new()
        .route("/", get(show))
        .route("/operations.css", get(style))
        .route("/api/v1/explain/metrics", get(explain_metrics))
        .with_state(operations)
}

async fn show(State(operations): State<Operations>) -> Response {
    let Operations { service, metrics, health, alerts } = operations;
    let everything = Filter::default();
    let (health, report, latest) = tokio::join!(
        health.report(),
        tokio::time::timeout(PATIENCE, shift_report(&service, &everything)),
        tokio::time::timeout(PATIENCE, service.store.latest(LATEST)),
    );
    let report = report.ok().and_then(Result::ok).and_then(|text| serde_json::from_slice(&text).ok());
    let exposition = metrics.render();
    let view = View {
        health: &health,
        alerts: &alerts.alerts().iter().map(Active::from).collect::<Vec<_>>(),
        requests: &requests::by_endpoint(&exposition),
        users: requests::gauge(&exposition, "active_users_total"),
        times: service.response_times.snapshot(),
        report: report.as_ref(),
        latest: latest.ok().and_then(Result::ok),
        explanation: &metrics.explain(),
    };
    ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(view.to_string())).into_response()
}

async fn explain_metrics(State(operations): State<Operations>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], operations.metrics.explain().to_json()).into_response()
}

impl From<&Alert> for Active {
    fn from(alert: &Alert) -> Self {
        Self {
            name: alert.rule.clone(),
            state: alert.state.as_str(),
            severity: alert.severity().unwrap_or("–").to_owned(),
            since: alert.active_at.to_string(),
            summary: alert.annotations.get("summary").unwrap_or("–").to_owned(),
        }
    }
}

async fn style() -> Response {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    let keep = (header::CACHE_CONTROL, "max-age=300");
    ([kind, keep], include_str!("operations.css")).into_response()
}
