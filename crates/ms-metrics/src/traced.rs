//! Histograms that know which trace a value came from.

use std::fmt;
use std::sync::Arc;

use metrics::Histogram;

use crate::cells::HistogramCell;

/// A histogram whose values come with a trace; made by
/// [`MetricsRecorder::traced_histogram`](crate::MetricsRecorder::traced_histogram).
///
/// An OpenMetrics page shows, for each bucket, the trace of the largest value of the last minute. Only a histogram with
/// [declared buckets](crate::MetricsBuilder::buckets) can: for any other the value alone is recorded.
///
/// ```
/// let metrics = ms_metrics::Metrics::builder().buckets("job_seconds", &[0.1, 1.0]).build()?;
/// let jobs = metrics.recorder().traced_histogram(&metrics::Key::from_name("job_seconds"));
/// jobs.record(0.7, "4bf92f3577b34da6a3ce929d0e0e4736");
/// # Ok::<(), ms_metrics::BuildError>(())
/// ```
#[derive(Clone)]
pub struct TracedHistogram(Recorded);

#[derive(Clone)]
enum Recorded {
    WithTrace(Arc<HistogramCell>),
    Alone(Histogram),
}

impl TracedHistogram {
    pub(crate) fn new(cell: Arc<HistogramCell>) -> Self {
        Self(Recorded::WithTrace(cell))
    }

    pub(crate) fn alone(histogram: Histogram) -> Self {
        Self(Recorded::Alone(histogram))
    }

    /// Records `value`, in the unit of the metric, as one of the trace `trace_id`: 1 to 120 visible ASCII characters but
    /// quotes and backslashes. With any other the value alone is recorded.
    ///
    /// Nothing waits: of two threads that offer a trace to one bucket at the same moment one goes on without.
    pub fn record(&self, value: f64, trace_id: &str) {
        match &self.0 {
            Recorded::WithTrace(cell) => cell.record_with_exemplar(value, trace_id),
            Recorded::Alone(histogram) => histogram.record(value),
        }
    }

    /// Records a value that belongs to no trace.
    #[cfg(feature = "http")]
    pub(crate) fn record_alone(&self, value: f64) {
        match &self.0 {
            Recorded::WithTrace(cell) => metrics::HistogramFn::record(&**cell, value),
            Recorded::Alone(histogram) => histogram.record(value),
        }
    }
}

impl fmt::Debug for TracedHistogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracedHistogram").finish_non_exhaustive()
    }
}
