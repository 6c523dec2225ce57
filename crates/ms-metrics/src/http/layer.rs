//! The layer and the service that it makes.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Extensions, Request, Response, Uri};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::body::ObservedBody;
use super::endpoint::{Endpoint, Source};
use super::future::HttpMetricsFuture;
use super::observation::{Observation, PanicGuard, RequestRoutes};

/// Counts each request in `http_requests_total{method,endpoint,status}` and times it in
/// `http_request_duration_seconds{method,endpoint}`; made by [`Metrics::http_layer`](crate::Metrics::http_layer).
///
/// - A request lasts from the call to the last byte of the body. One that is dropped before, by a client that went
///   away or a time-out outside, has the status `499`; one that panics or fails, in its body too, `500`.
/// - `endpoint` is the route template (axum's `MatchedPath`, with the feature `axum`), what [`endpoint`](Self::endpoint)
///   finds, or what the response carries as an extension [`Endpoint`]; else `unmatched`.
/// - An unknown `method` is `OTHER`, a `status` outside 100 to 599 `other`.
/// - Applied twice it counts once. Apply it last to an axum `Router`, so that 404s are seen.
///
/// In the steady state it allocates nothing of its own. Its mark lies in the request's extensions, whose map may have to
/// be made or to grow for it, and axum puts any wrapped body in a box.
#[derive(Clone)]
pub struct HttpMetricsLayer {
    routes: Arc<RequestRoutes>,
    source: Source,
}

impl HttpMetricsLayer {
    pub(crate) fn new(routes: Arc<RequestRoutes>) -> Self {
        Self { routes, source: Source::default() }
    }

    /// Asks `find` for the endpoint of a request first. Its answers must come from a small set: past the
    /// [series cap](crate::MetricsBuilder::series_cap) endpoints are counted together under `__other__`.
    ///
    /// ```
    /// use ms_metrics::{Endpoint, Metrics};
    ///
    /// let metrics = Metrics::builder().build()?;
    /// let layer = metrics.http_layer().endpoint(|uri, _| {
    ///     uri.path().starts_with("/files/").then_some(Endpoint::from_static("/files/{name}"))
    /// });
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    #[must_use]
    pub fn endpoint(
        mut self,
        find: impl Fn(&Uri, &Extensions) -> Option<Endpoint> + Send + Sync + 'static,
    ) -> Self {
        self.source = Source::new(find);
        self
    }
}

impl<S> Layer<S> for HttpMetricsLayer {
    type Service = HttpMetrics<S>;

    fn layer(&self, inner: S) -> HttpMetrics<S> {
        HttpMetrics { inner, layer: self.clone() }
    }
}

impl fmt::Debug for HttpMetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsLayer").finish_non_exhaustive()
    }
}

/// The service made by [`HttpMetricsLayer`].
#[derive(Clone, Debug)]
pub struct HttpMetrics<S> {
    inner: S,
    layer: HttpMetricsLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for HttpMetrics<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: Body,
{
    type Response = Response<ObservedBody<ResBody>>;
    type Error = S::Error;
    type Future = HttpMetricsFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let mut observation = Observation::start(&self.layer.routes, &self.layer.source, &mut request);
        let guard = PanicGuard::new(&mut observation);
        let inner = self.inner.call(request);
        guard.returned();
        HttpMetricsFuture::new(inner, observation)
    }
}
