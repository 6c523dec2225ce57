//! The HTTP interface, `/api/v1`.

mod body;
mod import;
mod media;
mod named;
mod query;
mod reports;
mod sessions;
mod shifts;
#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};

use self::body::Id;
pub(crate) use self::reports::shift_report;
pub(crate) use self::shifts::{cancel_shift, plan_shift};
use crate::service::{Service, within};

/// The longest that a client waits for an answer, its own sending included; twice that for a change that has begun.
const ANSWER: Duration = Duration::from_secs(30);

/// Builds the routes of the interface.
pub fn router() -> Router<Service> {
    Router::new()
        .route("/api/v1/sessions", post(sessions::sign_in))
        .route("/api/v1/sessions/{id}", delete(sessions::sign_out))
        .route("/api/v1/shifts", post(shifts::plan).get(shifts::list))
        .route("/api/v1/shifts/{id}", delete(shifts::cancel))
        // A roster may hold a shift of this id.
        .route(
            "/api/v1/shifts/import",
            delete(|service| shifts::cancel(service, Id(shifts::IMPORT.to_owned()))),
        )
        .route("/api/v1/reports/shifts", get(reports::shifts))
        .route("/api/v1/reports/response-times", get(reports::response_times))
        .layer(from_fn(limit_time))
        // A roster may take longer to arrive; its chunks have a limit of their own.
        .route("/api/v1/shifts/import", post(import::import))
}

async fn limit_time(request: Request, next: Next) -> Response {
    within(ANSWER, next.run(request)).await.into_response()
}
