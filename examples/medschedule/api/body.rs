//! Bodies and parameters, read so that an error says what was wrong and where.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::Problem;

/// The longest JSON body; a shift or a session is far shorter.
const LONGEST: usize = 64 << 10;
/// What is read of a body that is too long: a client that is still sending would not see the answer.
const PATIENCE: usize = 8 << 20;

/// A JSON body of at most 64 KiB, sent as `application/json`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_type(request.headers(), &["application/json"])?;
        let body = read(request.into_body()).await?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            let problem = if error.is_data() { Problem::unprocessable } else { Problem::bad_request };
            problem(error.to_string()).with("line", error.line()).with("column", error.column())
        })
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Problem> {
    let (mut kept, mut length) = (Vec::new(), 0_usize);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_request("the body ended early"))?;
        length += chunk.len();
        if length <= LONGEST {
            kept.extend_from_slice(&chunk);
        } else if length > PATIENCE {
            break;
        }
    }
    if length > LONGEST {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "a JSON body may have 65536 bytes at most"));
    }
    Ok(kept)
}

/// Takes a text out of a body, or says which field is not one.
pub(super) fn text(field: &'static str, value: Option<Value>) -> Result<String, Problem> {
    match value {
        Some(Value::String(text)) => Ok(text),
        None => Err(wrong(field, "missing")),
        Some(_) => Err(wrong(field, "not a text")),
    }
}

/// A field that cannot be used.
pub(super) fn wrong(field: &'static str, reason: &str) -> Problem {
    Problem::unprocessable(format!("{field}: {reason}")).with("field", field)
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
