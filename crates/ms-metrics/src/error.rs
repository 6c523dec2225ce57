//! What can go wrong while metrics are made.

use std::io;

use crate::catalog::MetricError;

/// Why no metrics could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The bounds are empty, not finite or not rising, the metric has no name, or it is no histogram in the catalog.
    #[error(
        "the buckets of `{metric}` must be bounds of a histogram: at least one, finite, each larger than the one before"
    )]
    Buckets {
        /// The metric as it was given.
        metric: String,
    },
    /// There can be no such label: one of the names is none that Prometheus takes.
    #[error("`{metric}` can have no label `{label}`")]
    AllowedValues {
        /// The metric as it was given.
        metric: String,
        /// The label as it was given.
        label: String,
    },
    /// The factor is not above 1, there may be no bucket, the zero threshold is negative, the metric has no name, or it is
    /// no histogram in the catalog.
    #[cfg(feature = "native-histograms")]
    #[error(
        "the native buckets of `{metric}` need a histogram, a factor above 1, room for one, and a zero threshold"
    )]
    NativeBuckets {
        /// The metric as it was given.
        metric: String,
    },
    /// A declared metric is none that can be exposed.
    #[error("the metric `{metric}` cannot be declared")]
    Metric {
        /// Its name as it was given.
        metric: &'static str,
        /// What is wrong with it.
        source: MetricError,
    },
    /// A collector has no name, or that of another one.
    #[error("a collector needs a name of its own, which `{name}` is not")]
    Collector {
        /// The name as it was given.
        name: String,
    },
    /// The thread of a collector could not be started.
    #[error("no thread for a collector")]
    Thread(#[source] io::Error),
}

/// Why the metrics are not installed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// They could not be made.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// There is a global recorder already.
    #[error("another recorder of the `metrics` facade is installed already")]
    Installed,
}
