//! Counters, gauges, histograms, summaries.

/// What a metric is; one a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
    /// A histogram that declares no buckets.
    Summary,
}

impl Kind {
    /// The word behind `# TYPE`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }

    /// What is added to the name on the lines of a series.
    pub(super) fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter | Self::Gauge => &[],
            Self::Histogram => &["_bucket", "_sum", "_count"],
            Self::Summary => &["_sum", "_count"],
        }
    }

    /// The label that the format keeps for itself.
    pub(super) fn reserved_label(self) -> Option<&'static str> {
        match self {
            Self::Counter | Self::Gauge => None,
            Self::Histogram => Some("le"),
            Self::Summary => Some("quantile"),
        }
    }
}
