//! The one place where numbers live.

mod allowed;
mod buckets;
mod explaining;
mod families;
mod family;
mod idle;
mod invalid;
mod kind;
mod known;
#[cfg(test)]
mod known_tests;
#[cfg(any(feature = "native-histograms", feature = "otlp", feature = "testing"))]
mod labels;
mod overflow;
#[cfg(feature = "native-histograms")]
mod protobuf;
mod readings;
mod refused;
mod rendering;
#[cfg(any(feature = "otlp", feature = "testing"))]
mod snapshot;
mod sync;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, SharedString, Unit};
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

pub(crate) use self::allowed::AllowedValues;
pub(crate) use self::buckets::Buckets;
pub(crate) use self::explaining::BLOCK;
use self::families::Families;
#[cfg(feature = "otlp")]
pub(crate) use self::families::is_due;
use self::family::{Cell, Placed};
use self::idle::Idle;
pub(crate) use self::invalid::{Invalid, InvalidSamples};
pub use self::kind::Kind;
use self::known::Known;
use self::readings::Watches;
use self::refused::Refused;
#[cfg(feature = "scrape")]
pub(crate) use self::rendering::Cursor;
#[cfg(any(feature = "otlp", feature = "testing"))]
pub(crate) use self::snapshot::{MetricSnapshot, SeriesSnapshot, Value};
use crate::catalog::{Catalog, Metric, MetricError, REFUSED};
use crate::cells::GaugeCell;
use crate::guard::{self, Refusal};
use crate::summary;
use crate::traced::TracedHistogram;

pub(crate) struct Registry {
    counters: Known<Cell>,
    gauges: Known<Cell>,
    histograms: Known<Cell>,
    families: Arc<RwLock<Families>>,
    /// By valid name.
    buckets: FxHashMap<String, Arc<Buckets>>,
    allowed: AllowedValues,
    refused: Vec<Refused>,
    /// Nothing if series stay for good.
    idle: Option<Idle>,
    /// Each page that is being written has a clone.
    reading: Arc<()>,
    last_length: AtomicUsize,
    watches: Watches,
}

/// A series, and whether its key may be remembered.
struct Found {
    cell: Cell,
    lasting: bool,
}

impl Registry {
    /// Makes a registry that knows the catalog.
    pub(crate) fn new(
        series_cap: usize,
        idle_timeout: Option<Duration>,
        catalog: &Catalog,
        buckets: FxHashMap<String, Arc<Buckets>>,
        allowed: AllowedValues,
    ) -> Result<Self, (Metric, MetricError)> {
        let families = Arc::new_cyclic(|this| RwLock::new(Families::new(series_cap, Weak::clone(this))));
        let mut registry = Self {
            counters: Known::default(),
            gauges: Known::default(),
            histograms: Known::default(),
            families,
            buckets,
            allowed,
            refused: Vec::new(),
            idle: idle_timeout.map(Idle::new),
            reading: Arc::default(),
            last_length: AtomicUsize::new(4096),
            watches: Watches::default(),
        };
        registry.describe_catalog(catalog)?;
        summary::start_clock();
        Ok(registry)
    }

    #[cfg(test)]
    pub(crate) fn bare(series_cap: usize, buckets: FxHashMap<String, Arc<Buckets>>) -> Self {
        Self::new(series_cap, None, &Catalog::new([]).unwrap(), buckets, AllowedValues::default()).unwrap()
    }

    /// Before anyone else can take a name or describe it.
    fn describe_catalog(&mut self, catalog: &Catalog) -> Result<(), (Metric, MetricError)> {
        let mut families = self.families.write();
        for metric in catalog {
            if let Some(other) = families.meets(metric.name, metric.kind) {
                return Err((*metric, MetricError::Meets { other: other.to_owned() }));
            }
            families.describe(metric.name, metric.unit, SharedString::const_str(metric.help));
            let buckets = self.buckets.get(metric.name);
            let family = families.family(metric.name, metric.name, metric.kind, buckets);
            family.map_err(|_| (*metric, MetricError::TooMany))?.cap =
                metric.series_cap.map(|cap| cap.max(1));
            if metric.kind == Kind::Counter && !metric.name.ends_with("_total") {
                tracing::warn!(metric = metric.name, "a counter's name should end in _total");
            }
        }
        for refusal in Refusal::ALL {
            let labels = [guard::CheckedLabel::own("reason", refusal.reason())];
            // Whatever the cap: there are no more of them.
            let family = families.family(REFUSED, REFUSED, Kind::Counter, None);
            let placed = family.and_then(|family| family.place(REFUSED, &labels, usize::MAX));
            if let Ok(Placed { cell: Cell::Counter(counter), .. }) = placed {
                self.refused.push(Refused::new(refusal, counter));
            }
        }
        Ok(())
    }

    pub(crate) fn describe(&self, name: &str, unit: Option<Unit>, help: SharedString) {
        self.families.write().describe(name, unit, help);
    }

    pub(crate) fn counter(&self, key: &Key) -> Counter {
        match self.find(&self.counters, Kind::Counter, key) {
            Some(Cell::Counter(cell)) => Counter::from_arc(cell),
            _ => Counter::noop(),
        }
    }

