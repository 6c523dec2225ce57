//! One request, from its call to its line.

use std::time::Instant;

use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use tracing::{Span, error_span};

use super::id::RequestId;
use super::trace::TraceId;

/// What nginx calls a request whose client went away.
const CLIENT_GONE: u16 = 499;
const HEADER: &str = "x-request-id";
/// A method is whatever the client calls one, of any length.
const KNOWN: [Method; 9] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::CONNECT,
    Method::TRACE,
];

/// Writes its line when it is dropped, so every way out of a request has one.
#[derive(Debug)]
pub(crate) struct Observation {
    start: Instant,
    method: Method,
    route: Route,
    id: RequestId,
    trace: TraceId,
    span: Span,
    /// The handler or its body is running; if the observation is dropped meanwhile, it panicked.
    running: bool,
    status: u16,
    /// The head of the response has gone out with this status.
    answered: Option<StatusCode>,
    sent: u64,
    expected: Option<u64>,
}

/// The template of a route, or that there is none.
#[derive(Debug)]
struct Route(#[cfg(feature = "axum")] Option<axum::extract::MatchedPath>);

impl Route {
    #[cfg(feature = "axum")]
    fn of<B>(request: &Request<B>) -> Self {
        Self(request.extensions().get().cloned())
    }

    #[cfg(not(feature = "axum"))]
    fn of<B>(_: &Request<B>) -> Self {
        Self()
    }

    fn as_str(&self) -> &str {
        #[cfg(feature = "axum")]
        if let Some(path) = &self.0 {
            return path.as_str();
        }
        "unmatched"
    }
}

impl Observation {
    pub(crate) fn start<B>(request: &Request<B>) -> Self {
        let id = RequestId::of(request.headers().get(HEADER));
        let trace = TraceId::of(request.headers());
        let route = Route::of(request);
        // Of the highest level, so that it is there wherever any event of the handler is.
        let span = error_span!(
            target: "ms_logging::request",
            "request",
            request_id = id.as_str(),
            trace_id = trace.as_str(),
        );
        Self {
            start: Instant::now(),
            method: request.method().clone(),
            route,
            id,
            trace,
            span,
            running: false,
            status: CLIENT_GONE,
            answered: None,
            sent: 0,
            expected: None,
        }
    }

    /// Runs a step of the handler or of its body within the span.
    pub(crate) fn run<T>(&mut self, step: impl FnOnce() -> T) -> T {
        self.running = true;
        let result = self.span.in_scope(step);
        self.running = false;
        result
    }

    pub(crate) fn answered<R: Body>(mut self, response: &mut Response<R>) -> Self {
        self.answered = Some(response.status());
        self.expected = response.body().size_hint().exact();
        if let Ok(value) = HeaderValue::from_str(self.id.as_str()) {
            response.headers_mut().entry(HEADER).or_insert(value);
        }
        response.extensions_mut().insert(self.trace.clone());
        self
    }

    /// hyper never asks for a body where HTTP allows none.
    pub(crate) fn has_no_body(&self) -> bool {
        let none = |status: StatusCode| {
            status.is_informational() || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        };
        self.method == Method::HEAD
            || self.method == Method::CONNECT
            || self.expected == Some(0)
            || self.answered.is_some_and(none)
    }

    /// Counts bytes of the body; `true` once all that were announced have gone out.
    pub(crate) fn sent(&mut self, bytes: u64) -> bool {
        self.sent += bytes;
        self.expected.is_some_and(|expected| self.sent >= expected)
    }

    pub(crate) fn finish(mut self) {
        self.status = self.answered.map_or(CLIENT_GONE, |status| status.as_u16());
    }

    pub(crate) fn failed(mut self) {
        self.status = 500;
    }

    /// The body ended with an error, after its status had gone out.
    pub(crate) fn broken(mut self) {
        self.status = 500;
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let status = if self.running { 500 } else { self.status };
        let _entered = self.span.enter();
        let known = KNOWN.iter().find(|known| **known == self.method);
        let method = known.map_or("OTHER", Method::as_str);
        let route = self.route.as_str();
        let duration_ms = self.start.elapsed().as_nanos() as f64 / 1e6;
        if status >= 500 {
            tracing::warn!(target: "ms_logging::request", method, route, status, duration_ms, "request");
        } else {
            tracing::info!(target: "ms_logging::request", method, route, status, duration_ms, "request");
        }
    }
}
