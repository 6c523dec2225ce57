//! `GET /api/v1/alerts` and `/api/v1/rules`, in the shape of a Prometheus server.

mod filter;
mod rules;

use axum::extract::RawQuery;
use axum::http::StatusCode;
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
use filter::Filter;

#[derive(Serialize)]
struct Answer<D> {
    status: &'static str,
    data: D,
}

#[derive(Serialize)]
struct Alerts<'a> {
    alerts: Vec<Shown<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    status: &'static str,
    error_type: &'static str,
    error: String,
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
    /// Gives a router that answers `GET /api/v1/alerts` and `GET /api/v1/rules` in the shape of a Prometheus server.
    ///
    /// The rules can be filtered as there: `type=alert` or `type=record`, and, any number of times, `rule_name[]`,
    /// `rule_group[]` and `file[]`; `exclude_alerts=true` leaves the alerts of the rules out. Another value is a 400 in the shape
    /// of Prometheus's errors.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (alerts, rules) = (self.clone(), self.clone());
        Router::new()
            .route("/api/v1/alerts", get(move || std::future::ready(show_alerts(&alerts))))
            .route("/api/v1/rules", get(move |query| std::future::ready(show_rules(&rules, &query))))
    }
}

fn show_alerts(manager: &AlertManager) -> Response {
    let snapshot = manager.0.snapshot();
    success(Alerts { alerts: snapshot.alerts().map(Shown::of).collect() })
}

fn show_rules(manager: &AlertManager, RawQuery(query): &RawQuery) -> Response {
    match Filter::parse(query.as_deref().unwrap_or_default()) {
        Ok(filter) => success(rules::Rules::of(&manager.0.snapshot(), &filter)),
        Err(error) => {
            let refusal = Refusal { status: "error", error_type: "bad_data", error };
            (StatusCode::BAD_REQUEST, Json(refusal)).into_response()
        }
    }
}

fn success(data: impl Serialize) -> Response {
    let mut response = Json(Answer { status: "success", data }).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
