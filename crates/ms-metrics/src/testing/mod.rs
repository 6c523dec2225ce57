//! Assertions on metrics in tests of one's own, without a global recorder.
//!
//! ```
//! use ms_metrics::testing::Recorded;
//!
//! fn send(letters: u64) {
//!     metrics::counter!("letters_sent_total", "tray" => "out").increment(letters);
//! }
//!
//! let recorded = Recorded::new();
//! recorded.run(|| send(3));
//! assert_eq!(recorded.counter("letters_sent_total", &[("tray", "out")]), 3);
//! ```
//!
//! Each [`Recorded`] has numbers of its own, so tests may run side by side in one process. What reaches it depends on
//! where the code under test runs:
//!
//! | code under test | how it is recorded |
//! |---|---|
//! | a call | [`run`](Recorded::run) |
//! | a future, on whatever runtime | [`scope`](Recorded::scope): each of its polls, not the tasks it spawns |
//! | a current-thread runtime with all its tasks | [`metrics::set_default_local_recorder`] with [`recorder`](Recorded::recorder) |
//! | handles and layers of a [`Metrics`] | [`Recorded::of`]; nothing is to be set up |
//!
//! A look-up that finds nothing panics at the line of the test and lists what comes nearest:
//!
//! ```text
//! no series letters_sent_total{tray="in"}; nearest:
//!   letters_sent_total{tray="out"} 3
//! ```

mod nearest;
mod scope;

use crate::builder::Metrics;
use crate::guard;
use crate::recorder::MetricsRecorder;
use crate::registry::{MetricSnapshot, SeriesSnapshot, Value};

pub use self::scope::RecordedFuture;

/// The metrics of a test, and look-ups that panic when they find nothing.
///
/// Names are looked up as the page shows them or as they were given to the facade, labels in whatever order, values as
/// the page shows them: a long or personal one is not what it was when it was [recorded](crate#the-guard).
///
/// # Examples
///
/// Tasks that a test spawns on its own current-thread runtime:
///
/// ```
/// # use ms_metrics::testing::Recorded;
/// #[tokio::main(flavor = "current_thread")] // or `#[tokio::test]`, whose runtime is one of these
/// async fn main() {
///     let recorded = Recorded::new();
///     let _local = metrics::set_default_local_recorder(recorded.recorder());
///     tokio::spawn(async { metrics::counter!("ticks_total").increment(1) }).await.unwrap();
///     assert_eq!(recorded.counter("ticks_total", &[]), 1);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Recorded {
    metrics: Metrics,
    recorder: MetricsRecorder,
}

/// What a histogram or summary has seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordedHistogram {
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Upper bound and the number of values up to it, the last bound infinite; empty for a summary, which is what a
    /// histogram without [declared buckets](crate::MetricsBuilder::buckets) is.
    pub buckets: Vec<(f64, u64)>,
}

impl Recorded {
    /// Makes metrics of their own, with the defaults of [`Metrics::builder`].
    ///
    /// # Panics
    ///
    /// Never: the defaults can be built.
    pub fn new() -> Self {
        match Metrics::builder().build() {
            Ok(metrics) => Self::of(&metrics),
            Err(error) => fail(&format!("the default metrics cannot be built: {error}")),
        }
    }

    /// Looks into metrics that were built with other options, or that the code under test has made.
    pub fn of(metrics: &Metrics) -> Self {
        Self { metrics: metrics.clone(), recorder: metrics.recorder() }
    }

    /// Borrows the metrics, to make layers and handles of them.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Borrows the recorder, for [`metrics::set_default_local_recorder`].
    pub fn recorder(&self) -> &MetricsRecorder {
        &self.recorder
    }

    /// Records what `call` counts through the facade on this thread.
    pub fn run<T>(&self, call: impl FnOnce() -> T) -> T {
        metrics::with_local_recorder(&self.recorder, call)
    }

    /// Records what `future` counts through the facade, on whatever threads it runs, when it is dropped too. Tasks that it
    /// spawns are not part of it.
    ///
    /// ```
    /// # use ms_metrics::testing::Recorded;
    /// # #[tokio::main] async fn main() {
    /// let recorded = Recorded::new();
    /// let answer = recorded.scope(async {
    ///     tokio::task::yield_now().await;
    ///     metrics::gauge!("depth").set(2.5);
    ///     "done"
    /// });
    /// assert_eq!(answer.await, "done");
    /// assert_eq!(recorded.gauge("depth", &[]), 2.5);
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> RecordedFuture<F> {
        RecordedFuture::new(future, self.recorder.clone())
    }

    /// Returns the value of the counter with exactly these labels.
    ///
    /// # Panics
    ///
    /// If there is none. [`total`](Self::total) is 0 then.
    #[track_caller]
    pub fn counter(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        match self.find(name, labels, "counter").value {
            Value::Counter(value) => value,
            _ => self.wrong_kind(name, "counter"),
        }
    }

