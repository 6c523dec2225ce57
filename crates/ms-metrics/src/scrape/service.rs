//! The page as a tower service.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use tower_service::Service;

use super::accept::Choice;
use super::body::MetricsBody;
use super::pages::{Opened, Page, Pages};

/// Serves the page; made by [`Metrics::service`](crate::Metrics::service). Clones share their pages.
///
/// | request | answer |
/// |---|---|
/// | GET, HEAD of the path | `200`, OpenMetrics 1.0 or text 0.0.4 by `Accept`, gzip by `Accept-Encoding` |
/// | any other method | `405` with `Allow` |
/// | any other path | `404` |
/// | more than 64 slow readers, beside those who share the two pages there can be | `503` with `Retry-After: 1` |
///
/// The body of a request is never read. Whoever comes within 250 ms of another scrape shares its page while that is
/// being read.
#[derive(Clone)]
pub struct MetricsService {
    pages: Arc<Pages>,
    /// Nothing if a router has looked already.
    path: Option<Arc<str>>,
}

impl MetricsService {
    pub(super) fn new(pages: Arc<Pages>, path: Option<&str>) -> Self {
        Self { pages, path: path.map(Arc::from) }
    }

    /// Sets the path that is answered, exactly; any other is `404`. Default `/metrics`.
    #[must_use]
    pub fn path(mut self, path: impl Into<Arc<str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    fn answer<B>(&self, request: &Request<B>) -> State {
        if self.path.as_deref().is_some_and(|path| path != request.uri().path()) {
            return State::Ready(Some(empty(StatusCode::NOT_FOUND)));
        }
        let is_head = request.method() == Method::HEAD;
        if !is_head && request.method() != Method::GET {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return State::Ready(Some(response));
        }
        match self.pages.open(self.pages.choose(request.headers())) {
            Opened::Page(page) => State::Rendering { page, is_head },
            Opened::Stream(stream) => {
                let choice = stream.choice;
                let body = if is_head { MetricsBody::empty() } else { MetricsBody::stream(stream) };
                State::Ready(Some(found(choice, body)))
            }
            Opened::Full => {
                let mut response = empty(StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                State::Ready(Some(response))
            }
        }
    }
}

fn empty(status: StatusCode) -> Response<MetricsBody> {
    let mut response = Response::new(MetricsBody::empty());
    *response.status_mut() = status;
    response
}

fn found(choice: Choice, body: MetricsBody) -> Response<MetricsBody> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(choice.offer.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    if choice.is_gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

impl<B> Service<Request<B>> for MetricsService {
    type Response = Response<MetricsBody>;
    type Error = Infallible;
    type Future = MetricsFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> MetricsFuture {
        MetricsFuture(self.answer(&request))
    }
}

impl fmt::Debug for MetricsService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsService").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The future of [`MetricsService`]. It renders 32 KiB a poll, and lets other tasks run in between.
///
/// # Cancel safety
///
/// Dropped, it leaves the page as far as it is to those who wait for it, too.
#[must_use = "futures do nothing unless polled"]
pub struct MetricsFuture(State);

enum State {
    Rendering {
        page: Arc<Page>,
        is_head: bool,
    },
    /// Nothing once it is given.
    Ready(Option<Response<MetricsBody>>),
}

impl Future for MetricsFuture {
    type Output = Result<Response<MetricsBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (page, is_head) = match &mut self.0 {
            State::Ready(response) => {
                // Polled after its end it never ends again.
                return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
            }
            State::Rendering { page, is_head } => (page, *is_head),
        };
        if page.rendered().is_none() {
            page.render_piece();
        }
        let Some(length) = page.rendered().map(|rendered| rendered.length) else {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        let body = if is_head { MetricsBody::empty() } else { MetricsBody::page(Arc::clone(page)) };
        let mut response = found(page.choice, body);
        // A HEAD has no body that tells.
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        self.0 = State::Ready(None);
        Poll::Ready(Ok(response))
    }
}

impl fmt::Debug for MetricsFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsFuture").finish_non_exhaustive()
    }
}
