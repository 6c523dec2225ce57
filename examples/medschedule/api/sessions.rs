//! Signing in and out.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ms_logging::log_event;
use uuid::Uuid;

use super::body::{Id, Object, text, wrong};
use crate::problem::Problem;
use crate::service::Service;

const LONGEST: usize = 256;

pub(super) async fn sign_in(State(service): State<Service>, body: Object) -> Result<Response, Problem> {
    let [user] = body.take(["user"])?;
    let user = text("user", user)?;
    check_user(&user)?;
    let id = service.sessions.sign_in().ok_or_else(|| Problem::unavailable("too many sessions are open"))?;
    // Who it was stays out of the log.
    log_event!("user_signed_in", session = id.to_string());
    let body = serde_json::json!({ "id": id.to_string(), "user": user });
    let location = format!("/api/v1/sessions/{id}");
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(body)).into_response())
}

pub(super) async fn sign_out(State(service): State<Service>, Id(id): Id) -> Result<StatusCode, Problem> {
    let session = Uuid::try_parse(&id).ok().filter(|id| service.sessions.sign_out(id));
    let session = session.ok_or_else(|| Problem::not_found("no session has this id"))?;
    log_event!("user_signed_out", session = session.to_string());
    Ok(StatusCode::NO_CONTENT)
}

fn check_user(user: &str) -> Result<(), Problem> {
    let reason = if user.trim().is_empty() {
        "empty"
    } else if user.len() > LONGEST {
        "longer than 256 bytes"
    } else if user.chars().any(char::is_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(wrong("user", reason))
}
