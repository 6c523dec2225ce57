//! A page of many counters: `cargo bench -p medschedule-benches --bench render`.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use peers::exposition::{Client, Prepared, Tikv, exporter, ours, series};

fn render(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("render");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for count in [10_000, 100_000] {
        let (prepared, ours, client) = (Prepared::new(count), ours(count), Client::new(count));
        let (tikv, exporter) = (Tikv::new(count), exporter(count));
        let pages: [(_, &dyn Fn() -> String); 5] = [
            ("loop over prepared names", &|| prepared.render()),
            ("ms-metrics", &|| ours.render()),
            ("prometheus-client", &|| client.render()),
            ("prometheus", &|| tikv.render()),
            ("exporter", &|| exporter.render()),
        ];
        for (library, page) in pages {
            assert_eq!(series(&page()), count, "{library} renders every series");
            group.bench_function(BenchmarkId::new(library, count), |bencher| bencher.iter(page));
        }
    }
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
