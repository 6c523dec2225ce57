//! Counters, gauges, histograms, summaries.

/// What a metric is; a name is of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A total that only grows.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Counts of values up to each of its bounds.
    Histogram,
    /// A histogram that declares no buckets: quantiles over the last minute.
    Summary,
}

impl Kind {
    /// Returns the word behind `# TYPE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }

    /// Gives each name that the metric takes up in either format, whether it has a line of that name or not.
    ///
    /// In OpenMetrics a counter `x_total` is the metric `x`, and what may stand behind a name is taken with it, as the
    /// reference parser has it. A counter without `_total` is of the type `unknown` there, which has no suffixes; yet its
    /// parser of text and receivers of OTLP add the `_total`.
    pub(super) fn claims(self, name: &str) -> Vec<String> {
        let (base, suffixes): (_, &[_]) = match (self, name.strip_suffix("_total")) {
            (Self::Counter, Some(base)) => (base, &["", "_total", "_created"]),
            (Self::Counter, None) => (name, &["", "_total"]),
            (Self::Gauge, _) => (name, &[""]),
            (Self::Histogram, _) => (name, &["", "_bucket", "_sum", "_count", "_created"]),
            (Self::Summary, _) => (name, &["", "_sum", "_count", "_created"]),
        };
        suffixes.iter().map(|suffix| format!("{base}{suffix}")).collect()
    }

    /// Tells if a metric may have the name: without its `_total` a counter of that name alone would have none.
    pub(crate) fn takes(self, name: &str) -> bool {
        self != Self::Counter || name != "_total"
    }

    /// The label that the format keeps for itself.
    pub(crate) fn reserved_label(self) -> Option<&'static str> {
        match self {
            Self::Counter | Self::Gauge => None,
            Self::Histogram => Some("le"),
            Self::Summary => Some("quantile"),
        }
    }
}
