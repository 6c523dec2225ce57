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
use super::nesting::{Alive, Entered, Layers, Pass, Running, Timing};
use super::routes::Routes;
use super::threads::PerThread;
use crate::catalog::ENDPOINT_LATENCY;
use crate::registry::Registry;

/// The histograms of all routes; made once a [`Metrics`](crate::Metrics).
pub(crate) struct LatencyRoutes {
    routes: Routes<Histogram>,
    layers: Layers<Timing>,
}

impl LatencyRoutes {
    pub(crate) fn new(registry: Arc<Registry>, cap: usize) -> Self {
        Self { routes: Routes::new(registry, ENDPOINT_LATENCY, cap), layers: Layers::default() }
    }

    fn find(&self, endpoint: &str, method: MethodLabel) -> Option<Arc<Histogram>> {
        self.routes.find(endpoint, Place { method, https: false }, |registry, endpoint| {
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
/// twice it times once, where it stands outermost. In the steady state it allocates nothing, on the terms of
/// [`HttpMetricsLayer`](crate::HttpMetricsLayer): make one and clone it.
pub struct EndpointLatencyLayer(PerThread<Shared>);

/// What a layer, its clones and its services share.
struct Shared {
    routes: Arc<LatencyRoutes>,
    source: Source,
    alive: Alive<Timing>,
}

impl EndpointLatencyLayer {
    pub(crate) fn new(routes: Arc<LatencyRoutes>) -> Self {
        Self::from(routes, Source::default())
    }

    fn from(routes: Arc<LatencyRoutes>, source: Source) -> Self {
        let alive = routes.layers.join();
        Self(PerThread::new(Arc::new(Shared { routes, source, alive })))
    }

    /// Asks `find` for the endpoint of a request first, as [`HttpMetricsLayer::endpoint`](crate::HttpMetricsLayer::endpoint)
    /// does.
    #[must_use]
    pub fn endpoint(
        self,
        find: impl Fn(&Uri, &Extensions) -> Option<Endpoint> + Send + Sync + 'static,
    ) -> Self {
        Self::from(Arc::clone(&self.0.get().routes), Source::new(find))
    }
}

impl Clone for EndpointLatencyLayer {
    fn clone(&self) -> Self {
        Self(self.0.keeping())
    }
}

impl<S> Layer<S> for EndpointLatencyLayer {
    type Service = EndpointLatency<S>;

    fn layer(&self, inner: S) -> EndpointLatency<S> {
        EndpointLatency { inner, shared: self.0.keeping(), looked_inside: false }
    }
}

impl fmt::Debug for EndpointLatencyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointLatencyLayer").finish_non_exhaustive()
    }
}

/// The service made by [`EndpointLatencyLayer`].
pub struct EndpointLatency<S> {
    inner: S,
    shared: PerThread<Shared>,
    /// Another service of ours directly inside would have been noticed.
    looked_inside: bool,
}

impl<S: Clone> Clone for EndpointLatency<S> {
    fn clone(&self) -> Self {
        let _entered = Entered::<Timing>::new(Running::Cloning);
        Self { inner: self.inner.clone(), shared: self.shared.clone(), looked_inside: true }
    }
}

impl<S> fmt::Debug for EndpointLatency<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointLatency").finish_non_exhaustive()
    }
}

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
        let layer = self.shared.get();
        let known = std::mem::replace(&mut self.looked_inside, true);
        let pass = Pass::of(&layer.alive, known, request.extensions_mut());
        let method = MethodLabel::of(request.method());
        let find = |endpoint: &str| layer.routes.find(endpoint, method);
        let histogram = || layer.source.with(request.uri(), request.extensions(), find);
        let histogram = if pass.outermost { histogram() } else { None };
        let timer = histogram.map(|histogram| Timer { histogram, started: Instant::now() });
        let _entered = Entered::<Timing>::new(pass.running);
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
        let entered = Entered::<Timing>::new(Running::Poll);
        let output = this.inner.poll(cx);
        drop(entered);
        let output = ready!(output);
        *this.timer = None;
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for EndpointLatencyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointLatencyFuture").finish_non_exhaustive()
    }
}
