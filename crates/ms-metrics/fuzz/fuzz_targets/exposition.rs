//! Whatever is registered, both pages can be read, no two lines are one series, and no call is lost.
#![no_main]

mod page;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use metrics::Recorder;
use ms_metrics::Metrics;

use crate::page::{METADATA, key, read};

#[derive(Arbitrary, Debug)]
enum Kind {
    Counter,
    Gauge(f64),
    Histogram(f64),
    Summary(f64),
}

#[derive(Arbitrary, Debug)]
struct Call {
    kind: Kind,
    name: String,
    labels: Vec<(String, String)>,
    help: Option<String>,
}

fuzz_target!(|calls: Vec<Call>| {
    let metrics = Metrics::builder().series_cap(8).buckets("h", &[0.5, 1.0]).build().expect("builds");
    let recorder = metrics.recorder();
    let mut counted = 0;
    // What the library counts of itself would be counted twice.
    for call in calls.iter().filter(|call| !call.name.starts_with("ms_metrics_")) {
        if let Some(help) = &call.help {
            recorder.describe_counter(call.name.clone().into(), None, help.clone().into());
        }
        let key = key(&call.name, &call.labels);
        match call.kind {
            Kind::Counter => {
                recorder.register_counter(&key, &METADATA).increment(1);
                counted += 1;
            }
            Kind::Gauge(value) => recorder.register_gauge(&key, &METADATA).set(value),
            Kind::Histogram(value) => {
                recorder.register_histogram(&page::key("h", &call.labels), &METADATA).record(value);
            }
            Kind::Summary(value) => recorder.register_histogram(&key, &METADATA).record(value),
        }
    }
    let own =
        ["ms_metrics_refused_total", "ms_metrics_label_overflow_total", "ms_metrics_invalid_samples_total"];
    let text = metrics.render();
    let types: std::collections::HashMap<_, _> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let mut total = 0;
    let mut refused = 0;
    for sample in read(&text) {
        let number = || sample.value.parse::<u64>().expect("a whole number");
        if sample.name == "ms_metrics_refused_total" {
            refused += number();
        } else if !own.contains(&&*sample.name) && types.get(&*sample.name) == Some(&"counter") {
            total += number();
        }
    }
    // Of what was refused some are other kinds.
    assert!(total <= counted && total + refused >= counted, "{total} + {refused} of {counted}");
    read(&metrics.render_openmetrics());
});
