//! The answers over HTTP, for any tower stack.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tower_service::Service;

use crate::health::HealthCheck;
use crate::report::Report;
use crate::shutdown::Phase;
use crate::slot::Slot;
use crate::status::Status;

/// One of the four questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/health`: every check, in the origin's shape.
    Health,
    /// `/health/live`: the process answers. Touches no check, is 200 until the process ends.
    Live,
    /// `/health/ready`: the critical checks, and not shutting down.
    Ready,
    /// `/health/startup`: the startup gate is open. Touches no check.
    Startup,
}

impl Endpoint {
    const ALL: [Self; 4] = [Self::Health, Self::Live, Self::Ready, Self::Startup];

    /// Gives the path that asks it.
    pub fn path(self) -> &'static str {
        match self {
            Self::Health => "/health",
            Self::Live => "/health/live",
            Self::Ready => "/health/ready",
            Self::Startup => "/health/startup",
        }
    }
}

/// Answers `/health`, `/health/live`, `/health/ready` and `/health/startup`, exactly these paths; 404 elsewhere. Made by
/// [`HealthCheck::service`].
///
/// GET and HEAD; 405 otherwise. Both errors are problem details (RFC 9457). `Cache-Control: no-store`. A cached bare
/// status allocates no body.
#[derive(Debug, Clone)]
pub struct HealthService {
    health: HealthCheck,
    only: Option<Endpoint>,
}

impl HealthCheck {
    /// Makes the tower service of all paths.
    pub fn service(&self) -> HealthService {
        HealthService { health: self.clone(), only: None }
    }

    /// Makes the tower service of one question, on whatever path it is mounted.
    pub fn endpoint(&self, endpoint: Endpoint) -> HealthService {
        HealthService { health: self.clone(), only: Some(endpoint) }
    }

    /// Makes the routes for any axum app: `app.merge(health.router())`.
    ///
    /// Serve with `into_make_service_with_connect_info::<SocketAddr>()`, or nobody is known to be on loopback.
    #[cfg(feature = "axum")]
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        let routes = axum::Router::new();
        Endpoint::ALL
            .into_iter()
            .fold(routes, |routes, endpoint| routes.route_service(endpoint.path(), self.endpoint(endpoint)))
    }

    /// The answer, where it needs no waiting.
    fn answer_at_once(&self, endpoint: Endpoint, details: bool) -> Option<Answer> {
        match endpoint {
            Endpoint::Live => Some(Answer::bare(Status::Healthy)),
            Endpoint::Startup => Some(Answer::of(&self.startup(), details)),
            // Rare, and not only a matter of the checks.
            Endpoint::Ready if self.phase() != Phase::Serving => None,
            Endpoint::Ready => self.fresh_answer(|slot| slot.check.critical, details),
            Endpoint::Health => self.fresh_answer(|_| true, details),
        }
    }

    fn fresh_answer(&self, wanted: impl Fn(&Slot) -> bool, details: bool) -> Option<Answer> {
        if details {
            self.fresh_report(wanted).as_ref().map(Answer::detailed)
        } else {
            self.fresh_status(wanted).map(Answer::bare)
        }
    }

    async fn answer(self, endpoint: Endpoint, details: bool) -> Answer {
        let report = match endpoint {
            Endpoint::Live => return Answer::bare(Status::Healthy),
            Endpoint::Ready => self.readiness().await,
            Endpoint::Startup => self.startup(),
            Endpoint::Health => self.report().await,
        };
        Answer::of(&report, details)
    }
}

struct Answer {
    status: StatusCode,
    kind: HeaderValue,
    body: Bytes,
}

const STATUS: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const NOT_FOUND: &str =
    r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"no such health endpoint"}"#;
const NOT_ALLOWED: &str =
    r#"{"type":"about:blank","title":"Method Not Allowed","status":405,"detail":"GET and HEAD only"}"#;

impl Answer {
    fn of(report: &Report, details: bool) -> Self {
        if details { Self::detailed(report) } else { Self::bare(report.status()) }
    }

    fn bare(status: Status) -> Self {
        let body = match status {
            Status::Healthy => r#"{"status":"healthy"}"#,
            Status::Degraded => r#"{"status":"degraded"}"#,
            Status::Unknown => r#"{"status":"unknown"}"#,
            Status::Unhealthy => r#"{"status":"unhealthy"}"#,
        };
        Self { status: status.http_status(), kind: STATUS, body: Bytes::from_static(body.as_bytes()) }
    }

    fn problem(status: StatusCode, body: &'static str) -> Self {
        Self { status, kind: PROBLEM, body: Bytes::from_static(body.as_bytes()) }
    }

    fn detailed(report: &Report) -> Self {
        // Text keys and finite numbers only: there is nothing that could fail, and the bare status is no lie.
        serde_json::to_vec(report).map_or_else(
            |_| Self::bare(report.status()),
            |body| Self { status: report.status().http_status(), kind: STATUS, body: body.into() },
        )
    }

    fn into_response(self, head: bool) -> Response<Full<Bytes>> {
        let length = HeaderValue::from(self.body.len());
        let body = if head { Bytes::new() } else { self.body };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_TYPE, self.kind);
        headers.insert(CONTENT_LENGTH, length);
        response
    }
}

impl HealthService {
    fn respond(&self, request: &Parts) -> ResponseFuture {
        let path = request.uri.path();
        let head = request.method == Method::HEAD;
        let asked = self.only.or_else(|| Endpoint::ALL.into_iter().find(|endpoint| endpoint.path() == path));
        let Some(endpoint) = asked else {
            return ResponseFuture::ready(
                Answer::problem(StatusCode::NOT_FOUND, NOT_FOUND).into_response(head),
            );
        };
        if !head && request.method != Method::GET {
            let mut response =
                Answer::problem(StatusCode::METHOD_NOT_ALLOWED, NOT_ALLOWED).into_response(false);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return ResponseFuture::ready(response);
        }
        let details = self.health.0.access.allows(request);
        if let Some(answer) = self.health.answer_at_once(endpoint, details) {
            return ResponseFuture::ready(answer.into_response(head));
        }
        let health = self.health.clone();
        ResponseFuture(State::Waiting(Box::pin(async move {
            health.answer(endpoint, details).await.into_response(head)
        })))
    }
}

impl<B> Service<Request<B>> for HealthService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        self.respond(&request.into_parts().0)
    }
}

/// The future of a [`HealthService`].
///
/// # Cancel safety
///
/// Dropping it stops no check: a run is shared by all who wait for it.
pub struct ResponseFuture(State);

enum State {
    /// Boxed futures are for answers that must be waited for; most are not.
    Ready(Option<Response<Full<Bytes>>>),
    Waiting(BoxFuture<'static, Response<Full<Bytes>>>),
}

impl ResponseFuture {
    fn ready(response: Response<Full<Bytes>>) -> Self {
        Self(State::Ready(Some(response)))
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<Full<Bytes>>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // Polled again after the end, a future may do anything but this: it never ends.
            State::Ready(response) => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            State::Waiting(waiting) => waiting.as_mut().poll(cx).map(Ok),
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
