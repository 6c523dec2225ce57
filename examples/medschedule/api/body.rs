//! JSON bodies and ids in paths, read so that an error says what was wrong and where.

use std::fmt;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use futures_util::StreamExt;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::media::require_type;
use super::named::{self, pick};
use crate::problem::Problem;

/// The longest JSON body; a shift or a session is far shorter.
const LONGEST: usize = 64 << 10;
/// What is read of a body that is too long: a client that is still sending would not see the answer.
const PATIENCE: usize = 8 << 20;
/// The longest that a JSON body may take to arrive: less than the answer may, so that the two can be told apart.
const ARRIVAL: Duration = Duration::from_secs(15);

/// The members of a JSON object of at most 64 KiB, sent as `application/json`: in the order in which they came, and each
/// as often as it came.
#[derive(Clone, Debug)]
pub(super) struct Object(Vec<(String, Value)>);

impl Object {
    /// Takes the members of these names; any other, or one given twice, is refused with 422.
    pub(super) fn take<const N: usize>(
        self,
        names: [&'static str; N],
    ) -> Result<[Option<Value>; N], Problem> {
        pick(self.0, names, StatusCode::UNPROCESSABLE_ENTITY)
    }
}

impl<S: Send + Sync> FromRequest<S> for Object {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        require_type(request.headers(), &["application/json"])?;
        let read = tokio::time::timeout(ARRIVAL, read(request.into_body())).await;
        let body = read.unwrap_or_else(|_| {
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 15 seconds"))
        })?;
        serde_json::from_slice(&body).map_err(|error| {
            let problem = if error.is_data() {
                Problem::unprocessable("the body is not a JSON object")
            } else {
                Problem::bad_request(format!("the body is not JSON: {error}"))
            };
            problem.with("line", error.line()).with("column", error.column())
        })
    }
}

// By hand: a derived struct would be read from a list as well, and a map would hide what came twice.
impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
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
    named::wrong(StatusCode::UNPROCESSABLE_ENTITY, field, reason)
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
