//! Every metric of ours and of the team's, once.

mod handles;
pub(crate) mod machine;
mod metric;
pub(crate) mod own;

use metrics::Unit;
use rustc_hash::FxHashMap;

pub use self::metric::{Metric, MetricError};
pub(crate) use self::own::{
    ACTIVE_USERS, INVALID_SAMPLES, LABEL_OVERFLOW, REFUSED, SCHEDULED_SHIFTS, SHIFT_CONFLICTS,
};
#[cfg(feature = "http")]
pub(crate) use self::own::{
    ENDPOINT_LATENCY, HTTP_DURATION, HTTP_FIRST_BYTE, HTTP_IN_FLIGHT, HTTP_REQUEST_SIZE, HTTP_REQUESTS,
    HTTP_RESPONSE_SIZE, SERVER_ACTIVE, SERVER_DURATION, SERVER_REQUEST_SIZE, SERVER_RESPONSE_SIZE,
};
#[cfg(feature = "otlp")]
pub(crate) use self::own::{OTLP_PUSHES, OTLP_REJECTED, OTLP_RETRIES};

/// The declared metrics in their order: those of this crate, and behind them the team's; made by
/// [`Metrics::catalog`](crate::Metrics::catalog).
///
/// Help, units, buckets and handles are taken from it, and so are the dashboard and the table of the documentation.
#[derive(Clone, Debug)]
pub struct Catalog {
    metrics: Vec<Metric>,
    places: FxHashMap<&'static str, usize>,
}

impl Catalog {
    pub(crate) fn new(team: impl IntoIterator<Item = Metric>) -> Result<Self, (Metric, MetricError)> {
        let metrics: Vec<_> = own::OWN.iter().chain(machine::COLLECTED).copied().chain(team).collect();
        let mut places = FxHashMap::default();
        for (place, metric) in metrics.iter().enumerate() {
            metric.check().map_err(|error| (*metric, error))?;
            if places.insert(metric.name, place).is_some() {
                return Err((*metric, MetricError::Duplicate));
            }
        }
        Ok(Self { metrics, places })
    }

    /// Goes through the metrics in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Metric> {
        self.metrics.iter()
    }

    /// Finds a metric by its name.
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.places.get(name).and_then(|place| self.metrics.get(*place))
    }

    /// Goes through those that the team has declared.
    #[cfg(feature = "grafana")]
    pub(crate) fn team(&self) -> std::slice::Iter<'_, Metric> {
        self.metrics.get(own::OWN.len() + machine::COLLECTED.len()..).unwrap_or_default().iter()
    }

    /// Writes the metrics as a Markdown table: name, kind, unit, labels, help.
    ///
    /// ```
    /// let metrics = ms_metrics::Metrics::builder().build()?;
    /// let table = metrics.catalog().to_markdown();
    /// assert!(table.contains("| `cpu_usage_percent` | gauge | percent |  | Busy share of all cores, or of the container's quota, in per cent. |\n"));
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    pub fn to_markdown(&self) -> String {
        let mut table = "| metric | kind | unit | labels | meaning |\n|---|---|---|---|---|\n".to_owned();
        for metric in &self.metrics {
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            let unit = metric.unit.as_ref().map_or("", Unit::as_str);
            let labels = labels.join(", ");
            let help = metric.help.replace('\\', "\\\\").replace('|', "\\|").replace(['\n', '\r'], " ");
            table.extend([
                "| `",
                metric.name,
                "` | ",
                metric.kind.as_str(),
                " | ",
                unit,
                " | ",
                &labels,
                " | ",
                &help,
                " |\n",
            ]);
        }
        table
    }
}

impl<'a> IntoIterator for &'a Catalog {
    type Item = &'a Metric;
    type IntoIter = std::slice::Iter<'a, Metric>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Kind;

    #[test]
    fn the_guide_and_the_front_page_name_every_metric_and_its_kind() {
        let (guide, front) = (include_str!("../../../../docs/metrics.md"), include_str!("../lib.rs"));
        for metric in &Catalog::new([]).unwrap() {
            let row = format!("| `{}` | {} |", metric.name, metric.kind.as_str());
            assert!(guide.contains(&row) && front.contains(&row), "{row}");
            assert_eq!(metric.kind == Kind::Histogram, !metric.buckets.is_empty(), "{row}");
        }
    }

    #[test]
    fn the_table_survives_what_a_help_may_hold() {
        const ODD: Metric = Metric::counter("odd_total", "a|b\\c\nd").labels(&["x", "y"]);
        let table = Catalog::new([ODD]).unwrap().to_markdown();
        assert!(table.ends_with("| `odd_total` | counter |  | `x`, `y` | a\\|b\\\\c d |\n"), "{table}");
    }
}