    pub(crate) fn gauge(&self, key: &Key) -> Gauge {
        self.gauge_cell(key).map_or_else(Gauge::noop, Gauge::from_arc)
    }

    /// A gauge without the handle around it; nothing if it is refused.
    pub(crate) fn gauge_cell(&self, key: &Key) -> Option<Arc<GaugeCell>> {
        match self.find(&self.gauges, Kind::Gauge, key) {
            Some(Cell::Gauge(cell)) => Some(cell),
            _ => None,
        }
    }

    pub(crate) fn histogram(&self, key: &Key) -> Histogram {
        match self.find(&self.histograms, Kind::Histogram, key) {
            Some(Cell::Histogram(cell)) => Histogram::from_arc(cell),
            Some(Cell::Summary(cell)) => Histogram::from_arc(cell),
            _ => Histogram::noop(),
        }
    }

    fn find(&self, known: &Known<Cell>, kind: Kind, key: &Key) -> Option<Cell> {
        if let Some(cell) = known.find(key) {
            return Some(cell);
        }
        let Found { cell, lasting } = self.register(kind, key)?;
        if lasting {
            // The clone keeps the series from expiring until its key is known.
            known.insert(key, cell.clone());
        }
        Some(cell)
    }

    /// A histogram for values that come with a trace; not remembered, so it is for whoever keeps the handle.
    pub(crate) fn traced_histogram(&self, key: &Key) -> TracedHistogram {
        match self.register(Kind::Histogram, key).map(|found| found.cell) {
            Some(Cell::Histogram(cell)) => TracedHistogram::new(cell),
            Some(Cell::Summary(cell)) => TracedHistogram::alone(Histogram::from_arc(cell)),
            _ => TracedHistogram::alone(Histogram::noop()),
        }
    }

    fn register(&self, kind: Kind, key: &Key) -> Option<Found> {
        match self.try_register(kind, key) {
            Ok(found) => Some(found),
            Err(refusal) => {
                self.refuse(refusal, key.name());
                None
            }
        }
    }

    fn try_register(&self, kind: Kind, key: &Key) -> Result<Found, Refusal> {
        let name = guard::metric_name(key.name())?;
        let buckets = self.buckets.get(&name).filter(|_| kind == Kind::Histogram);
        let kind = if kind == Kind::Histogram && buckets.is_none() { Kind::Summary } else { kind };
        let mut labels = guard::labels(key, kind.reserved_label())?;
        let strange = self.allowed.restrict(&name, kind.reserved_label(), &mut labels);
        if labels.len() > guard::MOST_LABELS {
            return Err(Refusal::TooManyLabels);
        }
        self.sweep();
        let mut families = self.families.write();
        if families.is_collected(&name) {
            return Err(Refusal::Kind);
        }
        let placed = families.place(key.name(), &name, kind, buckets, &labels)?;
        let Placed { cell, overflow } = placed;
        let overflow = overflow.or(strange);
        // Keys with empty values are names without end for one series, and those with long ones fill the memory.
        let lasting = overflow.is_none() && guard::is_exact(key, &labels);
        if let Some((label, value)) = overflow {
            let warn = families.count_overflow(&name, &label, &value);
            // Not under the lock: whoever writes the line may register metrics.
            drop(families);
            if warn {
                warn_of_overflow(&name, &label, &value);
            }
        }
        Ok(Found { cell, lasting })
    }

    /// Counts a value that found no room for its label outside the registry.
    pub(crate) fn count_overflow(&self, metric: &str, label: &str, value: &str) {
        let warn = self.families.write().count_overflow(metric, label, value);
        if warn {
            warn_of_overflow(metric, label, value);
        }
    }

    /// Counts a registration that gets a handle that does nothing.
    pub(crate) fn refuse(&self, refusal: Refusal, name: &str) {
        let refused = self.refused.iter().find(|refused| refused.refusal == refusal);
        refused.into_iter().for_each(|refused| refused.count(name));
    }
}

fn warn_of_overflow(metric: &str, label: &str, value: &str) {
    let value = guard::hash(value);
    tracing::warn!(
        metric,
        label,
        value_hash = value,
        "too many series: further ones are counted as __other__"
    );
}

#[cfg(test)]
mod tests {
    use metrics::Label;

    use super::*;
    use crate::exposition::Format;

    #[test]
    fn only_small_keys_of_series_that_have_room_are_remembered() {
        let registry = Registry::bare(5, FxHashMap::default());
        let key = |value: &str| Key::from_parts("m", vec![Label::new("a", value.to_owned())]);
        let remembered = |value: &str| {
            registry.counter(&key(value)).increment(1);
            registry.counters.find(&key(value)).is_some()
        };
        assert!(remembered("short") && remembered(&"x".repeat(128)));
        assert!(!remembered("") && !remembered(&"x".repeat(129)), "one series for many keys, or large");
        assert!(remembered("short"));
        assert!(!remembered("too many"));
        assert!(registry.render(Format::Text).contains("m{a=\"__other__\"} 1"));
    }
}
