//! The same counters in each library, and the page that shows them.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use ms_metrics::Metrics;
use prometheus::{IntCounterVec, Opts, TextEncoder};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::{counter::Counter, family::Family};
use prometheus_client::registry::Registry;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

fn path(id: usize) -> String {
    format!("/api/v1/path/{id}")
}

/// How many of these counters a page shows, whatever else is on it.
pub fn series(page: &str) -> usize {
    page.lines().filter(|line| line.starts_with("bench_total{")).count()
}

pub fn ours(series: usize) -> Metrics {
    let metrics = Metrics::builder().series_cap(series + 1).build().expect("valid");
    record(&metrics.recorder(), series);
    metrics
}

pub fn exporter(series: usize) -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    record(&recorder, series);
    recorder.handle()
}

fn record(recorder: &impl Recorder, series: usize) {
    for id in 0..series {
        let labels = vec![Label::new("method", "GET"), Label::new("endpoint", path(id))];
        recorder.register_counter(&Key::from_parts("bench_total", labels), &METADATA).increment(id as u64);
    }
}

/// Of prometheus-client.
pub struct Client(Registry);

impl Client {
    pub fn new(series: usize) -> Self {
        let family = Family::<Vec<(String, String)>, Counter>::default();
        for id in 0..series {
            let labels = vec![("method".to_owned(), "GET".to_owned()), ("endpoint".to_owned(), path(id))];
            family.get_or_create(&labels).inc_by(id as u64);
        }
        let mut registry = Registry::default();
        registry.register("bench", "help", family);
        Self(registry)
    }

    pub fn render(&self) -> String {
        let mut page = String::new();
        encode(&mut page, &self.0).expect("encodes");
        page
    }
}

/// Of `prometheus`.
pub struct Tikv(prometheus::Registry);

impl Tikv {
    pub fn new(series: usize) -> Self {
        let counters = IntCounterVec::new(Opts::new("bench_total", "help"), &["method", "endpoint"]);
        let counters = counters.expect("a valid name");
        for id in 0..series {
            counters.with_label_values(&["GET", &path(id)]).inc_by(id as u64);
        }
        let registry = prometheus::Registry::new();
        registry.register(Box::new(counters)).expect("the only one");
        Self(registry)
    }

    pub fn render(&self) -> String {
        TextEncoder::new().encode_to_string(&self.0.gather()).expect("encodes")
    }
}

/// The least that a page costs: names made before, then values.
pub struct Prepared {
    lines: Vec<(Box<str>, Box<AtomicU64>)>,
    length: usize,
}

impl Prepared {
    pub fn new(series: usize) -> Self {
        let name = |id| format!("bench_total{{method=\"GET\",endpoint=\"{}\"}} ", path(id)).into();
        let lines = (0..series).map(|id| (name(id), Box::new(AtomicU64::new(id as u64)))).collect();
        let mut prepared = Self { lines, length: 0 };
        prepared.length = prepared.render().len();
        prepared
    }

    pub fn render(&self) -> String {
        let mut page = String::with_capacity(self.length);
        for (name, value) in &self.lines {
            page.push_str(name);
            page.push_str(itoa::Buffer::new().format(value.load(Ordering::Relaxed)));
            page.push('\n');
        }
        page
    }
}
