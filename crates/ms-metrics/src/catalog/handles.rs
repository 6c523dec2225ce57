//! Handles of declared metrics.

use metrics::{Counter, Gauge, Histogram, Key, Label};

use super::metric::Metric;
use crate::builder::Metrics;
use crate::guard::Refusal;
use crate::registry::Kind;

/// Handles of what the [catalog] declares, ours and the team's.
///
/// `values` are those of the labels, in the order of the declaration; an empty one is no label. Asking takes a look-up
/// and an allocation, so keep the handle where it is used often. A metric that is not in the catalog, of another kind,
/// or with another number of labels gets a handle that does nothing and is counted in `ms_metrics_refused_total`.
///
/// [catalog]: crate::MetricsBuilder::catalog
impl Metrics {
    /// Finds or makes the counter of these label values.
    pub fn counter(&self, metric: &Metric, values: &[&str]) -> Counter {
        let key = self.key(metric, values, &[Kind::Counter]);
        key.map_or_else(Counter::noop, |key| self.registry().counter(&key))
    }

    /// Finds or makes the gauge of these label values.
    pub fn gauge(&self, metric: &Metric, values: &[&str]) -> Gauge {
        let key = self.key(metric, values, &[Kind::Gauge]);
        key.map_or_else(Gauge::noop, |key| self.registry().gauge(&key))
    }

    /// Finds or makes the histogram or summary of these label values.
    pub fn histogram(&self, metric: &Metric, values: &[&str]) -> Histogram {
        let key = self.key(metric, values, &[Kind::Histogram, Kind::Summary]);
        key.map_or_else(Histogram::noop, |key| self.registry().histogram(&key))
    }

    fn key(&self, metric: &Metric, values: &[&str], kinds: &[Kind]) -> Option<Key> {
        let refusal = if self.catalog().get(metric.name) != Some(metric) {
            Refusal::Undeclared
        } else if !kinds.contains(&metric.kind) {
            Refusal::Kind
        } else if values.len() != metric.labels.len() {
            Refusal::LabelValues
        } else {
            let pairs = metric.labels.iter().zip(values);
            let labels: Vec<_> = pairs.map(|(name, value)| Label::new(*name, (*value).to_owned())).collect();
            return Some(Key::from_parts(metric.name, labels));
        };
        self.registry().refuse(refusal, metric.name);
        None
    }
}
