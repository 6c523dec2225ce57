//! The strict reader of OpenMetrics, prometheus_client's for Python, reads our pages.

use std::collections::BTreeMap;

use metrics::{Recorder, Unit};
use ms_metrics::Metrics;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::oracles::{Sample, hex, label_value, parsed_by_python, python, unhex};
use crate::page::{METADATA, key};

/// A page in hexadecimal on each line in, its samples with their exemplars out.
const PARSER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
text = lambda s: s.encode().hex()
pairs = lambda labels: ';'.join(k + '=' + text(v) for k, v in sorted(labels.items()))
def exemplar(s):
    e = s.exemplar
    return pairs(e.labels) + ';at=' + text('%r %r' % (e.value, float(e.timestamp))) if e else ''
for line in sys.stdin:
    page = bytes.fromhex(line.strip()).decode()
    samples = [s for family in parse(page) for s in family.samples]
    print(' '.join('%s|%s|%r|%s' % (s.name, pairs(s.labels), float(s.value), exemplar(s)) for s in samples))
";

type Labels = BTreeMap<String, String>;

fn read(pages: &[String]) -> Vec<Vec<(Sample, Labels)>> {
    let pairs = |text: &str| -> Labels {
        let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), unhex(value))).collect()
    };
    let sample = |text: &str| {
        let mut parts = text.split('|');
        let mut part = || parts.next().unwrap();
        let (name, labels, value) = (part().to_owned(), pairs(part()), part().parse().unwrap());
        ((name, labels, value), pairs(part()))
    };
    let text = python(PARSER, pages.iter().map(|page| hex(page) + "\n").collect());
    text.lines().map(|line| line.split(' ').map(sample).collect()).collect()
}

/// What is done to a metric.
#[derive(Clone, Debug)]
enum Step {
    Count(u64),
    Set(f64),
    /// Into a histogram of bounds from 0.5 on, one that has a negative one, or a summary.
    Record(&'static str, f64, String),
}

fn steps() -> impl Strategy<Value = Vec<(Step, String)>> {
    let number = prop_oneof![-10.0..10.0_f64, any::<f64>(), Just(-0.0)];
    let name = prop::sample::select(vec!["t_seconds", "t_low", "t_s"]);
    let step = prop_oneof![
        any::<u64>().prop_map(Step::Count),
        number.clone().prop_map(Step::Set),
        (name, number, label_value()).prop_map(|(name, value, trace)| Step::Record(name, value, trace)),
    ];
    prop::collection::vec((step, label_value()), 0..30)
}

fn done(steps: &[(Step, String)], help: &str) -> Metrics {
    let builder = Metrics::builder().buckets("t_seconds", &[0.5, 1.0, 1e22]).buckets("t_low", &[-1.0, 0.0]);
    let metrics = builder.build().unwrap();
    let recorder = metrics.recorder();
    for name in ["t_total", "t_u", "t_g_bytes", "t_seconds", "t_low", "t_s"] {
        let unit = if name == "t_g_bytes" { Unit::Bytes } else { Unit::Seconds };
        recorder.describe_gauge(name.into(), Some(unit), help.to_owned().into());
    }
    for (step, label) in steps {
        let key = |name| key(name, &[("a", label)]);
        match step {
            Step::Count(by) => {
                recorder.register_counter(&key("t_total"), &METADATA).increment(*by);
                recorder.register_counter(&key("t_u"), &METADATA).increment(*by);
            }
            Step::Set(value) => recorder.register_gauge(&key("t_g_bytes"), &METADATA).set(*value),
            Step::Record(name, value, trace) => {
                recorder.traced_histogram(&key(name)).record(*value, trace);
            }
        }
    }
    metrics
}

#[test]
fn the_strict_reader_of_openmetrics_reads_what_the_reader_of_text_does() {
    let (steps, help) = (steps(), label_value());
    let mut runner = TestRunner::deterministic();
    let (mut text, mut openmetrics) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        let metrics = done(&steps, &help.new_tree(&mut runner).unwrap().current());
        text.push(metrics.render());
        openmetrics.push(metrics.render_openmetrics());
    }
    let text = parsed_by_python(&text).into_iter().map(comparable);
    let openmetrics = read(&openmetrics).into_iter();
    let openmetrics =
        openmetrics.map(|page| comparable(page.into_iter().map(|(sample, _)| sample).collect()));
    let mut pages = 0;
    for (text, openmetrics) in text.zip(openmetrics) {
        assert_eq!(text, openmetrics, "page {pages}");
        pages += 1;
    }
    assert_eq!(pages, 300);
}

/// Bounds are written as floats in one of them, and parts of what is split come in another order.
fn comparable(samples: Vec<Sample>) -> Vec<(String, Labels, String)> {
    let number = |text: &String| format!("{:?}", text.parse::<f64>().unwrap());
    let mut samples: Vec<_> = samples
        .into_iter()
        .map(|(name, mut labels, value)| {
            for bound in ["le", "quantile"] {
                labels.entry(bound.to_owned()).and_modify(|text| *text = number(text));
            }
            // To a counter without one the reader of text adds the suffix that it expects.
            let name = if name == "t_u_total" { "t_u".to_owned() } else { name };
            (name, labels, format!("{value:?}"))
        })
        .collect();
    samples.sort();
    samples
}

#[test]
fn the_strict_reader_of_openmetrics_reads_the_trace_of_each_bucket() {
    let metrics = Metrics::builder().buckets("t_seconds", &[0.5, 1.0]).build().unwrap();
    let histogram = metrics.recorder().traced_histogram(&key("t_seconds", &[]));
    let longest = "#".repeat(120);
    for (value, trace) in [(0.1, "a"), (0.2, "slower"), (0.7, &longest), (3.0, "}"), (9.0, "")] {
        histogram.record(value, trace);
    }
    let samples = read(&[metrics.render_openmetrics()]).remove(0);
    let buckets = samples.into_iter().filter(|(sample, _)| sample.0 == "t_seconds_bucket");
    let seen: Vec<_> = buckets
        .map(|((_, labels, _), exemplar)| {
            let (value, time) = exemplar["at"].split_once(' ').unwrap();
            assert!(time.parse::<f64>().unwrap() > 1.7e9, "seconds since 1970");
            (labels["le"].clone(), exemplar["trace_id"].clone(), value.to_owned())
        })
        .collect();
    let expected = [("0.5", "slower", "0.2"), ("1.0", &longest, "0.7"), ("+Inf", "}", "3")];
    assert_eq!(seen, expected.map(|(le, trace, value)| (le.to_owned(), trace.to_owned(), value.to_owned())));
}
