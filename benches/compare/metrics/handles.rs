//! One record, through a handle that was kept and through one that is looked up.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::atomic::Ordering;

use peers::handles::{Atomics, BOUNDS, Client, Exporter, Ours, Values};

use super::AREA;
use crate::claim::Claim;
use crate::measure::nanoseconds;

const CALLS: u32 = 1_000_000;

pub fn claims() -> Vec<Claim> {
    vec![counter(), histogram(), histogram_beside_client(), static_labels(), owned_labels()]
}

fn counter() -> Claim {
    let (ours, atomics) = (Ours::new(), Atomics::default());
    let pair = nanoseconds(
        CALLS,
        || black_box(&ours).counter.increment(1),
        || {
            black_box(&atomics).counter.fetch_add(1, Ordering::Relaxed);
        },
    );
    let count = atomics.counter.load(Ordering::Relaxed);
    assert!(ours.page().contains(&format!("\nbench_total {count}\n")), "all counted");
    Claim::new(AREA, "counter, cached handle", "ns", pair, "raw atomic add", 2.0)
}

fn histogram() -> Claim {
    let (ours, atomics) = (Ours::new(), Atomics::default());
    let values = RefCell::new(Values::new());
    let pair = nanoseconds(
        CALLS,
        || black_box(&ours).histogram.record(values.borrow_mut().draw()),
        || black_box(&atomics).record(black_box(&BOUNDS), values.borrow_mut().draw()),
    );
    let count: u64 = atomics.counts.iter().map(|count| count.load(Ordering::Relaxed)).sum();
    assert!(ours.page().contains(&format!("\nbench_seconds_count {count}\n")), "all recorded");
    Claim::new(AREA, "histogram, cached handle", "ns", pair, "bucket search, two atomic adds", 2.0)
}

fn histogram_beside_client() -> Claim {
    let (ours, client) = (Ours::new(), Client::new());
    let values = RefCell::new(Values::new());
    let pair = nanoseconds(
        CALLS,
        || black_box(&ours).histogram.record(values.borrow_mut().draw()),
        || black_box(&client).histogram.observe(values.borrow_mut().draw()),
    );
    let counted = line(&ours.page(), "bench_seconds_count");
    assert!(counted.is_some() && counted == line(&client.page(), "bench_seconds_count"), "all recorded");
    Claim::new(AREA, "histogram, cached handle", "ns", pair, "prometheus-client", 1.0)
}

/// `counter!` with three labels, looked up every time.
fn static_labels() -> Claim {
    let increment = || {
        metrics::counter!("requests_total", "method" => "GET", "endpoint" => "/a", "status" => "200")
            .increment(1)
    };
    looked_up("counter! with 3 static labels", increment)
}

fn owned_labels() -> Claim {
    let increment = || {
        let label = |value: &str| black_box(value).to_owned();
        let (method, endpoint, status) = (label("GET"), label("/a"), label("200"));
        metrics::counter!("requests_total", "method" => method, "endpoint" => endpoint, "status" => status)
            .increment(1);
    };
    looked_up("counter! with 3 owned labels", increment)
}

fn looked_up(name: &'static str, increment: impl Fn() + Copy) -> Claim {
    let (ours, theirs) = (Ours::new(), Exporter::new());
    let recorder = ours.recorder();
    let pair = nanoseconds(
        CALLS / 5,
        || metrics::with_local_recorder(&recorder, increment),
        || metrics::with_local_recorder(&theirs.recorder, increment),
    );
    let counted = line(&ours.page(), "requests_total{");
    assert!(
        counted.is_some() && counted == line(&theirs.handle.render(), "requests_total{"),
        "both the same"
    );
    Claim::new(AREA, name, "ns", pair, "metrics-exporter-prometheus", 0.7)
}

fn line(page: &str, start: &str) -> Option<String> {
    page.lines().find(|line| line.starts_with(start)).map(str::to_owned)
}
