//! What goes wrong around a registry, a fault a test. Those of requests, scrapes and collectors stand with their tests.

use std::panic::{AssertUnwindSafe, catch_unwind};

use metrics::Recorder;
use ms_metrics::Metrics;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use crate::oracles::parsed_by_python;
use crate::page::{METADATA, built, key, lines, value};

fn count(metrics: &Metrics, name: &str, labels: &[(&str, &str)], step: u64) {
    metrics.recorder().register_counter(&key(name, labels), &METADATA).increment(step);
}

fn refused(metrics: &Metrics, reason: &str) -> f64 {
    value(metrics, &format!("ms_metrics_refused_total{{reason=\"{reason}\"}}")).unwrap()
}

fn invalid(metrics: &Metrics, metric: &str, reason: &str) -> Option<f64> {
    value(metrics, &format!("ms_metrics_invalid_samples_total{{metric=\"{metric}\",reason=\"{reason}\"}}"))
}

#[test]
fn a_hundred_thousand_departments() {
    let metrics = built();
    let business = metrics.business();
    (0..100_000).for_each(|number| business.shifts_scheduled(&format!("department {number}"), 2));
    let series = lines(&metrics, "scheduled_shifts_total");
    assert_eq!(series.len(), 1000);
    assert_eq!(series[0], "scheduled_shifts_total{department=\"department 0\"} 2", "the first ones are kept");
    let number = |line: &String| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(series.iter().map(number).sum::<u64>(), 200_000, "the total is kept");
    let overflow = "ms_metrics_label_overflow_total{metric=\"scheduled_shifts_total\",label=\"department\"}";
    assert_eq!(value(&metrics, overflow), Some(99_001.0));
}

#[test]
fn hostile_label_values() {
    let huge = "ş".repeat(1 << 19);
    let hostile = [
        "\n",
        "\"",
        "\\",
        "\\\n",
        "trailing\\",
        "\0",
        "\u{1b}[31m",
        "\u{202e}gnp",
        "\r\n",
        &huge,
        "a\\",
        "a\\\\",
        "",
        "\u{7f}",
        "x=\"1\"",
        "} 1\nfake_total 1",
        "\u{fffd}",
    ];
    let metrics = built();
    for (number, value) in hostile.iter().enumerate() {
        count(&metrics, "t_total", &[("v", value)], 1 << number);
    }
    let samples = parsed_by_python(&[metrics.render()]).remove(0);
    let read: Vec<_> = samples.iter().filter(|(name, ..)| name == "t_total").collect();
    assert_eq!(read.len(), hostile.len(), "no two of them are one series");
    assert!(samples.iter().all(|(name, ..)| name != "fake_total"));
    for (number, given) in hostile.iter().enumerate() {
        let (_, labels, _) = read.iter().find(|(.., value)| *value == (1_u64 << number) as f64).unwrap();
        let shown = labels.get("v").map_or("", String::as_str);
        if given.len() <= 128 {
            assert_eq!(shown, *given);
        } else {
            let (kept, hash) = shown.rsplit_once('#').unwrap();
            assert!(shown.len() <= 128 && given.starts_with(kept) && kept.ends_with('ş'), "{shown}");
            assert!(hash.len() == 16 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()), "{shown}");
        }
    }
}

#[test]
fn bad_and_reserved_names() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).build().unwrap();
    count(&metrics, "a b", &[], 1);
    count(&metrics, "a.b", &[], 1);
    count(&metrics, "", &[], 1);
    count(&metrics, "c", &[("__x", "1")], 1);
    count(&metrics, "c", &[("a.b", "1"), ("a-b", "1")], 1);
    metrics.recorder().register_histogram(&key("h", &[("le", "1")]), &METADATA).record(1.0);
    metrics.recorder().register_histogram(&key("s", &[("quantile", "1")]), &METADATA).record(1.0);
    assert_eq!((refused(&metrics, "name"), refused(&metrics, "label_name")), (2.0, 4.0));
    assert_eq!(lines(&metrics, "a_b"), ["a_b 1"]);
}

