//! One request, from the call to whatever ends it.

use std::sync::{Arc, OnceLock, Weak};
use std::time::Instant;

use arc_swap::ArcSwap;
use http::Request;
use metrics::{Counter, Histogram, Key, Label};

use super::endpoint::{Endpoint, Source, UNMATCHED};
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

    fn find(self: &Arc<Self>, endpoint: &str, method: MethodLabel) -> Option<Arc<Route>> {
        self.0.find(endpoint, method, |registry, endpoint| Route {
            registry: Arc::clone(registry),
            routes: Arc::downgrade(self),
            endpoint: endpoint.into(),
            method,
            duration: OnceLock::new(),
            requests: ArcSwap::default(),
        })
    }
}

/// The handles of one endpoint and method, each made when first needed.
struct Route {
    registry: Arc<Registry>,
    /// Where the others are; a request need not carry it, since few change their route.
    routes: Weak<RequestRoutes>,
    endpoint: Box<str>,
    method: MethodLabel,
    duration: OnceLock<Histogram>,
    /// By status: a handful.
    requests: ArcSwap<Vec<(u16, Counter)>>,
}

impl Route {
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
            vec![Label::new("method", self.method.text()), Label::new("endpoint", self.endpoint.to_string())];
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
        if request.extensions_mut().insert(Counted).is_some() {
            return None;
        }
        let started = Instant::now();
        let method = MethodLabel::of(request.method());
        let find = |endpoint: &str| routes.find(endpoint, method);
        // The caller's closure may panic.
        let mut unmatched = Unmatched { routes: Some(routes), method, started };
        let route = source.with(request.uri(), request.extensions(), find);
        unmatched.routes = None;
        Some(Self { route, method, started })
    }

    /// Counts the request for another endpoint from here on.
    pub(super) fn redirect(&mut self, endpoint: &Endpoint) {
        let routes = self.route.as_ref().and_then(|route| route.routes.upgrade());
        if let Some(routes) = routes {
            self.route = routes.find(endpoint.as_str(), self.method);
        }
    }

    pub(super) fn is_head(&self) -> bool {
        self.method == MethodLabel::Head
    }

    pub(super) fn is_connect(&self) -> bool {
        self.method == MethodLabel::Connect
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

/// Records a request as failed if looking for its endpoint panics.
struct Unmatched<'a> {
    /// Nothing once there was no panic.
    routes: Option<&'a Arc<RequestRoutes>>,
    method: MethodLabel,
    started: Instant,
}

impl Drop for Unmatched<'_> {
    fn drop(&mut self) {
        if let Some(routes) = self.routes {
            let route = routes.find(UNMATCHED, self.method);
            Observation { route, method: self.method, started: self.started }.finish(500);
        }
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.record(CLIENT_CLOSED_REQUEST);
    }
}

/// Records the request as failed if what runs while it lives panics.
///
/// `std::thread::panicking` would not do: a body dropped while something else unwinds did not panic. Nor would a closure
/// that runs inside: requests and answers are large to move in and out of it.
pub(super) struct PanicGuard<'a> {
    observation: &'a mut Option<Observation>,
    returned: bool,
}

impl<'a> PanicGuard<'a> {
    pub(super) fn new(observation: &'a mut Option<Observation>) -> Self {
        Self { observation, returned: false }
    }

    /// There was no panic.
    pub(super) fn returned(mut self) {
        self.returned = true;
    }
}

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if !self.returned {
            self.observation.take().into_iter().for_each(|observation| observation.finish(500));
        }
    }
}
