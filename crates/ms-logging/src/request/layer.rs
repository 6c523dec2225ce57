//! The layer and its service.

use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::body::ResponseBody;
use super::future::ResponseFuture;
use super::observation::Observation;

/// Gives each request an id and a span, and writes one line when it is over; made by
/// [`LoggingGuard::http_layer`](crate::LoggingGuard::http_layer).
///
/// - `x-request-id` is kept if the client sent a plausible one and made otherwise; the response carries it.
/// - `traceparent` (W3C) is read if it is valid; otherwise a trace id is made. The span `request` holds both ids, so
///   every event of the handler does; the response carries the trace id as an extension [`TraceId`](crate::TraceId).
/// - The line is of target `ms_logging::request`, at WARN for a status of 500 and above and at INFO otherwise, when the
///   last byte of the body has gone out. It tells method, route, status and duration in milliseconds. A request that
///   was dropped before has status 499.
/// - `route` is the template (with the feature `axum`; `unmatched` if there is none), never the path: paths and queries
///   hold names and numbers of people.
#[derive(Debug, Clone, Default)]
pub struct RequestLogLayer {
    _private: (),
}

impl RequestLogLayer {
    pub(crate) fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for RequestLogLayer {
    type Service = RequestLog<S>;

    fn layer(&self, inner: S) -> RequestLog<S> {
        RequestLog { inner }
    }
}

/// The service of [`RequestLogLayer`].
#[derive(Debug, Clone)]
pub struct RequestLog<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for RequestLog<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let mut observation = Observation::start(&request);
        let inner = observation.run(|| self.inner.call(request));
        ResponseFuture::new(inner, observation)
    }
}
