//! The levels over HTTP.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tower_service::Service;
use tracing::level_filters::LevelFilter;

use super::{LevelError, Levels};

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;
/// The longest body, in bytes.
const LONGEST_BODY: usize = 4 * 1024;

/// Shows and changes levels over HTTP, behind a bearer token; made by [`Levels::service`].
///
/// | request | effect |
/// |---|---|
/// | `GET` | shows the directives that hold, and what differs from the configured ones |
/// | `PUT` or `POST` `{"target":"ms_health","level":"debug","seconds":600}` | sets a level, for a time if `seconds` is there; without `target` that of all that no target names |
/// | `DELETE` | reverts every level |
/// | `DELETE` `{"target":"ms_health"}` | reverts one |
///
/// Each answers as `GET` does, or with `{"error":"…"}`: 400 for what does not parse, 401 without the token, 404 at any other
/// path, 405, 409 if too many levels are changed, 413 for a body above 4 KiB, 503 if the machine has no thread left, after a shutdown for
/// what is timed, and in a forked process.
#[derive(Clone)]
pub struct LevelService {
    levels: Levels,
    path: Arc<str>,
    /// The digest of the token.
    token: [u8; 32],
}

impl fmt::Debug for LevelService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LevelService").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The token is too short to guard anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token of the levels has fewer than {minimum} bytes")]
#[non_exhaustive]
pub struct ShortToken {
    /// What it needs.
    pub minimum: usize,
}

impl Levels {
    /// A tower service that shows and changes levels at this exact path, for whoever has the token.
    ///
    /// # Errors
    ///
    /// [`ShortToken`]: the token has fewer than 16 bytes.
    pub fn service(&self, path: &str, token: &str) -> Result<LevelService, ShortToken> {
        if token.len() < SHORTEST_TOKEN {
            return Err(ShortToken { minimum: SHORTEST_TOKEN });
        }
        Ok(LevelService { levels: self.clone(), path: path.into(), token: digest(token.as_bytes()) })
    }
}

/// Why a request changes nothing.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is nothing at this path")]
    Path,
    #[error("send `Authorization: Bearer` with the token")]
    Token,
    #[error("GET, PUT, POST and DELETE are allowed")]
    Method,
    #[error("the body has more than {LONGEST_BODY} bytes")]
    TooLong,
    #[error("the body ended early")]
    Body,
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("`level` is `off`, `error`, `warn`, `info`, `debug` or `trace`")]
    Level,
    #[error("`seconds` is a whole number above 0")]
    Seconds,
    #[error(transparent)]
    Change(#[from] LevelError),
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::Path => StatusCode::NOT_FOUND,
            Self::Token => StatusCode::UNAUTHORIZED,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Change(LevelError::TooMany { .. }) => StatusCode::CONFLICT,
            Self::Change(LevelError::Thread { .. } | LevelError::ShutDown | LevelError::Forked) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Body | Self::Json(_) | Self::Level | Self::Seconds | Self::Change(_) => {
                StatusCode::BAD_REQUEST
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    #[serde(default)]
    target: String,
    level: String,
    seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revert {
    target: String,
}

impl<B> Service<Request<B>> for LevelService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let done = match service.check(head.uri.path(), &head.method, &head.headers) {
                Ok(()) => service.change(&head.method, body).await,
                Err(refused) => Err(refused),
            };
            Ok(service.answer(done))
        })
    }
}

impl LevelService {
    /// Before the body is read.
    fn check(&self, path: &str, method: &Method, headers: &HeaderMap) -> Result<(), Refused> {
        if path != &*self.path {
            return Err(Refused::Path);
        }
        if !self.admits(headers) {
            return Err(Refused::Token);
        }
        let known = [Method::GET, Method::PUT, Method::POST, Method::DELETE];
        if known.contains(method) { Ok(()) } else { Err(Refused::Method) }
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return false };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(7) else { return false };
        // Digests have one length, so the comparison tells nothing about the length either.
        scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(digest(token).ct_eq(&self.token))
    }

    async fn change<B>(&self, method: &Method, body: B) -> Result<(), Refused>
    where
        B: http_body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        if *method == Method::GET {
            return Ok(());
        }
        let collected = Limited::new(body, LONGEST_BODY).collect().await;
        let mut body = match collected {
            Ok(body) => body.aggregate(),
            Err(error) if error.is::<LengthLimitError>() => return Err(Refused::TooLong),
            Err(_) => return Err(Refused::Body),
        };
        let body = body.copy_to_bytes(body.remaining());
        if *method != Method::DELETE {
            return self.set(&serde_json::from_slice(&body).map_err(Refused::Json)?);
        }
        if body.is_empty() {
            self.levels.revert_all();
            tracing::info!(target: "ms_logging::levels", "levels reverted");
        } else {
            let Revert { target } = serde_json::from_slice(&body).map_err(Refused::Json)?;
            self.levels.revert(&target);
            tracing::info!(target: "ms_logging::levels", of = target, "level reverted");
        }
        Ok(())
    }

    fn set(&self, wanted: &Set) -> Result<(), Refused> {
        let Set { target, level, seconds } = wanted;
        let named = !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_alphabetic());
        let level: LevelFilter = level.parse().ok().filter(|_| named).ok_or(Refused::Level)?;
        match seconds {
            Some(0) => return Err(Refused::Seconds),
            Some(seconds) => self.levels.set_for(target, level, Duration::from_secs(*seconds))?,
            None => self.levels.set(target, level)?,
        }
        tracing::info!(target: "ms_logging::levels", of = target, to = %level, seconds, "level changed");
        Ok(())
    }

    fn answer(&self, done: Result<(), Refused>) -> Response<Full<Bytes>> {
        let (status, body) = match &done {
            Ok(()) => (StatusCode::OK, self.shown()),
            Err(refused) => (refused.status(), json!({ "error": refused.to_string() })),
        };
        let mut response = Response::new(Full::from(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match done {
            Err(Refused::Token) => drop(headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            Err(Refused::Method) => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, PUT, POST, DELETE"));
            }
            _ => {}
        }
        response
    }

    fn shown(&self) -> serde_json::Value {
        let changes = self.levels.changes().into_iter().map(|change| {
            let mut shown = json!({ "target": change.target, "level": change.level.to_string() });
            if let (Some(remaining), Some(shown)) = (change.remaining, shown.as_object_mut()) {
                shown.insert("seconds".to_owned(), remaining.as_secs().into());
            }
            shown
        });
        json!({ "directives": self.levels.directives(), "changes": changes.collect::<Vec<_>>() })
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
