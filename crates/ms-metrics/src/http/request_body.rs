//! The size of what clients send.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use metrics::Histogram;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::shared::Shared;

/// Counts the bytes read of the body of each request in `http_request_size_bytes{method,endpoint}`; made by
/// [`HttpMetricsLayer::request_body_layer`](crate::HttpMetricsLayer::request_body_layer).
///
/// What counts is what the service has read when it lets go of the body, whatever `content-length` claims: 0 where it
/// did not look. The service inside gets its body wrapped, which an axum `Router` and its routes take, as they take any
/// body; axum puts it in a box. Applied twice it counts once, by a mark in the extensions of the request.
#[derive(Clone)]
pub struct RequestBodyLayer(Arc<Shared>);

impl RequestBodyLayer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl<S> Layer<S> for RequestBodyLayer {
    type Service = RequestBody<S>;

    fn layer(&self, inner: S) -> RequestBody<S> {
        RequestBody { inner, shared: Arc::clone(&self.0) }
    }
}

impl fmt::Debug for RequestBodyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBodyLayer").finish_non_exhaustive()
    }
}

/// The service made by [`RequestBodyLayer`].
#[derive(Clone)]
pub struct RequestBody<S> {
    inner: S,
    shared: Arc<Shared>,
}

/// Tells the layers inside that the body is being counted.
#[derive(Clone, Copy)]
struct Counted;

impl<S, B> Service<Request<B>> for RequestBody<S>
where
    S: Service<Request<CountedBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let first = request.extensions_mut().insert(Counted).is_none();
        let sizes = if first { self.shared.request_size(&request) } else { None };
        let reading = sizes.map(|sizes| Reading { sizes, bytes: 0 });
        self.inner.call(request.map(|inner| CountedBody { inner, reading }))
    }
}

impl<S> fmt::Debug for RequestBody<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBody").finish_non_exhaustive()
    }
}

/// Records when it is dropped.
struct Reading {
    sizes: Histogram,
    bytes: u64,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.sizes.record(self.bytes as f64);
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
