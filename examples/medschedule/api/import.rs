//! Rosters sent over HTTP.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::media::require_type;
use crate::import::{Format, LoadError, load};
use crate::problem::Problem;
use crate::service::{Service, disk_full, to_the_end};

const LONGEST: u64 = 1 << 30;
/// The longest silence of a client in the middle of its roster.
const SILENCE: Duration = Duration::from_secs(15);

pub(super) async fn import(
    State(service): State<Service>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let format = match require_type(&headers, &["text/csv", "application/x-ndjson"])? {
        "text/csv" => Format::Csv,
        _ => Format::JsonLines,
    };
    let file = set_down(&service.data_dir, body).await?;
    to_the_end(async move {
        match load(&service, format, file).await {
            Ok(outcome) => Ok(axum::Json(outcome).into_response()),
            Err(LoadError::Unreadable(fault)) => {
                Err(Problem::unprocessable("the roster cannot be read at all")
                    .with("accepted", 0)
                    .with("rejected", json!([fault])))
            }
            Err(LoadError::Read(error)) => Err(no_room(&error)),
            Err(LoadError::Store(error)) => Err(service.refuse(&error)),
        }
    })
    .await
}

/// Writes the body to a file without a name: a client that sends slowly must not hold the roster's lock meanwhile.
async fn set_down(dir: &Path, body: Body) -> Result<File, Problem> {
    let path = dir.join(format!(".import-{}", Uuid::now_v7()));
    let open = tokio::fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path).await;
    let mut file = open.map_err(|error| no_room(&error))?;
    tokio::fs::remove_file(&path).await.map_err(|error| no_room(&error))?;
    let (mut chunks, mut length) = (body.into_data_stream(), 0);
    loop {
        let chunk = match tokio::time::timeout(SILENCE, chunks.next()).await {
            Ok(Some(Ok(chunk))) => chunk,
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Problem::bad_request("the body ended early")),
            Err(_) => return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "nothing came for 15 seconds")),
        };
        length += chunk.len() as u64;
        if length > LONGEST {
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a roster may have 1 GiB at most"));
        }
        file.write_all(&chunk).await.map_err(|error| no_room(&error))?;
    }
    file.flush().await.map_err(|error| no_room(&error))?;
    let mut file = file.into_std().await;
    file.rewind().map_err(|error| no_room(&error))?;
    Ok(file)
}

fn no_room(error: &io::Error) -> Problem {
    tracing::error!(error = error as &dyn std::error::Error, "a roster that came in could not be set down");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            disk_full()
        }
        _ => Problem::unavailable("the roster could not be set down"),
    }
}
