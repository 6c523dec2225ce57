//! Bodies and parameters, read so that an error says what was wrong and where.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The longest JSON body; a shift or a session is far shorter.
const LONGEST: usize = 64 << 10;

/// A JSON body of at most 64 KiB, sent as `application/json`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        require_type(request.headers(), &["application/json"])?;
        let body = read(request, state).await?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let problem = if error.is_data() { Problem::unprocessable } else { Problem::bad_request };
            problem(error.to_string()).with("line", error.line()).with("column", error.column())
        })
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let too_long = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a JSON body may have 65536 bytes at most");
    let request = request.map(|body| axum::body::Body::new(http_body_util::Limited::new(body, LONGEST)));
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_long(),
        _ => Problem::bad_request("the body ended early"),
    })
}

/// Checks the media type and names those that are taken.
///
/// A page of another site may send a form or plain text without asking; it may not send these types.
pub(super) fn require_type(headers: &HeaderMap, taken: &[&'static str]) -> Result<&'static str, Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|text| text.parse::<mime::Mime>().ok());
    let found = sent.as_ref().and_then(|sent| taken.iter().find(|taken| **taken == sent.essence_str()));
    let utf8 =
        sent.as_ref().and_then(|sent| sent.get_param(mime::CHARSET)).is_none_or(|set| set == mime::UTF_8);
    match found {
        Some(found) if utf8 => Ok(found),
        _ => {
            let detail = format!("send Content-Type: {}, in UTF-8", taken.join(" or "));
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
        }
    }
}

/// The query string; unknown, repeated or malformed parameters are refused by name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(found)) => Ok(Self(found)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// A last path segment.
#[derive(Clone, Debug)]
pub(super) struct Id(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Problem::bad_request("the id in the path is not UTF-8")),
        }
    }
}
