//! The way in from the `metrics` facade.

use std::fmt;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::registry::Registry;
use crate::traced::TracedHistogram;

/// The recorder of the `metrics` facade; made by [`Metrics::recorder`](crate::Metrics::recorder), for
/// [`metrics::with_local_recorder`], a fan-out or a filter of one's own. Clones share their numbers.
///
/// A registration that the guard refuses gets a handle that does nothing; it never panics. A histogram with
/// [declared buckets](crate::MetricsBuilder::buckets) has these, any other is a summary. The first description of a
/// metric stays.
///
/// ```
/// let metrics = ms_metrics::Metrics::builder().build()?;
/// metrics::with_local_recorder(&metrics.recorder(), || metrics::counter!("jobs_total").increment(2));
/// assert!(metrics.render().contains("jobs_total 2"));
/// # Ok::<(), ms_metrics::BuildError>(())
/// ```
#[derive(Clone)]
pub struct MetricsRecorder(pub(crate) Arc<Registry>);

impl MetricsRecorder {
    /// Finds or makes the histogram `key`, for values that come with the trace they belong to.
    ///
    /// Keep the handle: finding it again takes the lock that every new series takes.
    pub fn traced_histogram(&self, key: &Key) -> TracedHistogram {
        self.0.traced_histogram(key)
    }
}

impl Recorder for MetricsRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.describe(name.as_str(), unit, help);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.describe(name.as_str(), unit, help);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, help: SharedString) {
        self.0.describe(name.as_str(), unit, help);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.0.counter(key)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.0.gauge(key)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.0.histogram(key)
    }
}

impl fmt::Debug for MetricsRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsRecorder").finish_non_exhaustive()
    }
}
