//! metrics-exporter-prometheus is the oracle for counters, gauges and bucketed histograms.

use std::collections::BTreeMap;

use metrics::Recorder;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use ms_metrics::Metrics;
use proptest::prelude::*;

use crate::page::{METADATA, key};

const BOUNDS: [f64; 5] = [-1.0, 0.0, 0.25, 1.0, 1e6];

#[derive(Clone, Debug)]
enum Step {
    Count(u64),
    CountTo(u64),
    Set(f64),
    Change(f64),
    Observe(f64),
}

fn steps() -> impl Strategy<Value = Vec<(Step, Vec<String>)>> {
    let gauge = prop_oneof![
        any::<f64>().prop_filter("finite", |value| value.is_finite()),
        Just(f64::INFINITY),
        Just(f64::NAN)
    ];
    // Multiples of a quarter, so that the order of adding makes no difference.
    let quarter = (-4_000_000..4_000_000_i32).prop_map(|quarters| f64::from(quarters) / 4.0);
    let step = prop_oneof![
        (0..1_000_000_u64).prop_map(Step::Count),
        (0..1_000_000_u64).prop_map(Step::CountTo),
        gauge.prop_map(Step::Set),
        quarter.clone().prop_map(Step::Change),
        quarter.prop_map(Step::Observe),
    ];
    // The oracle confuses values with backslashes and writes empty ones; and it shows e-mail addresses.
    let label = prop_oneof![Just("a".to_owned()), Just("b".to_owned()), "[^\\\\@]{1,8}"];
    prop::collection::vec((step, prop::collection::vec(label, 0..3)), 1..60)
}

fn run(recorder: &dyn Recorder, steps: &[(Step, Vec<String>)]) {
    for (step, labels) in steps {
        let labels: Vec<_> = ["x", "y"].into_iter().zip(labels.iter().map(String::as_str)).collect();
        let counter = || recorder.register_counter(&key("t_counter", &labels), &METADATA);
        let gauge = || recorder.register_gauge(&key("t_gauge", &labels), &METADATA);
        match *step {
            Step::Count(by) => counter().increment(by),
            Step::CountTo(to) => counter().absolute(to),
            Step::Set(to) => gauge().set(to),
            // The oracle's gauges are spoiled by infinities, as Prometheus's are.
            Step::Change(by) => gauge().increment(by),
            Step::Observe(value) => {
                recorder.register_histogram(&key("t_histogram", &labels), &METADATA).record(value)
            }
        }
    }
}

/// The lines of a page by what stands before the value; types likewise.
fn read(page: &str) -> BTreeMap<String, String> {
    let ours = page.lines().filter(|line| line.starts_with("t_") || line.starts_with("# TYPE t_"));
    let mut lines = BTreeMap::new();
    for line in ours {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let value = value.parse::<f64>().map_or_else(|_| value.to_owned(), |number| format!("{number:?}"));
        assert_eq!(lines.insert(series.to_owned(), value), None, "two lines of {series}");
    }
    lines
}

proptest! {
    #[test]
    fn pages_say_the_same(steps in steps()) {
        let ours = Metrics::builder().buckets("t_histogram", &BOUNDS).build().unwrap();
        let theirs = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full("t_histogram".to_owned()), &BOUNDS)
            .unwrap()
            .build_recorder();
        run(&ours.recorder(), &steps);
        run(&theirs, &steps);
        prop_assert_eq!(read(&ours.render()), read(&theirs.handle().render()));
    }
}
