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
use super::names::Names;
use super::nesting::{Counting, Entered, Pass, Running};
use super::observation::PanicGuard;
use super::request_body::RequestBodyLayer;
use super::route::Measured;
use super::shared::{HttpLayers, Options, Shared};
use super::threads::PerThread;
use crate::registry::Registry;

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
/// | option | default |
/// |---|---|
/// | [`endpoint`](Self::endpoint) | axum's `MatchedPath` |
/// | [`exclude`](Self::exclude) | none |
/// | [`in_flight`](Self::in_flight) | yes |
/// | [`first_byte`](Self::first_byte) | no |
/// | [`response_size`](Self::response_size) | no |
/// | [`exemplars`](Self::exemplars) | no |
/// | [`request_body_layer`](Self::request_body_layer) | none: the bodies of requests pass unseen |
/// | [`semantic_conventions`](Self::semantic_conventions) | no: the names above |
///
/// In the steady state it allocates nothing; axum puts any wrapped body in a box. Where a request may pass two layers it
/// is marked in its extensions, whose map may have to be made or to grow for it: while two layers of one
/// [`Metrics`](crate::Metrics) are alive, and once a layer was seen inside another. So make one and clone it.
pub struct HttpMetricsLayer(PerThread<Shared>);

impl HttpMetricsLayer {
    pub(crate) fn new(registry: Arc<Registry>, cap: usize, layers: HttpLayers) -> Self {
        let measured = Measured {
            names: Names::Origin,
            in_flight: true,
            first_byte: false,
            response_size: false,
            exemplars: false,
        };
        let options = Options { source: Source::default(), excluded: Vec::new(), measured };
        Self(PerThread::new(Arc::new(Shared::new(registry, cap, layers, options))))
    }

