//! How requests ended and how long they took.

use std::collections::BTreeMap;
use std::time::Duration;

use ms_analytics::hdr::{BoundsError, Histogram};

use super::Kind;

/// Two days, in nanoseconds: longer than a run and its longest wait.
const LONGEST: u64 = 172_800_000_000_000;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered(u16),
    /// No connection, or one that broke.
    Broken,
    TimedOut,
    /// Its turn did not come before the end.
    Unsent,
}

/// What is counted of one kind of request.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// By status.
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) broken: u64,
    pub(super) timed_out: u64,
    pub(super) unsent: u64,
    /// In nanoseconds, from the moment a request was due. A request without an answer counts with the time it was
    /// waited for; not so one whose connection broke, which may be over at once and would look fast.
    pub(super) latencies: Histogram,
    /// In nanoseconds, of answers alone, from the moment a request was sent.
    pub(super) service_times: Histogram,
}

impl Counted {
    fn new() -> Result<Self, BoundsError> {
        let histogram = || Histogram::new(1_000, LONGEST, 3);
        Ok(Self {
            statuses: BTreeMap::new(),
            broken: 0,
            timed_out: 0,
            unsent: 0,
            latencies: histogram()?,
            service_times: histogram()?,
        })
    }

    pub(super) fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    /// The service's fault, as far as a client can tell: no answer, or one of 5xx.
    pub(super) fn failed(&self) -> u64 {
        self.broken + self.timed_out + self.statuses.range(500..).map(|(_, count)| count).sum::<u64>()
    }

    /// The client's fault: 4xx.
    pub(super) fn refused(&self) -> u64 {
        self.statuses.range(400..500).map(|(_, count)| count).sum()
    }

    fn record(&mut self, outcome: Outcome, latency: Duration, service_time: Duration) {
        match outcome {
            Outcome::Answered(status) => {
                *self.statuses.entry(status).or_default() += 1;
                self.service_times.record(nanoseconds(service_time));
            }
            Outcome::Broken => self.broken += 1,
            Outcome::TimedOut => self.timed_out += 1,
            Outcome::Unsent => self.unsent += 1,
        }
        if outcome != Outcome::Broken {
            self.latencies.record(nanoseconds(latency));
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        self.broken += other.broken;
        self.timed_out += other.timed_out;
        self.unsent += other.unsent;
        self.latencies.merge(&other.latencies);
        self.service_times.merge(&other.service_times);
    }
}

/// What is counted of all kinds, during a second or a run.
#[derive(Clone, Debug)]
pub(crate) struct Tally([Option<Box<Counted>>; Kind::ALL.len()]);

impl Tally {
    pub(super) fn new() -> Self {
        Self(std::array::from_fn(|_| None))
    }

    pub(super) fn record(&mut self, kind: Kind, outcome: Outcome, latency: Duration, service_time: Duration) {
        if let Some(counted) = self.of(kind) {
            counted.record(outcome, latency, service_time);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (kind, counted) in other.kinds() {
            if let Some(own) = self.of(kind) {
                own.merge(counted);
            }
        }
    }

    /// The kinds that were sent or due, in their order.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Kind, &Counted)> {
        Kind::ALL.into_iter().zip(&self.0).filter_map(|(kind, counted)| Some((kind, counted.as_deref()?)))
    }

    /// All kinds in one; `None` without any.
    pub(super) fn total(&self) -> Option<Counted> {
        let mut kinds = self.kinds().map(|(_, counted)| counted);
        let mut total = kinds.next()?.clone();
        kinds.for_each(|counted| total.merge(counted));
        Some(total)
    }

    /// The bounds are constant and good, so this is never `None`.
    fn of(&mut self, kind: Kind) -> Option<&mut Counted> {
        let place = &mut self.0[kind as usize];
        if place.is_none() {
            *place = Counted::new().ok().map(Box::new);
        }
        place.as_deref_mut()
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
