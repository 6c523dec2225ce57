//! One request, from the call to whatever ends it.

use std::sync::Arc;

use http::Response;

use super::endpoint::Endpoint;
use super::method::MethodLabel;
use super::names::Ending;
use super::route::Route;
use super::trace::TraceId;

/// A request that is being answered. It is recorded when it is dropped: as one whose client is gone, unless
/// [`finish`](Self::finish) says better.
///
/// It is moved with the answer through every layer outside, so it is small.
pub(super) struct Observation {
    route: Arc<Route>,
    started: u64,
    trace: Option<TraceId>,
    /// Of the body, so far.
    bytes: u64,
    /// As answered; 0 before.
    status: u16,
    ending: Ending,
}

impl Observation {
    #[inline]
    pub(super) fn new(route: Arc<Route>, started: u64, trace: Option<TraceId>) -> Self {
        route.enter();
        Self { route, started, trace, bytes: 0, status: 0, ending: Ending::Gone }
    }

    /// Takes note of the head of the answer. False if it names an endpoint that is left out.
    #[inline]
    pub(super) fn answered<B>(&mut self, response: &Response<B>) -> bool {
        self.status = response.status().as_u16();
        if let Some(endpoint) = response.extensions().get::<Endpoint>()
            && !self.redirect(endpoint)
        {
            return false;
        }
        let measured = self.route.measured;
        if measured.exemplars
            && let Some(trace) = response.extensions().get::<TraceId>()
        {
            self.trace = Some(trace.clone());
        }
        if measured.first_byte {
            self.route.first_byte().record(self.seconds());
        }
        true
    }

    /// Counts the request for another endpoint. False if that is left out.
    fn redirect(&mut self, endpoint: &Endpoint) -> bool {
        let Some(shared) = self.route.shared.upgrade() else { return true };
        let Some(route) = shared.find(endpoint.as_str(), self.route.place) else { return false };
        route.enter();
        self.route.leave();
        self.route = route;
        true
    }

    #[inline]
    pub(super) fn add_bytes(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Tells if HTTP has no room for a body: servers drop it unread.
    #[inline]
    pub(super) fn has_no_body(&self) -> bool {
        match self.route.place.method {
            MethodLabel::Head => true,
            MethodLabel::Connect if matches!(self.status, 200..=299) => true,
            _ => matches!(self.status, 100..=199 | 204 | 304),
        }
    }

    pub(super) fn finish(mut self, ending: Ending) {
        self.ending = ending;
    }

    fn seconds(&self) -> f64 {
        let clock = &self.route.clock;
        clock.delta_as_nanos(self.started, clock.raw()) as f64 / 1e9
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.route.leave();
        let measured = self.route.measured;
        if self.ending == Ending::Excluded {
            return;
        }
        let end = self.route.end(measured.names.outcome(self.status, self.ending));
        end.requests.increment(1);
        match &self.trace {
            None => end.duration.record_alone(self.seconds()),
            Some(trace) => end.duration.record(self.seconds(), trace.as_str()),
        }
        if measured.response_size {
            end.response_size.record(self.bytes as f64);
        }
    }
}

/// Ends the observation if what runs while it lives panics.
///
/// `std::thread::panicking` would not do: a body dropped while something else unwinds did not panic. Nor would a closure
/// that runs inside: requests and answers are large to move in and out of it.
pub(super) struct PanicGuard<'a> {
    observation: &'a mut Option<Observation>,
    returned: bool,
}

impl<'a> PanicGuard<'a> {
    #[inline]
    pub(super) fn new(observation: &'a mut Option<Observation>) -> Self {
        Self { observation, returned: false }
    }

    /// There was no panic.
    #[inline]
    pub(super) fn returned(mut self) {
        self.returned = true;
    }
}

impl Drop for PanicGuard<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.returned {
            finish(self.observation, Ending::Panicked);
        }
    }
}

#[inline]
pub(super) fn finish(observation: &mut Option<Observation>, ending: Ending) {
    if let Some(observation) = observation {
        observation.ending = ending;
    }
    *observation = None;
}
