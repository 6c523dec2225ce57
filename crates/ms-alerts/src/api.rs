//! `GET /api/v1/alerts`, in the shape of a Prometheus server.

use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::alert::Alert;
use crate::format;
use crate::labels::Labels;
use crate::manager::AlertManager;
use crate::state::State;

#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    alerts: Vec<Shown<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    labels: &'a Labels,
    annotations: &'a Labels,
    state: State,
    active_at: String,
    value: String,
}

impl<'a> Shown<'a> {
    fn of(alert: &'a Alert) -> Self {
        Self {
            labels: &alert.labels,
            annotations: &alert.annotations,
            state: alert.state,
            active_at: alert.active_at.to_string(),
            value: format::exponent(alert.value),
        }
    }
}

impl AlertManager {
    /// Gives a router that answers `GET /api/v1/alerts` in the shape of a Prometheus server.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let manager = self.clone();
        Router::new().route("/api/v1/alerts", get(move || std::future::ready(answer(&manager))))
    }
}

fn answer(manager: &AlertManager) -> Response {
    let snapshot = manager.0.snapshot();
    let alerts = snapshot.alerts.iter().map(Shown::of).collect();
    let mut response = Json(Answer { status: "success", data: Data { alerts } }).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