    fn with(self, change: impl FnOnce(&mut Options)) -> Self {
        Self(PerThread::new(Arc::new(self.0.get().with(change))))
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
        self,
        find: impl Fn(&Uri, &Extensions) -> Option<Endpoint> + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.source = Source::new(find))
    }

    /// Lets requests for these endpoints pass uncounted, at the cost of the look-up: route templates, as the label
    /// `endpoint` would show them. Called again it adds to them.
    ///
    /// ```
    /// let metrics = ms_metrics::Metrics::builder().build()?;
    /// let layer = metrics.http_layer().exclude(["/metrics", "/health"]);
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    #[must_use]
    pub fn exclude(self, endpoints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let endpoints = endpoints.into_iter().map(|endpoint| endpoint.into().into());
        self.with(|options| options.excluded.extend(endpoints))
    }

    /// Shows how many requests have been called and not yet ended, in `http_requests_in_flight{method,endpoint}`. Default
    /// yes.
    #[must_use]
    pub fn in_flight(self, shown: bool) -> Self {
        self.with(|options| options.measured.in_flight = shown)
    }

    /// Times the head of the answer too, from which on the client has its first byte, in
    /// `http_response_first_byte_seconds{method,endpoint}`. A request that ends without an answer is not in it. Default no.
    #[must_use]
    pub fn first_byte(self) -> Self {
        self.with(|options| options.measured.first_byte = true)
    }

    /// Counts the bytes that the body of each answer has given, whatever its `content-length` claims, in
    /// `http_response_size_bytes{method,endpoint}`; they are 0 where HTTP has no body. Default no.
    #[must_use]
    pub fn response_size(self) -> Self {
        self.with(|options| options.measured.response_size = true)
    }

    /// Keeps the [`TraceId`](crate::TraceId) of the slowest request of the last minute in each bucket of the durations; the
    /// OpenMetrics page shows it as an exemplar. Default no.
    ///
    /// ```
    /// use ms_metrics::{Metrics, TraceId};
    /// # #[cfg(feature = "axum")] {
    /// use axum::{Router, extract::Request, middleware::map_request};
    ///
    /// /// The id is the second part of the header, `00-<trace id>-<parent id>-<flags>`.
    /// async fn trace(mut request: Request) -> Request {
    ///     let parent = request.headers().get("traceparent").and_then(|parent| parent.to_str().ok());
    ///     let id = parent.and_then(|parent| parent.split('-').nth(1)).map(TraceId::new);
    ///     if let Some(id) = id {
    ///         request.extensions_mut().insert(id);
    ///     }
    ///     request
    /// }
    ///
    /// let metrics = Metrics::builder().build()?;
    /// let app: Router = Router::new().layer(metrics.http_layer().exemplars()).layer(map_request(trace));
    /// # }
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    #[must_use]
    pub fn exemplars(self) -> Self {
        self.with(|options| options.measured.exemplars = true)
    }

    /// Uses the names of [OpenTelemetry's semantic conventions][conventions] as its Prometheus exporters write them, in
    /// place of this crate's own. Default no.
    ///
    /// `http_server_request_duration_seconds` has the labels `http_request_method`, `url_scheme`, `http_route`,
    /// `http_response_status_code` and `error_type`, and counts the requests as well; `http_server_active_requests`,
    /// `http_server_request_body_size_bytes` and `http_server_response_body_size_bytes` are the others. What is not known is
    /// no label: a request without a route has no `http_route`, one dropped before its answer no status. `error_type` is the
    /// status from 500 on, `cancelled`, `panic`, or `_OTHER` for an error of the service or of the body; a foreign method is
    /// `_OTHER`; `url_scheme` is `http` unless the URI of the request says `https`.
    ///
    /// [conventions]: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
    #[must_use]
    pub fn semantic_conventions(self) -> Self {
        self.with(|options| options.measured.names = Names::Semantic)
    }

    /// Makes the layer that counts the bytes of the bodies of requests, with the endpoints, exclusions and names of this
    /// one; it may stand inside or outside.
    ///
    /// ```
    /// # #[cfg(feature = "axum")] {
    /// let metrics = ms_metrics::Metrics::builder().build()?;
    /// let http = metrics.http_layer();
    /// let app: axum::Router = axum::Router::new()
    ///     .route("/shifts", axum::routing::post(|body: String| async move { body }))
    ///     .layer(http.request_body_layer())
    ///     .layer(http);
    /// # }
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    pub fn request_body_layer(&self) -> RequestBodyLayer {
        RequestBodyLayer::new(Arc::clone(self.0.get()))
    }
}

impl Clone for HttpMetricsLayer {
    fn clone(&self) -> Self {
        Self(self.0.keeping())
    }
}

impl<S> Layer<S> for HttpMetricsLayer {
    type Service = HttpMetrics<S>;

    fn layer(&self, inner: S) -> HttpMetrics<S> {
        HttpMetrics { inner, shared: self.0.keeping(), looked_inside: false }
    }
}

impl fmt::Debug for HttpMetricsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetricsLayer").finish_non_exhaustive()
    }
}

/// The service made by [`HttpMetricsLayer`].
pub struct HttpMetrics<S> {
    inner: S,
    shared: PerThread<Shared>,
    /// Another service of ours directly inside would have been noticed.
    looked_inside: bool,
}

impl<S: Clone> Clone for HttpMetrics<S> {
    fn clone(&self) -> Self {
        let _entered = Entered::<Counting>::new(Running::Cloning);
        Self { inner: self.inner.clone(), shared: self.shared.clone(), looked_inside: true }
    }
}

impl<S> fmt::Debug for HttpMetrics<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpMetrics").finish_non_exhaustive()
    }
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
        let known = std::mem::replace(&mut self.looked_inside, true);
        let pass = Pass::of(&self.shared.get().alive, known, request.extensions_mut());
        let mut observation = if pass.outermost { self.shared.get().observe(&request) } else { None };
        let guard = PanicGuard::new(&mut observation);
        let entered = Entered::<Counting>::new(pass.running);
        let inner = self.inner.call(request);
        drop(entered);
        guard.returned();
        HttpMetricsFuture::new(inner, observation)
    }
}
