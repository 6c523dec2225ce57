//! How metrics are written: Prometheus text 0.0.4 and OpenMetrics 1.0.

pub(crate) mod openmetrics;
pub(crate) mod text;

/// A way to write all metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    OpenMetrics,
}

impl Format {
    #[cfg(feature = "scrape")]
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}
