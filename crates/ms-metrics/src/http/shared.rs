//! What a layer, its clones and its services share.

use std::sync::Arc;

use http::Request;
use http::uri::Scheme;
use quanta::Clock;

use super::endpoint::{Source, UNMATCHED};
use super::method::{MethodLabel, Place};
use super::names::{Ending, Names};
use super::nesting::{Alive, Counting, Layers, Sizing};
use super::observation::Observation;
use super::route::{Measured, Route};
use super::routes::Routes;
use super::trace::TraceId;
use crate::catalog::{HTTP_REQUESTS, SERVER_DURATION};
use crate::registry::Registry;

/// The options of a layer.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) source: Source,
    pub(super) excluded: Vec<Box<str>>,
    pub(super) measured: Measured,
}

/// The layers of one `Metrics` that are alive.
#[derive(Clone, Default)]
pub(crate) struct HttpLayers {
    counting: Layers<Counting>,
    sizing: Layers<Sizing>,
}

pub(super) struct Shared {
    pub(super) options: Options,
    routes: Routes<Route>,
    cap: usize,
    clock: Clock,
    layers: HttpLayers,
    pub(super) alive: Alive<Counting>,
}

impl Shared {
    pub(super) fn new(registry: Arc<Registry>, cap: usize, layers: HttpLayers, options: Options) -> Self {
        let metric = match options.measured.names {
            Names::Origin => HTTP_REQUESTS,
            Names::Semantic => SERVER_DURATION,
        };
        // What is left out takes nobody's room, and finds some however many endpoints come first.
        let routes = Routes::new(registry, metric, cap.saturating_add(options.excluded.len()));
        for excluded in &options.excluded {
            routes.reserve(excluded);
        }
        let alive = layers.counting.join();
        Self { options, routes, cap, clock: Clock::new(), layers, alive }
    }

    /// The same with other options.
    pub(super) fn with(&self, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = self.options.clone();
        change(&mut options);
        Self::new(Arc::clone(self.routes.registry()), self.cap, self.layers.clone(), options)
    }

    /// A layer more that counts the bytes of requests.
    pub(super) fn join_sizing(&self) -> Alive<Sizing> {
        self.layers.sizing.join()
    }

    /// Nothing if the endpoint is left out.
    pub(super) fn find(self: &Arc<Self>, endpoint: &str, place: Place) -> Option<Arc<Route>> {
        self.routes.find(endpoint, place, |registry, endpoint| {
            let excluded = self.options.excluded.iter().any(|excluded| **excluded == *endpoint);
            let route = || {
                Route::new(
                    registry,
                    Arc::downgrade(self),
                    self.clock.clone(),
                    self.options.measured,
                    endpoint,
                    place,
                )
            };
            (!excluded).then(route)
        })
    }

    fn place<B>(&self, request: &Request<B>) -> Place {
        let told = self.options.measured.names == Names::Semantic;
        let https = told && request.uri().scheme() == Some(&Scheme::HTTPS);
        Place { method: MethodLabel::of(request.method()), https }
    }

    /// Finds the route of a request; nothing if its endpoint is left out.
    pub(super) fn route<B>(self: &Arc<Self>, request: &Request<B>) -> Option<Arc<Route>> {
        let find = |endpoint: &str| self.find(endpoint, self.place(request));
        self.options.source.with(request.uri(), request.extensions(), find)
    }

    /// Begins to observe a request, unless its endpoint is left out.
    pub(super) fn observe<B>(self: &Arc<Self>, request: &Request<B>) -> Option<Observation> {
        let started = self.clock.raw();
        let place = self.place(request);
        let source = &self.options.source;
        // The caller's closure may panic.
        let mut unmatched = source.is_callers().then(|| Unmatched { shared: Some(self), place, started });
        let find = |endpoint: &str| self.find(endpoint, place);
        let route = source.with(request.uri(), request.extensions(), find);
        if let Some(unmatched) = &mut unmatched {
            unmatched.shared = None;
        }
        let trace = || request.extensions().get::<TraceId>().cloned();
        let trace = if self.options.measured.exemplars { trace() } else { None };
        route.map(|route| Observation::new(route, started, trace))
    }
}

/// Counts a request as failed if looking for its endpoint panics.
struct Unmatched<'a> {
    /// Nothing once there was no panic.
    shared: Option<&'a Arc<Shared>>,
    place: Place,
    started: u64,
}

impl Drop for Unmatched<'_> {
    fn drop(&mut self) {
        if let Some(route) = self.shared.and_then(|shared| shared.find(UNMATCHED, self.place)) {
            Observation::new(route, self.started, None).finish(Ending::Panicked);
        }
    }
}
