//! Reports over the roster and over the service's own answers.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::TryStreamExt;
use ms_analytics::ShiftAnalytics;
use serde::Serialize;

use super::query::Query;
use super::shifts::range;
use crate::problem::Problem;
use crate::service::Service;
use crate::store::{Filter, Store, StoreError};

pub(super) async fn shifts(State(service): State<Service>, query: Query) -> Result<Response, Problem> {
    let [from, to] = query.take(["from", "to"])?;
    let (from_us, to_us) = range(from, to)?;
    let filter = Filter { from_us, to_us, ..Filter::default() };
    let text = shift_report(&service, &filter).await.map_err(|error| service.refuse(&error))?;
    Ok(json(text))
}

/// Returns the report as JSON, from the cache if the roster is the same.
pub(crate) async fn shift_report(service: &Service, filter: &Filter) -> Result<Bytes, StoreError> {
    let name = format!("report:{:?}:{:?}", filter.from_us, filter.to_us);
    let (store, filter) = (service.store.clone(), filter.clone());
    service.cached(&name, async move { analyze(&store, &filter).await }).await
}

#[derive(Serialize)]
struct ResponseTimesReport {
    avg_response_time: Option<f64>,
    p95_response_time: Option<f64>,
    p99_response_time: Option<f64>,
    window_seconds: u32,
    percentile_error: f64,
}

pub(super) async fn response_times(State(service): State<Service>) -> Response {
    let times = service.response_times.snapshot();
    let report = ResponseTimesReport {
        avg_response_time: times.map(|times| times.avg_response_time),
        p95_response_time: times.map(|times| times.p95_response_time),
        p99_response_time: times.map(|times| times.p99_response_time),
        window_seconds: 300,
        percentile_error: 0.001,
    };
    axum::Json(report).into_response()
}

async fn analyze(store: &Store, filter: &Filter) -> Result<Bytes, StoreError> {
    let mut rows = store.stream(filter);
    let mut analytics = ShiftAnalytics::default();
    while let Some(row) = rows.try_next().await? {
        analytics.add(row.as_shift()?);
    }
    // Sorting a large roster takes tens of milliseconds: not on a thread that answers others.
    let report = tokio::task::spawn_blocking(move || serde_json::to_vec(&analytics.finish()));
    match report.await {
        Ok(Ok(text)) => Ok(text.into()),
        _ => Err(StoreError::Interrupted),
    }
}

fn json(text: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