    /// Returns the value of the gauge with exactly these labels.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn gauge(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        match self.find(name, labels, "gauge").value {
            Value::Gauge(value) => value,
            _ => self.wrong_kind(name, "gauge"),
        }
    }

    /// Returns what the histogram or summary with exactly these labels has seen.
    ///
    /// ```
    /// # use ms_metrics::testing::Recorded;
    /// let metrics = ms_metrics::Metrics::builder().buckets("wait_seconds", &[0.5, 2.0]).build()?;
    /// let recorded = Recorded::of(&metrics);
    /// recorded.run(|| metrics::histogram!("wait_seconds").record(1.5));
    /// let waits = recorded.histogram("wait_seconds", &[]);
    /// assert_eq!((waits.count, waits.sum), (1, 1.5));
    /// assert_eq!(waits.buckets, [(0.5, 0), (2.0, 1), (f64::INFINITY, 1)]);
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn histogram(&self, name: &str, labels: &[(&str, &str)]) -> RecordedHistogram {
        let bounds = self.read(name).map(|metric| metric.bounds).unwrap_or_default();
        match self.find(name, labels, "histogram").value {
            Value::Histogram { cumulative, sum, .. } => RecordedHistogram {
                count: cumulative.last().copied().unwrap_or_default(),
                sum,
                buckets: bounds.iter().copied().chain([f64::INFINITY]).zip(cumulative).collect(),
            },
            Value::Summary(summary) => {
                RecordedHistogram { count: summary.count, sum: summary.sum, buckets: Vec::new() }
            }
            _ => self.wrong_kind(name, "histogram"),
        }
    }

    /// Adds up all series of the counter `name` that carry these labels, whatever others they have; 0 if there are none.
    ///
    /// ```
    /// # use ms_metrics::testing::Recorded;
    /// let recorded = Recorded::new();
    /// recorded.run(|| {
    ///     metrics::counter!("jobs_total", "queue" => "a", "ok" => "yes").increment(2);
    ///     metrics::counter!("jobs_total", "queue" => "b", "ok" => "yes").increment(3);
    /// });
    /// assert_eq!(recorded.total("jobs_total", &[("ok", "yes")]), 5);
    /// assert_eq!(recorded.total("jobs_total", &[("ok", "no")]), 0);
    /// ```
    ///
    /// # Panics
    ///
    /// If `name` is a metric of another kind.
    #[track_caller]
    pub fn total(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        let mut total = 0_u64;
        for series in self.read(name).into_iter().flat_map(|metric| metric.series) {
            match series.value {
                Value::Counter(value) if labels.iter().all(|label| has(&series.labels, label)) => {
                    total = total.saturating_add(value);
                }
                Value::Counter(_) => {}
                _ => self.wrong_kind(name, "counter"),
            }
        }
        total
    }

    /// Counts the series of a metric; 0 if there is no such metric.
    pub fn series(&self, name: &str) -> usize {
        self.read(name).map_or(0, |metric| metric.series.len())
    }

    fn read(&self, name: &str) -> Option<MetricSnapshot> {
        self.recorder.0.read(&guard::metric_name(name).ok()?)
    }

    #[track_caller]
    fn find(&self, name: &str, labels: &[(&str, &str)], kind: &str) -> SeriesSnapshot {
        let Some(metric) = self.read(name) else {
            fail(&nearest::no_metric(&self.recorder.0, name, kind));
        };
        let exact = |series: &&SeriesSnapshot| {
            // From the series' side too: a label that is asked for twice stands for no other.
            let is_asked_for = |(name, value): &(String, String)| labels.contains(&(name, value));
            series.labels.len() == labels.len()
                && series.labels.iter().all(is_asked_for)
                && labels.iter().all(|label| has(&series.labels, label))
        };
        match metric.series.iter().position(|series| exact(&series)) {
            Some(place) => metric.series.into_iter().nth(place).unwrap_or_else(|| fail("it was there")),
            None => fail(&nearest::no_series(&metric, labels)),
        }
    }

    #[track_caller]
    fn wrong_kind(&self, name: &str, wanted: &str) -> ! {
        let kind = self.read(name).map_or("gone", |metric| metric.kind.as_str());
        fail(&format!("`{name}` is a {kind}, not a {wanted}"))
    }
}

impl Default for Recorded {
    fn default() -> Self {
        Self::new()
    }
}

fn has(labels: &[(String, String)], (name, value): &(&str, &str)) -> bool {
    labels.iter().any(|(known, has)| known == name && has == value)
}

#[track_caller]
#[expect(clippy::panic, reason = "this is how a test fails")]
fn fail(message: &str) -> ! {
    panic!("{message}")
}