#[test]
fn one_name_as_two_kinds_and_names_that_meet_in_a_format() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).build().unwrap();
    let recorder = metrics.recorder();
    count(&metrics, "foo_total", &[], 1);
    recorder.register_histogram(&key("h", &[]), &METADATA).record(0.5);
    let meeting = ["foo_total", "foo", "foo_created", "h_bucket", "h_count", "h_sum", "h_created"];
    for name in meeting {
        recorder.register_gauge(&key(name, &[]), &METADATA).set(7.0);
    }
    count(&metrics, "foo", &[], 1);
    assert_eq!(refused(&metrics, "kind"), meeting.len() as f64 + 1.0);
    // An info metric is a gauge here, so its name meets none.
    recorder.register_gauge(&key("foo_info", &[("version", "1")]), &METADATA).set(1.0);
    let page = metrics.render();
    assert!(page.contains("foo_info{version=\"1\"} 1\n"));
    let mut types: Vec<_> = page.lines().filter(|line| line.starts_with("# TYPE ")).collect();
    let all = types.len();
    types.dedup_by_key(|line| line.split(' ').nth(2));
    assert_eq!(types.len(), all, "one type a name:\n{page}");
    assert!(!page.contains(" 7\n"), "{page}");
}

#[test]
fn samples_that_are_no_number_and_negative_ones() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).build().unwrap();
    let recorder = metrics.recorder();
    let histogram = recorder.register_histogram(&key("h", &[]), &METADATA);
    for sample in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -f64::MAX, 0.25] {
        histogram.record(sample);
    }
    assert_eq!((value(&metrics, "h_sum"), value(&metrics, "h_count")), (Some(0.25), Some(1.0)));
    let counted = ["nan", "infinite", "negative"].map(|reason| invalid(&metrics, "h", reason));
    assert_eq!(counted, [Some(1.0), Some(2.0), Some(2.0)]);
    let gauge = recorder.register_gauge(&key("g", &[]), &METADATA);
    gauge.set(f64::NAN);
    assert!(value(&metrics, "g").unwrap().is_nan() && invalid(&metrics, "g", "nan").is_none());
}

#[test]
fn a_counter_near_the_largest_number() {
    let metrics = built();
    count(&metrics, "c", &[("a", "1")], u64::MAX - (1 << 45));
    assert_eq!(lines(&metrics, "c"), [format!("c{{a=\"1\"}} {}", u64::MAX - (1 << 45))]);
    for _ in 0..3 {
        count(&metrics, "c", &[("a", "1")], 1 << 44);
    }
    assert_eq!(lines(&metrics, "c"), ["c{a=\"1\"} 18446744073709551615"]);
    assert_eq!(invalid(&metrics, "c", "saturated"), Some(2.0), "the two that it could not take");
}

/// Panics in whatever it is told.
struct Broken;

impl Subscriber for Broken {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        panic!("the log is broken");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_panic_in_the_log_that_is_warned() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    tracing::subscriber::with_default(Broken, || {
        let panics = |work: &dyn Fn()| catch_unwind(AssertUnwindSafe(work)).is_err();
        count(&metrics, "c", &[("a", "1")], 1);
        assert!(panics(&|| count(&metrics, "c", &[("a", "2")], 1)), "no room");
        assert!(panics(&|| count(&metrics, "", &[], 1)), "no name");
        // Once an hour: what panicked is not tried again.
        count(&metrics, "c", &[("a", "3")], 5);
        count(&metrics, "", &[], 1);
    });
    count(&metrics, "c", &[("a", "4")], 1);
    assert_eq!(lines(&metrics, "c"), ["c{a=\"1\"} 1", "c{a=\"__other__\"} 6"], "no lock is left behind");
    assert_eq!(refused(&metrics, "name"), 2.0);
}

#[test]
fn two_recorders_in_one_process() {
    let (one, other) = (built(), built());
    metrics::with_local_recorder(&one.recorder(), || {
        metrics::counter!("c").increment(1);
        metrics::with_local_recorder(&other.recorder(), || metrics::counter!("c").increment(5));
        metrics::counter!("c").increment(1);
    });
    assert_eq!((value(&one, "c"), value(&other, "c")), (Some(2.0), Some(5.0)));
}
