//! A request through an axum router under each layer: `cargo bench -p medschedule-benches --bench http`.

use criterion::{Criterion, criterion_group, criterion_main};
use peers::http::{Plain, PlainApp, Stack};

fn on_axum(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http_layer");
    for stack in Stack::ALL {
        let mut app = stack.app();
        app.serve();
        app.check();
        group.bench_function(stack.name(), |bencher| bencher.iter(|| app.serve()));
        app.check();
    }
    group.finish();
}

fn on_plain_tower(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http_layer_plain_tower");
    group.bench_function("bare", |bencher| bencher.iter(|| Plain.serve()));
    let mut app = PlainApp::new();
    group.bench_function("ms-metrics", |bencher| bencher.iter(|| app.serve()));
    app.check();
    group.finish();
}

criterion_group!(benches, on_axum, on_plain_tower);
criterion_main!(benches);
