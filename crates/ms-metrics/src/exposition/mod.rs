//! How metrics are written: Prometheus text 0.0.4 and OpenMetrics 1.0.

pub(crate) mod openmetrics;
#[cfg(feature = "native-histograms")]
pub(crate) mod protobuf;
pub(crate) mod text;

/// A way to write all metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Text,
    OpenMetrics,
}
