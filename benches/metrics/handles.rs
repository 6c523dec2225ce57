//! One record: `cargo bench -p medschedule-benches --bench handles`.

use std::hint::black_box;
use std::sync::atomic::Ordering;

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use metrics::Recorder;
use peers::handles::{Atomics, BOUNDS, Client, Exporter, Ours, Values};

/// The exporter keeps every recorded value until its upkeep, which is part of what a record costs.
const UPKEEP: u64 = 10_000;

fn counter(criterion: &mut Criterion) {
    let (atomics, ours, client, exporter) = (Atomics::default(), Ours::new(), Client::new(), Exporter::new());
    for page in [ours.page(), client.page(), exporter.handle.render()] {
        assert!(page.contains("\nbench_total 0\n"), "each shows its counter: {page}");
    }
    let mut group = criterion.benchmark_group("counter");
    group.bench_function("raw atomic add", |bencher| {
        bencher.iter(|| black_box(&atomics).counter.fetch_add(1, Ordering::Relaxed));
    });
    group.bench_function("ms-metrics", |bencher| bencher.iter(|| black_box(&ours).counter.increment(1)));
    group.bench_function("prometheus-client", |bencher| bencher.iter(|| black_box(&client).counter.inc()));
    group.bench_function("exporter", |bencher| bencher.iter(|| black_box(&exporter).counter.increment(1)));
    group.finish();
}

fn histogram(criterion: &mut Criterion) {
    let (atomics, ours, client, exporter) = (Atomics::default(), Ours::new(), Client::new(), Exporter::new());
    let mut values = Values::new();
    for _ in 0..1_000 {
        let value = values.draw();
        ours.histogram.record(value);
        exporter.histogram.record(value);
    }
    assert_eq!(buckets(&ours.page()), buckets(&exporter.handle.render()), "both have the same buckets");
    let mut group = criterion.benchmark_group("histogram");
    group.bench_function("bucket search, two atomic adds", |bencher| {
        with_values(bencher, |value| black_box(&atomics).record(black_box(&BOUNDS), value));
    });
    group.bench_function("ms-metrics", |bencher| {
        with_values(bencher, |value| black_box(&ours).histogram.record(value));
    });
    group.bench_function("prometheus-client", |bencher| {
        with_values(bencher, |value| black_box(&client).histogram.observe(value));
    });
    let mut recorded = 0_u64;
    group.bench_function("exporter, with its upkeep", |bencher| {
        with_values(bencher, |value| {
            black_box(&exporter).histogram.record(value);
            recorded += 1;
            if recorded.is_multiple_of(UPKEEP) {
                exporter.handle.run_upkeep();
            }
        });
    });
    group.finish();
}

fn with_values(bencher: &mut Bencher<'_>, mut record: impl FnMut(f64)) {
    let mut values = Values::new();
    bencher.iter(|| record(values.draw()));
}

fn buckets(page: &str) -> Vec<&str> {
    page.lines().filter(|line| line.starts_with("bench_seconds_bucket")).collect()
}

/// `counter!` with three labels, looked up every time.
fn uncached(criterion: &mut Criterion) {
    let (ours, exporter) = (Ours::new(), Exporter::new());
    let recorder = ours.recorder();
    both(criterion, "counter_3_static_labels", &recorder, &exporter.recorder, || {
        metrics::counter!("requests_total", "method" => "GET", "endpoint" => "/a", "status" => "200")
            .increment(1);
    });
    both(criterion, "counter_3_owned_labels", &recorder, &exporter.recorder, || {
        let label = |value: &str| black_box(value).to_owned();
        let (method, endpoint, status) = (label("GET"), label("/a"), label("200"));
        metrics::counter!("requests_total", "method" => method, "endpoint" => endpoint, "status" => status)
            .increment(1);
    });
}

fn both(
    criterion: &mut Criterion,
    name: &str,
    ours: &dyn Recorder,
    exporter: &dyn Recorder,
    increment: impl Fn(),
) {
    let mut group = criterion.benchmark_group(name);
    for (library, recorder) in [("ms-metrics", ours), ("exporter", exporter)] {
        metrics::with_local_recorder(recorder, || {
            group.bench_function(library, |bencher| bencher.iter(&increment));
        });
    }
    group.finish();
}

criterion_group!(benches, counter, histogram, uncached);
criterion_main!(benches);
