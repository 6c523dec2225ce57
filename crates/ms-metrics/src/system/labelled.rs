//! Disks, devices: what comes and goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::Label;

use crate::collect::Reading;
use crate::registry::{Kind, Registry};

/// The readings of things that come and go: `N` metrics with one label that names the thing.
pub(super) struct Labelled<const N: usize> {
    registry: Arc<Registry>,
    kind: Kind,
    metrics: [&'static str; N],
    label: &'static str,
    things: BTreeMap<String, [Reading; N]>,
}

/// How many things are shown: machines that run containers may have them without end.
const MOST_THINGS: usize = 64;

impl<const N: usize> Labelled<N> {
    pub(super) fn new(
        registry: &Arc<Registry>,
        kind: Kind,
        metrics: [&'static str; N],
        label: &'static str,
    ) -> Self {
        Self { registry: Arc::clone(registry), kind, metrics, label, things: BTreeMap::new() }
    }

    /// Shows exactly these, but the first 64 in the order of their names at most.
    pub(super) fn show(&mut self, seen: &BTreeMap<String, [f64; N]>) {
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
