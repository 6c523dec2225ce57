//! One request, from the call to whatever ends it.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use arc_swap::ArcSwap;
use http::Request;
use metrics::{Counter, Histogram, Key, Label};

use super::endpoint::{Endpoint, Source};
use super::method::MethodLabel;
use super::routes::Routes;
use crate::catalog::{HTTP_DURATION, HTTP_REQUESTS};
use crate::registry::Registry;

/// What nginx calls a client that went away.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// The handles of all routes; made once a [`Metrics`](crate::Metrics).
pub(crate) struct RequestRoutes(Routes<Route>);

impl RequestRoutes {
    pub(crate) fn new(registry: Arc<Registry>, cap: usize) -> Self {
        Self(Routes::new(registry, HTTP_REQUESTS, cap))
    }

    fn find(&self, endpoint: &str, method: MethodLabel) -> Option<Arc<Route>> {
        self.0.find(endpoint, method, |registry, endpoint| Route::new(registry, endpoint, method))
    }
}

/// The handles of one endpoint and method, each made when first needed.
struct Route {
    registry: Arc<Registry>,
    endpoint: Box<str>,
    method: MethodLabel,
    duration: OnceLock<Histogram>,
    /// By status: a handful.
    requests: ArcSwap<Vec<(u16, Counter)>>,
}

impl Route {
    fn new(registry: &Arc<Registry>, endpoint: &str, method: MethodLabel) -> Self {
        let registry = Arc::clone(registry);
        Self {
            registry,
            endpoint: endpoint.into(),
            method,
            duration: OnceLock::new(),
            requests: ArcSwap::default(),
        }
    }

    fn record(&self, status: u16, started: Instant) {
        // What is no status must not become a label value each.
        let status = if (100..600).contains(&status) { status } else { 0 };
        let requests = self.requests.load();
        match requests.iter().find(|(known, _)| *known == status) {
            Some((_, counter)) => counter.increment(1),
            None => self.add(status).increment(1),
        }
        let duration = self.duration.get_or_init(|| self.registry.histogram(&self.key(HTTP_DURATION, None)));
        duration.record(started.elapsed());
    }

    fn add(&self, status: u16) -> Counter {
        let counter = self.registry.counter(&self.key(HTTP_REQUESTS, Some(status)));
        self.requests.rcu(|known| {
            let mut known = Vec::clone(known);
            // Another thread may have been faster; its counter is the same one.
            if known.iter().all(|(other, _)| *other != status) {
                known.push((status, counter.clone()));
            }
            known
        });
        counter
    }

    fn key(&self, metric: &'static str, status: Option<u16>) -> Key {
        let mut labels =
            vec![Label::new("method", self.method.text), Label::new("endpoint", self.endpoint.to_string())];
        match status {
            Some(0) => labels.push(Label::new("status", "other")),
            Some(status) => labels.push(Label::new("status", status.to_string())),
            None => {}
        }
        Key::from_parts(metric, labels)
    }
}

/// A request that is being answered. Dropping it counts the client as gone.
pub(super) struct Observation {
    routes: Arc<RequestRoutes>,
    /// Nothing once it is recorded.
    route: Option<Arc<Route>>,
    method: MethodLabel,
    started: Instant,
}

/// Tells the layers inside that a request is being counted.
#[derive(Clone, Copy)]
struct Counted;

impl Observation {
    /// Begins, unless a layer outside already has.
    pub(super) fn start<B>(
        routes: &Arc<RequestRoutes>,
        source: &Source,
        request: &mut Request<B>,
    ) -> Option<Self> {
        if request.extensions().get::<Counted>().is_some() {
            return None;
        }
        let started = Instant::now();
        let method = MethodLabel::of(request.method());
        let find = |endpoint: &str| routes.find(endpoint, method);
        let route = source.with(request.uri(), request.extensions(), find);
        request.extensions_mut().insert(Counted);
        Some(Self { routes: Arc::clone(routes), route, method, started })
    }

    /// Counts the request for another endpoint from here on.
    pub(super) fn redirect(&mut self, endpoint: &Endpoint) {
        self.route = self.routes.find(endpoint.as_str(), self.method);
    }

    pub(super) fn is_head(&self) -> bool {
        self.method.text == "HEAD"
    }

    pub(super) fn is_connect(&self) -> bool {
        self.method.text == "CONNECT"
    }

    pub(super) fn finish(mut self, status: u16) {
        self.record(status);
    }

    fn record(&mut self, status: u16) {
        if let Some(route) = self.route.take() {
            route.record(status, self.started);
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.record(CLIENT_CLOSED_REQUEST);
    }
}

/// Records the request as failed if what it stands in front of panics.
///
/// `std::thread::panicking` would not do: a body dropped while something else unwinds did not panic.
pub(super) struct PanicGuard<'a> {
    observation: &'a mut Option<Observation>,
    returned: bool,
}

impl<'a> PanicGuard<'a> {
    /// Runs `watched`; what it unwinds passes through.
    pub(super) fn run<R>(observation: &'a mut Option<Observation>, watched: impl FnOnce() -> R) -> R {
        let mut guard = Self { observation, returned: false };
        let result = watched();
        guard.returned = true;
        result
    }
}

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if !self.returned {
            self.observation.take().into_iter().for_each(|observation| observation.finish(500));
        }
    }
}
