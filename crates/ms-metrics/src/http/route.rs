//! The handles of one endpoint, method and scheme.

use std::sync::{Arc, OnceLock, Weak};

use metrics::{Counter, Histogram};
use quanta::Clock;

use super::method::Place;
use super::names::{Names, Outcome};
use super::shared::Shared;
use crate::cells::GaugeCell;
use crate::registry::Registry;
use crate::traced::TracedHistogram;

/// What is measured of each request beside its number and its duration.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    pub(super) names: Names,
    pub(super) in_flight: bool,
    pub(super) first_byte: bool,
    pub(super) response_size: bool,
    pub(super) exemplars: bool,
}

/// The handles of one endpoint, method and scheme, each made when first needed.
///
/// Requests count as its holders: on lines of its own, so that nobody else's numbers lie there.
#[repr(align(128))]
pub(super) struct Route {
    registry: Arc<Registry>,
    /// Where the others are; a request need not carry it, since few change their route.
    pub(super) shared: Weak<Shared>,
    pub(super) clock: Clock,
    pub(super) measured: Measured,
    endpoint: Box<str>,
    pub(super) place: Place,
    /// Nothing if it is not shown. Every request counts here, twice: a handle would look at each step.
    in_flight: Option<Arc<GaugeCell>>,
    first_byte: OnceLock<Histogram>,
    request_size: OnceLock<Histogram>,
    ends: Link,
}

/// The handles of one outcome; there is a handful.
pub(super) struct End {
    outcome: Outcome,
    pub(super) requests: Counter,
    pub(super) duration: TracedHistogram,
    pub(super) response_size: Histogram,
    next: Link,
}

type Link = OnceLock<Box<End>>;

impl Route {
    pub(super) fn new(
        registry: &Arc<Registry>,
        shared: Weak<Shared>,
        clock: Clock,
        measured: Measured,
        endpoint: &str,
        place: Place,
    ) -> Self {
        let in_flight = measured.in_flight.then(|| measured.names.in_flight(endpoint, place));
        Self {
            in_flight: in_flight.and_then(|key| registry.gauge_cell(&key)),
            registry: Arc::clone(registry),
            shared,
            clock,
            measured,
            endpoint: endpoint.into(),
            place,
            first_byte: OnceLock::new(),
            request_size: OnceLock::new(),
            ends: OnceLock::new(),
        }
    }

    #[inline]
    pub(super) fn enter(&self) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.enter();
        }
    }

    #[inline]
    pub(super) fn leave(&self) {
        if let Some(in_flight) = &self.in_flight {
            in_flight.leave();
        }
    }

    pub(super) fn first_byte(&self) -> &Histogram {
        let key = || self.measured.names.first_byte(&self.endpoint, self.place);
        self.first_byte.get_or_init(|| self.registry.histogram(&key()))
    }

    pub(super) fn request_size(&self) -> &Histogram {
        let key = || self.measured.names.request_size(&self.endpoint, self.place);
        self.request_size.get_or_init(|| self.registry.histogram(&key()))
    }

    pub(super) fn end(&self, outcome: Outcome) -> &End {
        let mut link = &self.ends;
        loop {
            // Another thread may be faster, with another outcome.
            let end = link.get_or_init(|| Box::new(self.make(outcome)));
            if end.outcome == outcome {
                return end;
            }
            link = &end.next;
        }
    }

    fn make(&self, outcome: Outcome) -> End {
        let (names, endpoint, place) = (self.measured.names, &*self.endpoint, self.place);
        let requests = names.requests(endpoint, place, outcome).map(|key| self.registry.counter(&key));
        let size = self.measured.response_size.then(|| names.response_size(endpoint, place, outcome));
        End {
            outcome,
            requests: requests.unwrap_or_else(Counter::noop),
            duration: self.registry.traced_histogram(&names.duration(endpoint, place, outcome)),
            response_size: size.map_or_else(Histogram::noop, |key| self.registry.histogram(&key)),
            next: OnceLock::new(),
        }
    }
}
