//! What the resident memory of the process says.
//!
//! Ten million observations stand for a day without a scrape; all fifty of the promise with
//! `MS_METRICS_OBSERVATIONS=50000000 cargo nextest run -p ms-metrics --all-features stays_flat`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests assert by panicking")]

use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard};

use axum::body::Body;
use http::{Request, Response};
use metrics::{Key, Label, Level, Metadata, Recorder};
use ms_metrics::{Metrics, MetricsRecorder};
use tower::{Layer, ServiceExt, service_fn};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// One at a time: they all look at the memory of one process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Bytes of memory that the process has now.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * KIB
}

fn key(name: &'static str, label: &'static str, value: String) -> Key {
    Key::from_parts(name, vec![Label::new(label, value)])
}

fn observations() -> u64 {
    std::env::var("MS_METRICS_OBSERVATIONS").map_or(10_000_000, |number| number.parse().unwrap())
}

#[test]
fn a_hundred_thousand_paths_cost_under_two_mebibytes() {
    let _alone = alone();
    let metrics = Metrics::builder().build().unwrap();
    let answer = |_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) };
    let service = metrics.http_layer().layer(service_fn(answer));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ask = |path: String| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        runtime.block_on(service.clone().oneshot(request)).unwrap();
    };
    ask("/".to_owned());
    let before = resident();
    (0..100_000).for_each(|number| ask(format!("/patients/{number}")));
    let grown = resident().saturating_sub(before);
    let page = metrics.render();
    assert!(grown < 2 * MIB && page.len() < 64 * KIB, "{grown} bytes, a page of {}", page.len());
    assert!(page.contains("endpoint=\"unmatched\",status=\"200\"} 100001\n"), "{page}");
}

#[test]
fn a_hundred_thousand_label_values_cost_under_two_mebibytes() {
    let _alone = alone();
    let metrics = Metrics::builder().build().unwrap();
    let recorder = metrics.recorder();
    recorder.register_counter(&key("visits_total", "path", "/".to_owned()), &METADATA).increment(1);
    let before = resident();
    for number in 0..100_000 {
        let key = key("visits_total", "path", format!("/patients/{number}"));
        recorder.register_counter(&key, &METADATA).increment(1);
    }
    let grown = resident().saturating_sub(before);
    let page = metrics.render();
    assert!(grown < 2 * MIB && page.len() < 64 * KIB, "{grown} bytes, a page of {}", page.len());
    assert!(page.contains("visits_total{path=\"__other__\"} 99002\n"), "{page}");
}

#[test]
fn the_memory_stays_flat_while_nobody_scrapes() {
    let _alone = alone();
    let metrics = Metrics::builder().buckets("histogram", &[0.1, 1.0, 10.0]).build().unwrap();
    let recorder = metrics.recorder();
    let counter = recorder.register_counter(&Key::from_name("counter"), &METADATA);
    let histogram = recorder.register_histogram(&Key::from_name("histogram"), &METADATA);
    let summary = recorder.register_histogram(&Key::from_name("summary"), &METADATA);
    // The whole range of values, so that the sketches are as large as they become.
    let value = |number: u64| (number % 10_007) as f64 / 1_000.0;
    let observe = |number| {
        counter.increment(1);
        histogram.record(value(number));
        if number % 8 == 0 {
            summary.record(value(number));
        }
    };
    (0..200_000).for_each(observe);
    let before = resident();
    (0..observations()).for_each(observe);
    let grown = resident().saturating_sub(before);
    assert!(grown < MIB, "{grown} bytes");
    let counted = 200_000 + observations();
    assert!(metrics.render().contains(&format!("\nhistogram_count {counted}\n")));
}

#[test]
fn explain_is_within_a_half_of_what_series_cost() {
    let _alone = alone();
    type Register = fn(&MetricsRecorder, &Key);
    let kinds: &[(&'static str, usize, Register)] = &[
        ("counter", 30_000, |recorder, key| recorder.register_counter(key, &METADATA).increment(1)),
        ("gauge", 30_000, |recorder, key| recorder.register_gauge(key, &METADATA).set(1.0)),
        ("histogram", 20_000, |recorder, key| recorder.register_histogram(key, &METADATA).record(1.0)),
        // Every bucket has a trace of its own.
        ("traced", 10_000, |recorder, key| {
            let histogram = recorder.traced_histogram(key);
            let trace = |value: f64| histogram.record(value, "4bf92f3577b34da6a3ce929d0e0e4736");
            (0..14).for_each(|step| trace(f64::from(step)));
        }),
        #[cfg(feature = "native-histograms")]
        ("native", 5_000, |recorder, key| {
            let histogram = recorder.register_histogram(key, &METADATA);
            (0..100).for_each(|step| histogram.record(1.1_f64.powi(step)));
        }),
        ("summary", 5_000, |recorder, key| recorder.register_histogram(key, &METADATA).record(1.0)),
    ];
    let mut kept = Vec::new();
    for &(name, series, register) in kinds {
        let builder = Metrics::builder().series_cap(series + 1).buckets("histogram", &[0.1, 0.5, 1.0, 5.0]);
        let builder = builder.buckets("traced", &std::array::from_fn::<_, 13, _>(|bound| bound as f64));
        #[cfg(feature = "native-histograms")]
        let builder = builder.native_histogram("native", ms_metrics::NativeBuckets::default());
        let metrics = builder.build().unwrap();
        let recorder = metrics.recorder();
        let before = resident();
        for number in 0..series {
            register(&recorder, &key(name, "department", format!("department number {number}")));
        }
        let measured = resident() - before;
        let explanation = metrics.explain();
        let metric = explanation.metrics.iter().find(|metric| metric.name == name).unwrap();
        assert_eq!(metric.series, series);
        let ratio = metric.bytes as f64 / measured as f64;
        assert!((0.67..1.5).contains(&ratio), "{name}: {} explained, {measured} measured", metric.bytes);
        // What is given back would be taken by the next kind without a trace.
        kept.push(metrics);
    }
}
