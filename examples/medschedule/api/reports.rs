//! Reports over the roster and over the service's own answers.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::TryStreamExt;
use ms_analytics::{ShiftAnalytics, ShiftReport};
use serde::Deserialize;

use super::body::Query;
use super::shifts::instant;
use crate::problem::Problem;
use crate::service::Service;
use crate::store::{Filter, Store, StoreError, StoredShift};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    from: Option<String>,
    to: Option<String>,
}

pub(super) async fn shifts(
    State(service): State<Service>,
    Query(range): Query<Range>,
) -> Result<Response, Problem> {
    let filter = Filter {
        from_us: range.from.as_deref().map(|text| instant("from", text)).transpose()?,
        to_us: range.to.as_deref().map(|text| instant("to", text)).transpose()?,
        ..Filter::default()
    };
    let name = format!("report:{:?}:{:?}", filter.from_us, filter.to_us);
    let generation = service.cached(service.cache.generation()).await;
    if let Some(generation) = generation
        && let Some(Some(text)) = service.cached(service.cache.find(generation, &name)).await
    {
        return Ok(json(text));
    }
    let report = analyze(&service.store, &filter).await.map_err(|error| service.refuse(&error))?;
    let text = Bytes::from(serde_json::to_vec(&report).map_err(|_| Problem::unavailable("no report"))?);
    if let Some(generation) = generation {
        service.cached(service.cache.keep(generation, &name, text.clone())).await;
    }
    Ok(json(text))
}

pub(super) async fn response_times(State(service): State<Service>) -> Response {
    axum::Json(service.response_times.snapshot()).into_response()
}

async fn analyze(store: &Store, filter: &Filter) -> Result<ShiftReport, StoreError> {
    let mut rows = store.stream(filter);
    let mut analytics = ShiftAnalytics::default();
    while let Some(row) = rows.try_next().await? {
        analytics.add(&row.into_shift()?);
    }
    // Sorting a large roster takes tens of milliseconds: not on a thread that answers others.
    tokio::task::spawn_blocking(move || analytics.finish()).await.map_err(|_| StoreError::Interrupted)
}

fn json(text: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}
