//! Series that one reader sets.

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{GaugeFn, Label};

use crate::cells::GaugeCell;
use crate::registry::{Kind, Registry};

/// A series of which the page shows nothing until it is read, while it is missing, and after its reader is gone.
pub(crate) struct Reading(Option<Arc<GaugeCell>>);

impl Reading {
    pub(crate) fn gauge(registry: &Registry, name: &'static str) -> Self {
        Self::new(registry, Kind::Gauge, name, Vec::new())
    }

    /// A counter that somebody else counts: it falls only if theirs does.
    pub(crate) fn counter(registry: &Registry, name: &'static str) -> Self {
        Self::new(registry, Kind::Counter, name, Vec::new())
    }

    pub(crate) fn new(registry: &Registry, kind: Kind, name: &'static str, labels: Vec<Label>) -> Self {
        Self(registry.reading(kind, name, labels))
    }

    pub(crate) fn show(&self, value: Option<f64>) {
        let Some(cell) = &self.0 else { return };
        match value.filter(|value| value.is_finite()) {
            Some(value) => cell.set(value),
            None => cell.hide(),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.show(None);
    }
}

/// The readings of things that come and go: `N` metrics with one label that names the thing.
pub(crate) struct Labelled<const N: usize> {
    registry: Arc<Registry>,
    kind: Kind,
    metrics: [&'static str; N],
    label: &'static str,
    things: BTreeMap<String, [Reading; N]>,
}

/// How many things are shown: machines that run containers may have them without end.
const MOST_THINGS: usize = 64;

impl<const N: usize> Labelled<N> {
    pub(crate) fn new(
        registry: &Arc<Registry>,
        kind: Kind,
        metrics: [&'static str; N],
        label: &'static str,
    ) -> Self {
        Self { registry: Arc::clone(registry), kind, metrics, label, things: BTreeMap::new() }
    }

    /// Shows exactly these, but the first 64 in the order of their names at most.
    pub(crate) fn show(&mut self, seen: &BTreeMap<String, [f64; N]>) {
        let known: Vec<_> = seen.keys().take(MOST_THINGS).collect();
        self.things.retain(|name, _| known.binary_search(&name).is_ok());
        for (name, values) in seen.iter().take(MOST_THINGS) {
            let make = || {
                self.metrics.map(|metric| {
                    let label = Label::new(self.label, name.clone());
                    Reading::new(&self.registry, self.kind, metric, vec![label])
                })
            };
            let readings = self.things.entry(name.clone()).or_insert_with(make);
            for (reading, value) in readings.iter().zip(values) {
                reading.show(Some(*value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Metrics;

    fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
        metrics.render().lines().filter(|line| line.starts_with(name)).map(str::to_owned).collect()
    }

    #[test]
    fn a_reading_that_is_missing_or_no_number_is_no_series() {
        let metrics = Metrics::builder().build().unwrap();
        let reading = Reading::gauge(&metrics.recorder().0, "read");
        assert_eq!(lines(&metrics, "read"), [""; 0]);
        for (value, shown) in
            [(Some(0.0), Some("read 0")), (Some(f64::NAN), None), (Some(2.5), Some("read 2.5"))]
        {
            reading.show(value);
            assert_eq!(lines(&metrics, "read").first().map(String::as_str), shown);
        }
        drop(reading);
        assert_eq!(lines(&metrics, "read"), [""; 0]);
    }

    #[test]
    fn a_counter_has_a_fraction_and_is_typed_as_one() {
        let metrics = Metrics::builder().build().unwrap();
        let reading = Reading::counter(&metrics.recorder().0, "spent_seconds_total");
        reading.show(Some(0.25));
        assert!(metrics.render().contains("# TYPE spent_seconds_total counter\nspent_seconds_total 0.25\n"));
    }

    #[test]
    fn things_come_and_go_and_are_bounded() {
        let metrics = Metrics::builder().build().unwrap();
        let mut labelled =
            Labelled::new(&metrics.recorder().0, Kind::Gauge, ["room_bytes", "room_percent"], "mount");
        let seen = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), [1.0, 2.0])).collect();
        labelled.show(&seen(&["/", "/data"]));
        assert_eq!(
            lines(&metrics, "room_bytes"),
            ["room_bytes{mount=\"/\"} 1", "room_bytes{mount=\"/data\"} 1"]
        );
        labelled.show(&seen(&["/data"]));
        assert_eq!(lines(&metrics, "room_percent"), ["room_percent{mount=\"/data\"} 2"]);
        labelled.show(&(0..1000).map(|number| (format!("/{number}"), [0.0; 2])).collect());
        assert_eq!(lines(&metrics, "room_bytes").len(), MOST_THINGS);
        drop(labelled);
        assert_eq!(lines(&metrics, "room_"), [""; 0]);
    }

    #[test]
    fn what_finds_no_room_is_not_shown_but_counted() {
        let metrics = Metrics::builder().series_cap(2).build().unwrap();
        let mut labelled = Labelled::new(&metrics.recorder().0, Kind::Counter, ["sent_total"], "device");
        labelled.show(&["a", "b", "c"].map(|name| (name.to_owned(), [7.0])).into());
        assert_eq!(lines(&metrics, "sent_total"), ["sent_total{device=\"a\"} 7"]);
        assert!(
            metrics
                .render()
                .contains("ms_metrics_label_overflow_total{metric=\"sent_total\",label=\"device\"} 2")
        );
    }
}
