//! The time in a handler alone.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::{Extensions, Request, Uri};
use metrics::{Histogram, Key, Label};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::endpoint::{Endpoint, Source};
use super::method::{MethodLabel, Place};
use super::routes::Routes;
use crate::catalog::ENDPOINT_LATENCY;
use crate::registry::Registry;

/// The histograms of all routes; made once a [`Metrics`](crate::Metrics).
pub(crate) struct LatencyRoutes(Routes<Histogram>);

impl LatencyRoutes {
    pub(crate) fn new(registry: Arc<Registry>, cap: usize) -> Self {
        Self(Routes::new(registry, ENDPOINT_LATENCY, cap))
    }

    fn find(&self, endpoint: &str, method: MethodLabel) -> Option<Arc<Histogram>> {
        self.0.find(endpoint, Place { method, https: false }, |registry, endpoint| {
            let labels =
                vec![Label::new("endpoint", endpoint.to_owned()), Label::new("method", method.text())];
            Some(registry.histogram(&Key::from_parts(ENDPOINT_LATENCY, labels)))
        })
    }
}

/// Times handlers in `endpoint_latency_seconds{endpoint,method}`; made by
/// [`Metrics::endpoint_latency_layer`](crate::Metrics::endpoint_latency_layer).
///
/// The time runs from the call until the handler has given its answer, failed, panicked or been dropped; the body is not
/// in it. Give it to `Router::route_layer`, so that it stands directly around the handlers and sees no 404. Applied
/// twice it times once, where it stands outermost.
#[derive(Clone)]
pub struct EndpointLatencyLayer {
    routes: Arc<LatencyRoutes>,
    source: Source,
}

impl EndpointLatencyLayer {
    pub(crate) fn new(routes: Arc<LatencyRoutes>) -> Self {
        Self { routes, source: Source::default() }
    }

    /// Asks `find` for the endpoint of a request first, as [`HttpMetricsLayer::endpoint`](crate::HttpMetricsLayer::endpoint)
    /// does.
    #[must_use]
    pub fn endpoint(
        mut self,
        find: impl Fn(&Uri, &Extensions) -> Option<Endpoint> + Send + Sync + 'static,
    ) -> Self {
        self.source = Source::new(find);
        self
    }
}

impl<S> Layer<S> for EndpointLatencyLayer {
    type Service = EndpointLatency<S>;

    fn layer(&self, inner: S) -> EndpointLatency<S> {
        EndpointLatency { inner, layer: self.clone() }
    }
}

impl fmt::Debug for EndpointLatencyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointLatencyLayer").finish_non_exhaustive()
    }
}

/// The service made by [`EndpointLatencyLayer`].
#[derive(Clone, Debug)]
pub struct EndpointLatency<S> {
    inner: S,
    layer: EndpointLatencyLayer,
}

/// Tells the layers inside that a request is being timed.
#[derive(Clone, Copy)]
struct Timed;

impl<S, B> Service<Request<B>> for EndpointLatency<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = EndpointLatencyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let method = MethodLabel::of(request.method());
        let find = |endpoint: &str| self.layer.routes.find(endpoint, method);
        let timer = if request.extensions_mut().insert(Timed).is_some() {
            None
        } else {
            let histogram = self.layer.source.with(request.uri(), request.extensions(), find);
            histogram.map(|histogram| Timer { histogram, started: Instant::now() })
        };
        EndpointLatencyFuture { inner: self.inner.call(request), timer }
    }
}

/// Records when it is dropped.
struct Timer {
    histogram: Arc<Histogram>,
    started: Instant,
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.histogram.record(self.started.elapsed());
    }
}

pin_project! {
    /// The future of [`EndpointLatency`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it records the time until then.
    pub struct EndpointLatencyFuture<F> {
        #[pin]
        inner: F,
        timer: Option<Timer>,
    }
}

impl<F: Future> Future for EndpointLatencyFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.inner.poll(cx));
        *this.timer = None;
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for EndpointLatencyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointLatencyFuture").finish_non_exhaustive()
    }
}
