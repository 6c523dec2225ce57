//! All metrics by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use metrics::{SharedString, Unit};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

use super::buckets::Buckets;
use super::family::{Cell, Family, Placed};
use super::invalid::InvalidSamples;
use super::kind::Kind;
use super::overflow::Overflow;
use crate::catalog::LABEL_OVERFLOW;
use crate::guard::{CheckedLabel, Refusal};

/// Names come from code, yet nothing bounds what code makes them of.
const MOST_METRICS: usize = 10_000;
const SILENCE: Duration = Duration::from_secs(3600);

pub(crate) struct Families {
    this: Weak<RwLock<Self>>,
    /// In order, so that two pages can be compared.
    pub(super) by_name: BTreeMap<String, Family>,
    /// The metric that takes up each name.
    owners: FxHashMap<String, String>,
    /// By name as given.
    pub(super) descriptions: FxHashMap<String, Description>,
    pub(super) cap: usize,
}

/// What was said of a metric.
pub(crate) struct Description {
    pub(crate) help: SharedString,
    pub(crate) unit: Option<Unit>,
}

impl Families {
    /// `this` is where the new one will be.
    pub(crate) fn new(cap: usize, this: Weak<RwLock<Self>>) -> Self {
        Self {
            this,
            by_name: BTreeMap::new(),
            owners: FxHashMap::default(),
            descriptions: FxHashMap::default(),
            cap: cap.max(1),
        }
    }

    /// Keeps the help and the unit of a metric; the first ones stay.
    pub(crate) fn describe(&mut self, given: &str, unit: Option<Unit>, help: SharedString) {
        if self.descriptions.len() < MOST_METRICS {
            self.descriptions.entry(given.to_owned()).or_insert(Description { help, unit });
        }
    }

    /// Finds or makes the metric `name`, which was `given` before it was made valid.
    pub(crate) fn family(
        &mut self,
        given: &str,
        name: &str,
        kind: Kind,
        buckets: Option<&Arc<Buckets>>,
    ) -> Result<&mut Family, Refusal> {
        if !self.by_name.contains_key(name) {
            if !kind.takes(name) {
                return Err(Refusal::Name);
            }
            if self.by_name.len() >= MOST_METRICS {
                return Err(Refusal::TooManyMetrics);
            }
            if self.meets(name, kind).is_some() {
                return Err(Refusal::Kind);
            }
            self.owners.extend(kind.claims(name).into_iter().map(|claim| (claim, name.to_owned())));
        }
        let make = || {
            let invalid = Arc::new(InvalidSamples::new(name, Weak::clone(&self.this)));
            Family::new(given.to_owned(), kind, buckets.cloned(), invalid)
        };
        let family = self.by_name.entry(name.to_owned()).or_insert_with(make);
        if family.given != given {
            Err(Refusal::Name)
        } else if family.kind != kind {
            Err(Refusal::Kind)
        } else {
            Ok(family)
        }
    }

    /// Finds the metric that a new one would meet in one of the formats.
    pub(crate) fn meets(&self, name: &str, kind: Kind) -> Option<&str> {
        kind.claims(name).iter().find_map(|claim| self.owners.get(claim)).map(String::as_str)
    }

    /// Tells if the series of a metric are what a collector reads: nobody else can set them.
    pub(super) fn is_collected(&self, name: &str) -> bool {
        self.by_name.get(name).is_some_and(|family| family.collected)
    }

    /// Finds or makes a series.
    pub(crate) fn place(
        &mut self,
        given: &str,
        name: &str,
        kind: Kind,
        buckets: Option<&Arc<Buckets>>,
        labels: &[CheckedLabel],
    ) -> Result<Placed, Refusal> {
        let cap = self.cap;
        let family = self.family(given, name, kind, buckets)?;
        let cap = family.cap.unwrap_or(cap);
        family.place(name, labels, cap)
    }

    /// Counts a registration that found no room. True if it is time to warn.
    pub(crate) fn count_overflow(&mut self, metric: &str, label: &str, value: &str) -> bool {
        let labels = [CheckedLabel::own("metric", metric), CheckedLabel::own("label", label)];
        if let Ok(Placed { cell: Cell::Counter(counter), .. }) =
            self.place(LABEL_OVERFLOW, LABEL_OVERFLOW, Kind::Counter, None, &labels)
        {
            counter.tally(1);
        }
        let Some(family) = self.by_name.get_mut(metric) else { return false };
        family.overflow.get_or_insert_with(|| Overflow::new(label, value)).count(Instant::now())
    }

    pub(super) fn description(&self, given: &str) -> Option<&Description> {
        self.descriptions.get(given)
    }
}

/// True once an hour.
pub(crate) fn is_due(last: &mut Option<Instant>, now: Instant) -> bool {
    let due = last.is_none_or(|last| now.saturating_duration_since(last) >= SILENCE);
    if due {
        *last = Some(now);
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_due_once_an_hour() {
        let (mut last, start) = (None, Instant::now());
        let due: Vec<_> = [0, 1, 3599, 3600, 3601, 7200]
            .map(|seconds| is_due(&mut last, start + Duration::from_secs(seconds)))
            .to_vec();
        assert_eq!(due, [true, false, false, true, false, true]);
    }

    #[test]
    fn metrics_whose_lines_would_meet_are_refused() {
        let mut families = Families::new(10, Weak::new());
        let mut register = |name: &str, kind| families.family(name, name, kind, None).map(drop);
        for (name, kind, expected) in [
            ("h", Kind::Histogram, Ok(())),
            ("h_count", Kind::Counter, Err(Refusal::Kind)),
            ("h_bucket", Kind::Gauge, Err(Refusal::Kind)),
            ("h_created", Kind::Gauge, Err(Refusal::Kind)),
            ("h_total", Kind::Counter, Err(Refusal::Kind)),
            ("s", Kind::Summary, Ok(())),
            // Summaries have no such line.
            ("s_bucket", Kind::Gauge, Ok(())),
            ("s_sum", Kind::Gauge, Err(Refusal::Kind)),
            ("x_sum", Kind::Counter, Ok(())),
            ("x", Kind::Summary, Err(Refusal::Kind)),
            ("x", Kind::Counter, Ok(())),
            ("x", Kind::Gauge, Err(Refusal::Kind)),
            // In OpenMetrics the counter `x_total` is the metric `x`.
            ("x_total", Kind::Counter, Err(Refusal::Kind)),
            ("x_total", Kind::Gauge, Err(Refusal::Kind)),
            ("z_total", Kind::Gauge, Ok(())),
            // Readers of text, and OTLP's, add what the name of a counter lacks.
            ("z", Kind::Counter, Err(Refusal::Kind)),
            ("_total", Kind::Counter, Err(Refusal::Name)),
            ("_total", Kind::Gauge, Ok(())),
            ("y_total", Kind::Counter, Ok(())),
            ("y", Kind::Gauge, Err(Refusal::Kind)),
            ("y_created", Kind::Gauge, Err(Refusal::Kind)),
            ("y_info", Kind::Gauge, Ok(())),
        ] {
            assert_eq!(register(name, kind), expected, "{name}");
        }
        assert_eq!(families.family("x.", "x_", Kind::Gauge, None).map(drop), Ok(()));
        assert_eq!(families.family("x-", "x_", Kind::Gauge, None).map(drop), Err(Refusal::Name));
    }
}
