//! A counter and a histogram of each library, and the atomics that bound them.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Histogram, Key, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use ms_metrics::{Metrics, MetricsRecorder};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::{
    counter::Counter as ClientCounter, histogram::Histogram as ClientHistogram,
};
use prometheus_client::registry::Registry;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));
const COUNTER: &str = "bench_total";
const HISTOGRAM: &str = "bench_seconds";

/// From a millisecond to eight seconds.
pub const BOUNDS: [f64; 14] = {
    let mut bounds = [0.001; 14];
    let mut power = 1;
    while power < bounds.len() {
        bounds[power] = bounds[power - 1] * 2.0;
        power += 1;
    }
    bounds
};

/// Values that fall into every bucket, the same ones each time.
pub struct Values(f64);

impl Values {
    #[expect(clippy::new_without_default, reason = "the values begin somewhere")]
    pub fn new() -> Self {
        Self(0.0)
    }

    #[inline]
    pub fn draw(&mut self) -> f64 {
        self.0 = if self.0 > 8.2 { 0.0005 } else { self.0 + 0.0137 };
        self.0
    }
}

/// Handles of the facade on our recorder.
pub struct Ours {
    metrics: Metrics,
    pub counter: Counter,
    pub histogram: Histogram,
}

impl Ours {
    #[expect(clippy::new_without_default, reason = "it starts measurements")]
    pub fn new() -> Self {
        let metrics = Metrics::builder().buckets(HISTOGRAM, &BOUNDS).build().expect("valid");
        let recorder = metrics.recorder();
        Self {
            counter: recorder.register_counter(&Key::from_static_name(COUNTER), &METADATA),
            histogram: recorder.register_histogram(&Key::from_static_name(HISTOGRAM), &METADATA),
            metrics,
        }
    }

    pub fn recorder(&self) -> MetricsRecorder {
        self.metrics.recorder()
    }

    pub fn page(&self) -> String {
        self.metrics.render()
    }
}

/// Handles of the facade on metrics-exporter-prometheus.
pub struct Exporter {
    pub recorder: PrometheusRecorder,
    pub handle: PrometheusHandle,
    pub counter: Counter,
    pub histogram: Histogram,
}

impl Exporter {
    #[expect(clippy::new_without_default, reason = "it starts measurements")]
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Full(HISTOGRAM.to_owned()), &BOUNDS);
        let recorder = builder.expect("bounds").build_recorder();
        Self {
            handle: recorder.handle(),
            counter: recorder.register_counter(&Key::from_static_name(COUNTER), &METADATA),
            histogram: recorder.register_histogram(&Key::from_static_name(HISTOGRAM), &METADATA),
            recorder,
        }
    }
}

/// Those of prometheus-client.
pub struct Client {
    registry: Registry,
    pub counter: ClientCounter,
    pub histogram: ClientHistogram,
}

impl Client {
    #[expect(clippy::new_without_default, reason = "nothing about it is a default")]
    pub fn new() -> Self {
        let (counter, histogram) = (ClientCounter::default(), ClientHistogram::new(BOUNDS));
        let mut registry = Registry::default();
        // It adds the `_total` itself.
        registry.register("bench", "help", counter.clone());
        registry.register(HISTOGRAM, "help", histogram.clone());
        Self { registry, counter, histogram }
    }

    pub fn page(&self) -> String {
        let mut page = String::new();
        encode(&mut page, &self.registry).expect("encodes");
        page
    }
}

/// What no library can do without: one atomic add a counter, a search and two adds a histogram. The sum is one of
/// integers, since that of floats takes a loop.
#[derive(Default)]
pub struct Atomics {
    pub counter: AtomicU64,
    pub counts: [AtomicU64; BOUNDS.len() + 1],
    pub sum: AtomicU64,
}

impl Atomics {
    #[inline]
    pub fn record(&self, bounds: &[f64], value: f64) {
        let bucket = bounds.iter().map(|bound| usize::from(value > *bound)).sum::<usize>();
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value.to_bits(), Ordering::Relaxed);
    }
}
