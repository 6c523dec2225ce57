//! One request, from its call to its line.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use tracing::{Span, error_span};

use super::context::TraceContext;
use super::id::{HEADER, RequestId};
use super::options::Options;
use super::route::Route;
use crate::ids::hand_over;

/// What nginx calls a request whose client went away.
const CLIENT_GONE: u16 = 499;
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
pub(super) struct Observation {
    options: Arc<Options>,
    start: Instant,
    method: Method,
    route: Route,
    id: RequestId,
    trace: super::TraceId,
    client: Option<IpAddr>,
    excluded: bool,
    span: Span,
    /// The handler or its body is running; if the observation is dropped meanwhile, it panicked.
    running: bool,
    status: u16,
    /// The head of the response has gone out with this status.
    answered: Option<StatusCode>,
    sent: u64,
    expected: Option<u64>,
}

impl Observation {
    /// Begins, and lets the handler know the ids; `None` if a layer outside has begun already.
    pub(super) fn start<B>(options: &Arc<Options>, request: &mut Request<B>) -> Option<Self> {
        if request.extensions().get::<TraceContext>().is_some() {
            return None;
        }
        let id = RequestId::of(request.headers().get(HEADER));
        let context = TraceContext::of(request.headers());
        let route = Route::of(request);
        let trace = context.trace_id();
        // Of the highest level, so that it is there wherever any event of the handler is.
        let span = hand_over(context.ids(), || {
            error_span!(
                target: "ms_logging::request",
                "request",
                request_id = id.as_str(),
                trace_id = trace.as_str(),
                span_id = context.span_id(),
                http.request.method = tracing::field::Empty,
                http.route = tracing::field::Empty,
                http.response.status_code = tracing::field::Empty,
            )
        });
        let observation = Self {
            options: Arc::clone(options),
            start: Instant::now(),
            method: request.method().clone(),
            client: options.clients.and_then(|clients| clients.of(request)),
            excluded: options.excludes(route.as_str(), request),
            route,
            trace,
            span,
            running: false,
            status: CLIENT_GONE,
            answered: None,
            sent: 0,
            expected: None,
            id,
        };
        request.headers_mut().insert(HEADER, observation.id.to_header());
        request.extensions_mut().insert(context);
        Some(observation)
    }

    /// Runs a step of the handler or of its body within the span.
    pub(super) fn run<T>(&mut self, step: impl FnOnce() -> T) -> T {
        self.running = true;
        let result = self.span.in_scope(step);
        self.running = false;
        result
    }

    pub(super) fn answered<R: Body>(mut self, response: &mut Response<R>) -> Self {
        self.answered = Some(response.status());
        self.expected = response.body().size_hint().exact();
        // Also over one that the handler has set: the answer and the log must name the same request.
        response.headers_mut().insert(HEADER, self.id.to_header());
        if self.options.trace_id_in_response {
            response.extensions_mut().insert(self.trace);
        }
        self
    }

    /// hyper never asks for a body where HTTP allows none.
    pub(super) fn has_no_body(&self) -> bool {
        let none = |status: StatusCode| {
            status.is_informational()
                || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
                // The connection is a tunnel from here on; a refusal has a body.
                || (self.method == Method::CONNECT && status.is_success())
        };
        self.method == Method::HEAD || self.expected == Some(0) || self.answered.is_some_and(none)
    }

    /// Counts bytes of the body; `true` once all that were announced have gone out.
    pub(super) fn sent(&mut self, bytes: u64) -> bool {
        self.sent += bytes;
        self.expected.is_some_and(|expected| self.sent >= expected)
    }

    pub(super) fn finish(mut self) {
        self.status = self.answered.map_or(CLIENT_GONE, |status| status.as_u16());
    }

    pub(super) fn failed(mut self) {
        self.status = 500;
    }

    /// The body ended with an error, after its status had gone out.
    pub(super) fn broken(mut self) {
        self.status = 500;
    }

    fn method(&self) -> &str {
        let known = KNOWN.iter().find(|known| **known == self.method);
        known.map_or("OTHER", Method::as_str)
    }

    fn write_line(&self, status: u16) {
        let method = self.method();
        let route = self.route.as_str();
        let took = self.start.elapsed();
        let duration_ms = took.as_nanos() as f64 / 1e6;
        let slow = self.options.slow.is_some_and(|limit| took >= limit).then_some(true);
        let answered = self.answered.map(|status| status.as_u16()).filter(|answered| *answered != status);
        let client = self.client.map(tracing::field::display);
        if status >= 500 || slow.is_some() {
            tracing::warn!(target: "ms_logging::request", method, route, status, duration_ms, answered, slow, client, "request");
        } else {
            tracing::info!(target: "ms_logging::request", method, route, status, duration_ms, answered, client, "request");
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        let status = if self.running { 500 } else { self.status };
        if !self.excluded {
            self.span.in_scope(|| self.write_line(status));
        }
        // Behind the line, which tells them itself.
        if self.options.names_span {
            self.span.record("http.request.method", self.method());
            self.span.record("http.route", self.route.as_str());
            self.span.record("http.response.status_code", status);
        }
    }
}
