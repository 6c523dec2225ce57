//! What a team writes that has read that handles should be kept: a map behind a lock, SipHash as by default.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, RwLock};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::http::{Method, Request, Response};
use metrics::{Counter, Histogram};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::exporter;

pub(super) const REQUESTS: &str = "cached_requests_total";
pub(super) const DURATION: &str = "cached_request_duration_seconds";

pub(super) fn layer() -> CachedLayer {
    exporter::handle();
    CachedLayer(Arc::default())
}

#[derive(Default)]
struct Cache(RwLock<HashMap<String, Vec<Entry>>>);

struct Entry {
    method: Method,
    status: u16,
    handles: (Counter, Histogram),
}

impl Cache {
    fn record(&self, method: &Method, template: &str, status: u16, started: Instant) {
        let of = |entry: &&Entry| entry.method == *method && entry.status == status;
        let record = |entry: &Entry| {
            entry.handles.0.increment(1);
            entry.handles.1.record(started.elapsed());
        };
        let known = self.0.read().expect("no panic holds it");
        if let Some(entry) = known.get(template).and_then(|entries| entries.iter().find(of)) {
            return record(entry);
        }
        drop(known);
        let labels = [
            ("method", method.to_string()),
            ("endpoint", template.to_owned()),
            ("status", status.to_string()),
        ];
        let handles = exporter::handles(REQUESTS, DURATION, &labels);
        let entry = Entry { method: method.clone(), status, handles };
        record(&entry);
        self.0.write().expect("no panic holds it").entry(template.to_owned()).or_default().push(entry);
    }
}

#[derive(Clone)]
pub(super) struct CachedLayer(Arc<Cache>);

#[derive(Clone)]
pub(super) struct Cached<S> {
    inner: S,
    cache: Arc<Cache>,
}

impl<S> Layer<S> for CachedLayer {
    type Service = Cached<S>;

    fn layer(&self, inner: S) -> Cached<S> {
        Cached { inner, cache: Arc::clone(&self.0) }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Cached<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = CachedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let started = Instant::now();
        let method = request.method().clone();
        let template = request.extensions().get::<MatchedPath>().cloned();
        CachedFuture {
            inner: self.inner.call(request),
            cache: Arc::clone(&self.cache),
            method,
            template,
            started,
        }
    }
}

pin_project! {
    pub(super) struct CachedFuture<F> {
        #[pin]
        inner: F,
        cache: Arc<Cache>,
        method: Method,
        template: Option<MatchedPath>,
        started: Instant,
    }
}

impl<F, B, E> Future for CachedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx));
        let status = result.as_ref().map_or(500, |response| response.status().as_u16());
        let template = this.template.as_ref().map_or("unmatched", MatchedPath::as_str);
        this.cache.record(this.method, template, status, *this.started);
        Poll::Ready(result)
    }
}
