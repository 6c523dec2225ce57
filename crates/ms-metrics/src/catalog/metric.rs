//! The declaration of one metric.

use metrics::Unit;

use super::own::SECONDS;
use crate::guard::{self, LONGEST_NAME, MOST_LABELS};
use crate::registry::{Buckets, Kind};

/// A metric, declared once: a constant that everything else is taken from.
///
/// Given to [`MetricsBuilder::catalog`](crate::MetricsBuilder::catalog) it has its help, unit and buckets on the page, a
/// panel on the dashboard, a row in [`Catalog::to_markdown`](crate::Catalog::to_markdown), and handles from
/// [`Metrics::counter`](crate::Metrics::counter), [`gauge`](crate::Metrics::gauge) and
/// [`histogram`](crate::Metrics::histogram).
///
/// ```
/// use ms_metrics::{Metric, Metrics, Unit};
///
/// pub const SWAPS: Metric = Metric::counter("shift_swaps_total", "Shifts swapped.").labels(&["department"]);
/// pub const WAIT: Metric = Metric::histogram("swap_wait_seconds", "Time until a swap is answered.")
///     .unit(Unit::Seconds)
///     .buckets(&[60.0, 3600.0, 86400.0]);
///
/// let metrics = Metrics::builder().catalog([SWAPS, WAIT]).build()?;
/// metrics.counter(&SWAPS, &["Acil Servis"]).increment(1);
/// metrics.histogram(&WAIT, &[]).record(90.0);
/// assert!(metrics.render().contains("shift_swaps_total{department=\"Acil Servis\"} 1"));
/// assert!(metrics.catalog().to_markdown().contains("| `swap_wait_seconds` | histogram | seconds |"));
/// # Ok::<(), ms_metrics::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// The name, `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What is counted or measured, in words.
    pub help: &'static str,
    /// The unit of the values.
    pub unit: Option<Unit>,
    /// The names of the labels, in the order in which handles take their values.
    pub labels: &'static [&'static str],
    /// The declared upper bounds of a histogram; empty for every other kind.
    pub buckets: &'static [f64],
    /// How many series it may have; nothing if as many as any.
    pub series_cap: Option<usize>,
}

impl Metric {
    /// Declares a counter. Its name should end in `_total`: in OpenMetrics one that does not is of the type `unknown`.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Counter, name, help)
    }

    /// Declares a gauge.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Gauge, name, help)
    }

    /// Declares a histogram; its buckets go from 1 ms to 10 s, in seconds, unless [`buckets`](Self::buckets) gives others.
    pub const fn histogram(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Histogram, name, help).buckets(SECONDS)
    }

    /// Declares a summary: quantiles over the last minute, which cannot be added up over instances.
    pub const fn summary(name: &'static str, help: &'static str) -> Self {
        Self::new(Kind::Summary, name, help)
    }

    const fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self { name, kind, help, unit: None, labels: &[], buckets: &[], series_cap: None }
    }

    /// Sets the unit. Default none.
    #[must_use]
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// Names the labels, in the order in which handles take their values. Default none.
    #[must_use]
    pub const fn labels(mut self, names: &'static [&'static str]) -> Self {
        self.labels = names;
        self
    }

    /// Sets the upper bounds of a histogram, finite and rising, in its unit; an infinite one is always added.
    ///
    /// [`MetricsBuilder::buckets`](crate::MetricsBuilder::buckets) overrides them.
    #[must_use]
    pub const fn buckets(mut self, bounds: &'static [f64]) -> Self {
        self.buckets = bounds;
        self
    }

    /// Bounds its series: at most `series` in all, as
    /// [`MetricsBuilder::series_cap`](crate::MetricsBuilder::series_cap) does for any metric, which is the default.
    #[must_use]
    pub const fn series_cap(mut self, series: usize) -> Self {
        self.series_cap = Some(series);
        self
    }

    /// Checks what needs no look at other metrics.
    pub(super) fn check(&self) -> Result<(), MetricError> {
        let is_valid = guard::metric_name(self.name).ok().as_deref() == Some(self.name);
        if !is_valid || !self.kind.takes(self.name) {
            return Err(MetricError::Name);
        }
        if self.labels.len() > MOST_LABELS {
            return Err(MetricError::TooManyLabels);
        }
        for (position, label) in self.labels.iter().enumerate() {
            let repeated = self.labels.iter().take(position).any(|other| other == label);
            if repeated || !guard::is_label_name(label, self.kind.reserved_label()) {
                return Err(MetricError::Label { label });
            }
        }
        let bounded = Buckets::new(self.buckets).is_some();
        if bounded == (self.kind == Kind::Histogram) && (bounded || self.buckets.is_empty()) {
            Ok(())
        } else {
            Err(MetricError::Buckets)
        }
    }
}

