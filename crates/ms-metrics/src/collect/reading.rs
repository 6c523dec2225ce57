//! Series that one reader sets.

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

#[cfg(test)]
mod tests {
    use metrics::Key;

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
    fn nobody_else_sets_what_is_read() {
        let metrics = Metrics::builder().build().unwrap();
        let registry = metrics.recorder().0;
        let readings =
            [Reading::counter(&registry, "spent_seconds_total"), Reading::gauge(&registry, "spent_ratio")];
        for reading in &readings {
            reading.show(Some(0.25));
        }
        for labels in [Vec::new(), vec![Label::new("by", "us")]] {
            registry.counter(&Key::from_parts("spent_seconds_total", labels.clone())).increment(1);
            registry.gauge(&Key::from_parts("spent_ratio", labels)).set(1.0);
        }
        assert_eq!(lines(&metrics, "spent"), ["spent_ratio 0.25", "spent_seconds_total 0.25"]);
        let refused = lines(&metrics, "ms_metrics_refused_total{reason=\"kind\"}");
        assert_eq!(refused, ["ms_metrics_refused_total{reason=\"kind\"} 4"]);
        drop(readings);
        Reading::gauge(&registry, "spent_ratio").show(Some(0.5));
        let again = Reading::gauge(&registry, "spent_ratio");
        again.show(Some(0.75));
        assert_eq!(lines(&metrics, "spent"), ["spent_ratio 0.75"], "a collector may start anew");
    }

    #[test]
    fn a_collector_leaves_alone_what_somebody_else_sets() {
        let metrics = Metrics::builder().build().unwrap();
        let registry = metrics.recorder().0;
        let set = registry.gauge(&Key::from_name("spent_ratio"));
        set.set(1.0);
        let _count = registry.counter(&Key::from_parts("spent_total", vec![Label::new("by", "us")]));
        let readings = [Reading::gauge(&registry, "spent_ratio"), Reading::counter(&registry, "spent_total")];
        for reading in &readings {
            reading.show(Some(0.25));
        }
        assert_eq!(lines(&metrics, "spent"), ["spent_ratio 1", "spent_total{by=\"us\"} 0"]);
        let refused = lines(&metrics, "ms_metrics_refused_total{reason=\"kind\"}");
        assert_eq!(refused, ["ms_metrics_refused_total{reason=\"kind\"} 2"]);
    }
}
