//! The least that a layer can be.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::HttpBody;
use axum::http::{Request, Response};
use metrics::{Counter, Histogram};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

/// Does nothing, body included.
#[derive(Clone)]
pub(super) struct PassLayer;

#[derive(Clone)]
pub(super) struct Pass<S>(S);

impl<S> Layer<S> for PassLayer {
    type Service = Pass<S>;

    fn layer(&self, inner: S) -> Pass<S> {
        Pass(inner)
    }
}

impl<S: Service<R>, R> Service<R> for Pass<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.0.call(request)
    }
}

/// What is done at the beginning of a request and at the end of its body.
pub(super) trait Observe: Clone {
    type Seen;
    fn begin(&self) -> Self::Seen;
    fn end(seen: Self::Seen);
}

#[derive(Clone)]
pub(super) struct Nothing;

impl Observe for Nothing {
    type Seen = ();

    fn begin(&self) {}

    fn end((): ()) {}
}

/// One counter and one histogram for whatever comes.
#[derive(Clone)]
pub(super) struct Fixed(Arc<(Counter, Histogram)>);

impl Fixed {
    pub(super) fn new(requests: Counter, duration: Histogram) -> Self {
        Self(Arc::new((requests, duration)))
    }
}

impl Observe for Fixed {
    type Seen = (Self, Instant);

    fn begin(&self) -> Self::Seen {
        (self.clone(), Instant::now())
    }

    fn end((Self(handles), started): Self::Seen) {
        handles.0.increment(1);
        handles.1.record(started.elapsed());
    }
}

/// Wraps the body.
#[derive(Clone)]
pub(super) struct ObservedLayer<O>(pub(super) O);

#[derive(Clone)]
pub(super) struct Observed<S, O> {
    inner: S,
    observe: O,
}

impl<S, O: Observe> Layer<S> for ObservedLayer<O> {
    type Service = Observed<S, O>;

    fn layer(&self, inner: S) -> Observed<S, O> {
        Observed { inner, observe: self.0.clone() }
    }
}

impl<S, O, ReqBody, ResBody> Service<Request<ReqBody>> for Observed<S, O>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    O: Observe,
{
    type Response = Response<ObservedBody<ResBody, O::Seen>>;
    type Error = S::Error;
    type Future = ObservedFuture<S::Future, O>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let seen = Some(self.observe.begin());
        ObservedFuture { inner: self.inner.call(request), seen }
    }
}

pin_project! {
    pub(super) struct ObservedFuture<F, O: Observe> {
        #[pin]
        inner: F,
        seen: Option<O::Seen>,
    }
}

impl<F, B, E, O: Observe> Future for ObservedFuture<F, O>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ObservedBody<B, O::Seen>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        let seen = this.seen.take();
        Poll::Ready(Ok(response.map(|inner| ObservedBody { inner, seen, end: O::end })))
    }
}

pin_project! {
    pub(super) struct ObservedBody<B, T> {
        #[pin]
        inner: B,
        seen: Option<T>,
        end: fn(T),
    }
}

impl<B: HttpBody, T> HttpBody for ObservedBody<B, T> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.inner.as_mut().poll_frame(cx));
        if (frame.is_none() || this.inner.is_end_stream())
            && let Some(seen) = this.seen.take()
        {
            (this.end)(seen);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.inner.size_hint()
    }
}
