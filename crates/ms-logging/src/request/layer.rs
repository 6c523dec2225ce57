//! The layer and its service.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::body::ResponseBody;
use super::client::{ClientAddress, Clients};
use super::future::ResponseFuture;
use super::observation::Observation;
use super::options::Options;

/// Gives each request an id and a span, and writes one line when it is over; made by
/// [`LoggingGuard::http_layer`](crate::LoggingGuard::http_layer).
///
/// - `x-request-id` is kept if the client sent a plausible one and made otherwise. The handler reads it in the headers of
///   the request; the response carries it too, whatever the handler has set there.
/// - `traceparent` and `tracestate` (W3C Trace Context, level 2) are read if they are valid; otherwise a trace is begun. The
///   request has a span id of its own, whose parent is the caller's. The span `request` holds the ids, so every event of
///   the handler does; a [`TraceContext`](crate::TraceContext) in the extensions of the request is for outgoing calls.
/// - The line is of target `ms_logging::request`, at WARN for a status of 500 and above and at INFO otherwise, when the
///   last byte of the body has gone out. It tells method, route, status and duration in milliseconds. A request that
///   was dropped before has status 499; if its handler or its body has failed, 500. `answered` is the status that had gone
///   out by then.
/// - `route` is the template (with the feature `axum`; `unmatched` if there is none), never the path: paths and queries
///   hold names and numbers of people.
/// - Of two such layers around one handler the outer one does all this, and the inner one nothing.
///
/// | option | default |
/// |---|---|
/// | [`slow`](Self::slow) | no request is slow |
/// | [`exclude`](Self::exclude) | none |
/// | [`client_address`](Self::client_address) | not told |
/// | [`trusted_proxies`](Self::trusted_proxies) | 0 |
/// | [`forwarded_header`](Self::forwarded_header) | no: `X-Forwarded-For` |
/// | [`trace_id_in_response`](Self::trace_id_in_response) | no |
#[derive(Debug, Clone, Default)]
#[must_use = "it logs nothing until it is laid around a service"]
pub struct RequestLogLayer {
    options: Arc<Options>,
    proxies: usize,
    standard: bool,
}

impl RequestLogLayer {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Lets the span tell what the line tells.
    #[cfg(feature = "otlp")]
    pub(crate) fn naming_spans(self, on: bool) -> Self {
        self.with(|options| options.names_span = on)
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }

    /// Logs a request that took `limit` or longer at WARN, with the field `slow=true`. The duration runs to the last byte.
    pub fn slow(self, limit: Duration) -> Self {
        self.with(|options| options.slow = Some(limit))
    }

    /// Writes no line for these routes or paths, such as `/health` and `/metrics`, whatever becomes of the request. Ids and
    /// span are as for any other. May be called again for more.
    ///
    /// ```
    /// # fn layer(log: &ms_logging::LoggingGuard) -> ms_logging::RequestLogLayer {
    /// log.http_layer().exclude(["/health", "/metrics"])
    /// # }
    /// ```
    pub fn exclude<I>(self, routes: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.with(|options| options.excluded.extend(routes.into_iter().map(Into::into)))
    }

    /// Tells the address of the client in each line, as `client`. It is personal data (KVKK, GDPR): only with a reason, and
    /// [`ClientAddress::Masked`] if the network is enough.
    ///
    /// The address is that of axum's `ConnectInfo<SocketAddr>`, or of a `SocketAddr` in the extensions of the request. Headers
    /// are believed only with [`trusted_proxies`](Self::trusted_proxies).
    pub fn client_address(self, shown: ClientAddress) -> Self {
        let (proxies, standard) = (self.proxies, self.standard);
        self.with(|options| options.clients = Some(Clients { shown, proxies, standard }))
    }

    /// Says behind how many proxies of your own the service is. Each of them must append the address that it was called from
    /// to `X-Forwarded-For`; the client is then the one that the outermost has appended. What stands before that in the
    /// header the client may have made up. If there are fewer entries, no address is told.
    pub fn trusted_proxies(mut self, count: usize) -> Self {
        self.proxies = count;
        self.with(|options| {
            if let Some(clients) = &mut options.clients {
                clients.proxies = count;
            }
        })
    }

    /// Reads `Forwarded` ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) in place of `X-Forwarded-For`: the proxies
    /// write that one. Only one of the two is ever read, since a proxy lets the other through as the client has written it.
    pub fn forwarded_header(mut self) -> Self {
        self.standard = true;
        self.with(|options| {
            if let Some(clients) = &mut options.clients {
                clients.standard = true;
            }
        })
    }

    /// Lays the [`TraceId`](crate::TraceId) into the extensions of each response, for layers outside, such as one that hands
    /// it to metrics as an exemplar. It costs an allocation or two a request.
    pub fn trace_id_in_response(self) -> Self {
        self.with(|options| options.trace_id_in_response = true)
    }
}

impl<S> Layer<S> for RequestLogLayer {
    type Service = RequestLog<S>;

    fn layer(&self, inner: S) -> RequestLog<S> {
        RequestLog { inner, options: Arc::clone(&self.options) }
    }
}

/// The service of [`RequestLogLayer`].
#[derive(Debug, Clone)]
pub struct RequestLog<S> {
    inner: S,
    options: Arc<Options>,
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut observation = Observation::start(&self.options, &mut request);
        let inner = match &mut observation {
            Some(observation) => observation.run(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        ResponseFuture::new(inner, observation)
    }
}
