//! The size of what clients send.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::nesting::{Alive, Entered, Pass, Running, Sizing};
use super::route::Route;
use super::shared::Shared;
use super::threads::PerThread;

/// Counts the bytes read of the body of each request in `http_request_size_bytes{method,endpoint}`; made by
/// [`HttpMetricsLayer::request_body_layer`](crate::HttpMetricsLayer::request_body_layer).
///
/// What counts is what the service has read when it lets go of the body, whatever `content-length` claims: 0 where it
/// did not look. The service inside gets its body wrapped, which an axum `Router` and its routes take, as they take any
/// body; axum puts it in a box. Applied twice it counts once. In the steady state it allocates nothing, on the terms of
/// [`HttpMetricsLayer`](crate::HttpMetricsLayer): make one and clone it.
pub struct RequestBodyLayer(PerThread<Sizes>);

/// What a layer, its clones and its services share.
struct Sizes {
    shared: Arc<Shared>,
    alive: Alive<Sizing>,
}

impl RequestBodyLayer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let alive = shared.join_sizing();
        Self(PerThread::new(Arc::new(Sizes { shared, alive })))
    }
}

impl Clone for RequestBodyLayer {
    fn clone(&self) -> Self {
        Self(self.0.keeping())
    }
}

impl<S> Layer<S> for RequestBodyLayer {
    type Service = RequestBody<S>;

    fn layer(&self, inner: S) -> RequestBody<S> {
        RequestBody { inner, sizes: self.0.keeping(), looked_inside: false }
    }
}

impl fmt::Debug for RequestBodyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBodyLayer").finish_non_exhaustive()
    }
}

/// The service made by [`RequestBodyLayer`].
pub struct RequestBody<S> {
    inner: S,
    sizes: PerThread<Sizes>,
    /// Another service of ours directly inside would have been noticed.
    looked_inside: bool,
}

impl<S: Clone> Clone for RequestBody<S> {
    fn clone(&self) -> Self {
        let _entered = Entered::<Sizing>::new(Running::Cloning);
        Self { inner: self.inner.clone(), sizes: self.sizes.clone(), looked_inside: true }
    }
}

impl<S, B> Service<Request<B>> for RequestBody<S>
where
    S: Service<Request<CountedBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = RequestBodyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let sizes = self.sizes.get();
        let known = std::mem::replace(&mut self.looked_inside, true);
        let pass = Pass::of(&sizes.alive, known, request.extensions_mut());
        let route = if pass.outermost { sizes.shared.route(&request) } else { None };
        let reading = route.map(|route| Reading { route, bytes: 0 });
        let _entered = Entered::<Sizing>::new(pass.running);
        RequestBodyFuture { inner: self.inner.call(request.map(|inner| CountedBody { inner, reading })) }
    }
}

impl<S> fmt::Debug for RequestBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`RequestBody`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the future of the service, and with it what that has of the body.
    pub struct RequestBodyFuture<F> {
        #[pin]
        inner: F,
    }
}

impl<F: Future> Future for RequestBodyFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _entered = Entered::<Sizing>::new(Running::Poll);
        self.project().inner.poll(cx)
    }
}

impl<F> fmt::Debug for RequestBodyFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBodyFuture").finish_non_exhaustive()
    }
}

/// Records when it is dropped.
struct Reading {
    route: Arc<Route>,
    bytes: u64,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.route.request_size().record(self.bytes as f64);
    }
}

pin_project! {
    /// The body of a request inside a [`RequestBody`]: the one it wraps, frame by frame. Trailers pass.
    ///
    /// # Cancel safety
    ///
    /// Dropping it records the bytes that were read until then.
    pub struct CountedBody<B> {
        #[pin]
        inner: B,
        reading: Option<Reading>,
    }
}

impl<B: Body> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let (Some(reading), Some(Ok(frame))) = (this.reading, &frame) {
            let bytes = frame.data_ref().map_or(0, |data| data.remaining() as u64);
            reading.bytes = reading.bytes.saturating_add(bytes);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> fmt::Debug for CountedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CountedBody").finish_non_exhaustive()
    }
}