/// What is wrong with a declared [`Metric`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// The name is none that Prometheus takes, longer than 200 bytes, or nothing but the `_total` of a counter.
    #[error(
        "a name is `[a-zA-Z_:][a-zA-Z0-9_:]*` of at most {LONGEST_NAME} bytes, and a counter's not `_total` alone"
    )]
    Name,
    /// A label's name is none that Prometheus takes, is kept by it (`__…`, `le` of a histogram, `quantile` of a
    /// summary), or is there twice.
    #[error("the label `{label}` is reserved, there twice, or not `[a-zA-Z_][a-zA-Z0-9_]*`")]
    Label {
        /// The label as it was given.
        label: &'static str,
    },
    /// There are more than 32 labels.
    #[error("more than {MOST_LABELS} labels")]
    TooManyLabels,
    /// The bounds of a histogram are empty, not finite or not rising, or another kind has some.
    #[error("a histogram, and nothing else, has buckets: finite bounds, each larger than the one before")]
    Buckets,
    /// Another metric has the name.
    #[error("declared twice, or by this library")]
    Duplicate,
    /// There are 10,000 metrics.
    #[error("there are too many metrics")]
    TooMany,
    /// A line of the metric would read as one of another metric, in one of the formats.
    #[error("its lines would meet those of `{other}`")]
    Meets {
        /// The other metric.
        other: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_that_prometheus_would_not_take_are_refused() {
        const HELP: &str = "Help.";
        let counter = Metric::counter("c_total", HELP);
        for (metric, error) in [
            (Metric::counter("", HELP), MetricError::Name),
            (Metric::counter("a.b_total", HELP), MetricError::Name),
            (Metric::gauge("9_lives", HELP), MetricError::Name),
            (Metric::counter("_total", HELP), MetricError::Name),
            (counter.labels(&["a", "a"]), MetricError::Label { label: "a" }),
            (counter.labels(&["__a"]), MetricError::Label { label: "__a" }),
            (counter.labels(&["a-b"]), MetricError::Label { label: "a-b" }),
            (counter.labels(&["a:b"]), MetricError::Label { label: "a:b" }),
            (counter.labels(&[""]), MetricError::Label { label: "" }),
            (counter.labels(&["x"; 33]), MetricError::TooManyLabels),
            (Metric::histogram("h", HELP).labels(&["le"]), MetricError::Label { label: "le" }),
            (Metric::summary("s", HELP).labels(&["quantile"]), MetricError::Label { label: "quantile" }),
            (Metric::histogram("h", HELP).buckets(&[]), MetricError::Buckets),
            (Metric::histogram("h", HELP).buckets(&[2.0, 1.0]), MetricError::Buckets),
            (Metric::gauge("g", HELP).buckets(&[1.0]), MetricError::Buckets),
            (Metric::gauge("g", HELP).buckets(&[2.0, 1.0]), MetricError::Buckets),
        ] {
            assert_eq!(metric.check(), Err(error), "{metric:?}");
        }
    }

    #[test]
    fn others_are_taken() {
        for metric in [
            Metric::counter("a:b_total", "").labels(&["le", "quantile", "_a9"]),
            Metric::histogram("h", "Help."),
            Metric::summary("s", "").unit(Unit::Bytes),
        ] {
            assert_eq!(metric.check(), Ok(()), "{metric:?}");
        }
    }
}
