//! What a metric says at one moment, for readers other than the page.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use metrics::{SharedString, Unit};

use super::Registry;
use super::family::{Cell, Series};
use super::kind::Kind;
use super::labels::labels_of;
use crate::cells::HistogramCell;
use crate::exemplars::Exemplar;
use crate::summary;

/// A metric that has series.
pub(crate) struct MetricSnapshot {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    #[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "a test has no use for it"))]
    pub(crate) help: Option<SharedString>,
    #[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "a test has no use for it"))]
    pub(crate) unit: Option<Unit>,
    /// Of a histogram; empty for other kinds.
    pub(crate) bounds: Arc<[f64]>,
    pub(crate) series: Vec<SeriesSnapshot>,
}

pub(crate) struct SeriesSnapshot {
    /// As exposed, and in that order.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    Counter(u64),
    Gauge(f64),
    Histogram {
        /// Up to each bound, and up to infinity.
        cumulative: Vec<u64>,
        sum: f64,
        /// One a bucket at most.
        #[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "a test has no use for it"))]
        exemplars: Vec<Exemplar>,
    },
    Summary(summary::Snapshot),
}

impl Registry {
    /// Lists the metrics, so that they can be read one by one: no registration waits for more than one.
    pub(crate) fn names(&self) -> Vec<String> {
        self.refresh(Instant::now());
        self.sweep();
        self.families.read().by_name.keys().cloned().collect()
    }

    /// Reads the metric `name` of the page; nothing if it has no series there.
    #[cfg(any(feature = "testing", test))]
    pub(crate) fn read(&self, name: &str) -> Option<MetricSnapshot> {
        self.read_part(name, 0..usize::MAX).filter(|metric| !metric.series.is_empty())
    }

    /// Reads those of the series of a metric that are in `places`; nothing if they are behind the last one.
    ///
    /// Reading on after the lock was let go needs [`hold`](Self::hold).
    pub(crate) fn read_part(&self, name: &str, places: Range<usize>) -> Option<MetricSnapshot> {
        let families = self.families.read();
        let family = families.by_name.get(name)?;
        let part = family.series.get(places.start..places.end.min(family.series.len()))?;
        let description = families.descriptions.get(&family.given);
        (!part.is_empty()).then(|| MetricSnapshot {
            name: name.to_owned(),
            kind: family.kind,
            help: description.map(|description| description.help.clone()),
            unit: description.and_then(|description| description.unit),
            bounds: family.buckets.as_ref().map(|buckets| Arc::clone(&buckets.bounds)).unwrap_or_default(),
            series: series_of(name, family.kind, part),
        })
    }

    /// Keeps all series in their places: as long as the answer lives none leaves.
    #[cfg(feature = "otlp")]
    pub(crate) fn hold(&self) -> Arc<()> {
        Arc::clone(&self.reading)
    }
}

fn series_of(name: &str, kind: Kind, part: &[Series]) -> Vec<SeriesSnapshot> {
    let mut all = Vec::with_capacity(part.len());
    for series in part {
        let value = match &series.cell {
            Cell::Counter(counter) => Value::Counter(counter.value()),
            Cell::Gauge(gauge) => match gauge.value() {
                Some(value) => Value::Gauge(value),
                None => continue,
            },
            Cell::Histogram(histogram) => Value::Histogram {
                cumulative: histogram.cumulative().collect(),
                sum: histogram.sum(),
                exemplars: exemplars_of(histogram),
            },
            Cell::Summary(summary) => Value::Summary(summary.snapshot(quanta::Instant::now())),
        };
        all.push(SeriesSnapshot { labels: labels_of(name, kind, &series.text), value });
    }
    all
}

fn exemplars_of(histogram: &HistogramCell) -> Vec<Exemplar> {
    let mut all = Vec::new();
    if let Some(exemplars) = histogram.exemplars() {
        for bucket in 0..histogram.buckets() {
            exemplars.see(bucket, |exemplar| all.push(exemplar.clone()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use metrics::{Key, Label};
    use rustc_hash::FxHashMap;

    use super::*;
    use crate::registry::Buckets;

    #[test]
    fn a_label_may_be_called_as_its_metric() {
        let bounds = FxHashMap::from_iter([("h".to_owned(), Arc::new(Buckets::new(&[1.0]).unwrap()))]);
        let registry = Registry::bare(10, bounds);
        let key = |name: &'static str| Key::from_parts(name, vec![Label::new(name, "} ")]);
        registry.counter(&key("c")).increment(1);
        registry.histogram(&key("h")).record(2.0);
        registry.histogram(&key("s")).record(2.0);
        for name in ["c", "h", "s"] {
            let read = registry.read(name).unwrap();
            assert_eq!(read.series.len(), 1);
            assert_eq!(read.series[0].labels, [(name.to_owned(), "} ".to_owned())]);
        }
    }

    #[test]
    fn a_metric_is_read_in_parts() {
        let registry = Registry::bare(10, FxHashMap::default());
        for value in ["a", "b", "c"] {
            registry.counter(&Key::from_parts("c", vec![Label::new("l", value)])).increment(1);
        }
        for (places, expected) in
            [(0..2, Some("ab")), (2..4, Some("c")), (3..5, None), (4..6, None), (0..usize::MAX, Some("abc"))]
        {
            let part = registry.read_part("c", places.clone());
            let values = |metric: MetricSnapshot| -> String {
                metric.series.into_iter().map(|series| series.labels[0].1.clone()).collect()
            };
            assert_eq!(part.map(values).as_deref(), expected, "{places:?}");
        }
    }

    #[test]
    fn a_metric_without_series_is_not_read() {
        let registry = Registry::bare(10, FxHashMap::default());
        assert!(registry.names().contains(&"http_requests_total".to_owned()));
        assert!(registry.read("http_requests_total").is_none() && registry.read("nowhere").is_none());
    }
}
