//! What no registration gets past.

use metrics::{KeyName, Recorder, SharedString};
use ms_metrics::Metrics;

use crate::page::{METADATA, built, key, lines, value};

fn refused(metrics: &Metrics, reason: &str) -> f64 {
    value(metrics, &format!("ms_metrics_refused_total{{reason=\"{reason}\"}}")).unwrap()
}

fn count(metrics: &Metrics, name: &str, labels: &[(&str, &str)]) {
    metrics.recorder().register_counter(&key(name, labels), &METADATA).increment(1);
}

#[test]
fn names_that_meet_do_not_share_a_series() {
    let metrics = built();
    for name in ["jobs.done", "jobs_done", "jobs-done", "jobs.done"] {
        count(&metrics, name, &[]);
    }
    assert_eq!(value(&metrics, "jobs_done"), Some(2.0), "the first one keeps the name");
    assert_eq!(refused(&metrics, "name"), 2.0);
    count(&metrics, "", &[]);
    assert_eq!(refused(&metrics, "name"), 3.0);
}

#[test]
fn label_names_that_meet_do_not_share_a_series() {
    let metrics = built();
    count(&metrics, "m", &[("a.b", "x")]);
    count(&metrics, "m", &[("a-b", "x")]);
    count(&metrics, "m", &[("a_b", "y")]);
    count(&metrics, "m", &[("a.b", "x"), ("a-b", "x")]);
    assert_eq!(lines(&metrics, "m"), ["m{a_b=\"x\"} 1"]);
    assert_eq!(refused(&metrics, "label_name"), 3.0);
}

#[test]
fn labels_of_prometheus_itself_are_refused() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).build().unwrap();
    let recorder = metrics.recorder();
    count(&metrics, "m", &[("__name__", "other")]);
    count(&metrics, "m", &[("", "x")]);
    recorder.register_histogram(&key("h", &[("le", "1")]), &METADATA).record(1.0);
    recorder.register_histogram(&key("s", &[("quantile", "1")]), &METADATA).record(1.0);
    assert_eq!(refused(&metrics, "label_name"), 4.0);
    count(&metrics, "m", &[("le", "1"), ("quantile", "1")]);
    assert_eq!(lines(&metrics, "m"), ["m{le=\"1\",quantile=\"1\"} 1"], "elsewhere they are labels like any");
    assert!(lines(&metrics, "h_count").is_empty() && lines(&metrics, "s_count").is_empty());
}

#[test]
fn a_name_has_one_kind() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).build().unwrap();
    let recorder = metrics.recorder();
    count(&metrics, "m", &[]);
    recorder.register_gauge(&key("m", &[("a", "b")]), &METADATA).set(7.0);
    recorder.register_histogram(&key("m", &[]), &METADATA).record(7.0);
    recorder.register_histogram(&key("h", &[]), &METADATA).record(0.5);
    recorder.register_histogram(&key("s", &[]), &METADATA).record(0.5);
    for part in ["h_count", "h_sum", "h_bucket", "s_count", "s_sum"] {
        count(&metrics, part, &[]);
    }
    count(&metrics, "late_sum", &[]);
    recorder.register_histogram(&key("late", &[]), &METADATA).record(1.0);
    assert_eq!(refused(&metrics, "kind"), 8.0);
    let page = metrics.render();
    assert_eq!(page.matches("# TYPE m ").count(), 1);
    assert_eq!((value(&metrics, "m"), value(&metrics, "h_count")), (Some(1.0), Some(1.0)));
    assert_eq!((value(&metrics, "s_count"), value(&metrics, "late_count")), (Some(1.0), None));
}

#[test]
fn nobody_takes_a_name_of_the_catalog_for_another_kind() {
    let metrics = built();
    count(&metrics, "http_request_duration_seconds", &[]);
    count(&metrics, "endpoint_latency_seconds_count", &[]);
    metrics.recorder().register_gauge(&key("http_requests_total", &[]), &METADATA).set(1.0);
    assert_eq!(refused(&metrics, "kind"), 3.0);
}

#[test]
fn an_empty_label_is_an_absent_one() {
    let metrics = built();
    count(&metrics, "m", &[("a", "")]);
    count(&metrics, "m", &[]);
    count(&metrics, "m", &[("b", ""), ("a", "")]);
    assert_eq!(lines(&metrics, "m"), ["m 3"]);
}

#[test]
fn the_order_of_labels_makes_no_second_series() {
    let metrics = built();
    count(&metrics, "m", &[("b", "1"), ("a", "2"), ("c", "3")]);
    count(&metrics, "m", &[("c", "3"), ("b", "1"), ("a", "2")]);
    assert_eq!(lines(&metrics, "m"), ["m{b=\"1\",a=\"2\",c=\"3\"} 2"]);
}

#[test]
fn long_values_are_cut_and_stay_apart() {
    let metrics = built();
    for end in ["1", "2"] {
        count(&metrics, "m", &[("a", &("x".repeat(1 << 20) + end))]);
    }
    let series = lines(&metrics, "m");
    assert_eq!(series.len(), 2);
    assert!(series.iter().all(|line| line.len() < 150), "{series:?}");
}

#[test]
fn values_that_are_no_number_spoil_nothing() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).buckets("n", &[-1.0, 1.0]).build().unwrap();
    let recorder = metrics.recorder();
    let invalid = |metric: &str, reason: &str| {
        let series = format!("ms_metrics_invalid_samples_total{{metric=\"{metric}\",reason=\"{reason}\"}}");
        value(&metrics, &series)
    };
    for (name, sum, negative) in [("h", 1.5, Some(1.0)), ("n", 1.0, None), ("s", 1.0, None)] {
        let histogram = recorder.register_histogram(&key(name, &[]), &METADATA);
        for sample in [1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.5] {
            histogram.record(sample);
        }
        assert_eq!(value(&metrics, &format!("{name}_sum")), Some(sum), "{name}");
        assert_eq!((invalid(name, "nan"), invalid(name, "infinite")), (Some(1.0), Some(2.0)));
        assert_eq!(invalid(name, "negative"), negative, "only where a bound is negative they make sense");
    }
    let gauge = recorder.register_gauge(&key("g", &[]), &METADATA);
    gauge.set(1.0);
    gauge.increment(f64::NAN);
    assert_eq!((value(&metrics, "g"), invalid("g", "nan")), (Some(1.0), Some(1.0)));
    gauge.set(f64::NAN);
    assert!(value(&metrics, "g").unwrap().is_nan(), "a gauge may say that it does not know");
}

#[test]
fn counters_stop_at_the_largest_number_and_say_so() {
    let metrics = built();
    let counter = metrics.recorder().register_counter(&key("m", &[]), &METADATA);
    counter.increment(u64::MAX - (1 << 50));
    let saturated = "ms_metrics_invalid_samples_total{metric=\"m\",reason=\"saturated\"}";
    assert_eq!(value(&metrics, saturated), None);
    counter.increment(1 << 51);
    counter.increment(2);
    counter.absolute(17);
    assert_eq!(lines(&metrics, "m"), ["m 18446744073709551615"]);
    assert_eq!(value(&metrics, saturated), Some(2.0));
}

#[test]
fn the_guards_own_counters_may_be_full() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    let counter = |name: &str, labels: &[(&str, &str)]| {
        metrics.recorder().register_counter(&key(name, labels), &METADATA)
    };
    let full = u64::MAX - (1 << 40);
    let overflow = [("metric", "m"), ("label", "a")];
    counter("ms_metrics_label_overflow_total", &overflow).absolute(full - 1);
    ["1", "2", "3"].iter().for_each(|value| counter("m", &[("a", value)]).increment(1));
    let invalid = [("metric", "ms_metrics_invalid_samples_total"), ("reason", "saturated")];
    counter("ms_metrics_invalid_samples_total", &invalid).absolute(u64::MAX);
    for series in [
        "ms_metrics_label_overflow_total{metric=\"m\",label=\"a\"}",
        "ms_metrics_invalid_samples_total{metric=\"ms_metrics_invalid_samples_total\",reason=\"saturated\"}",
    ] {
        assert_eq!(value(&metrics, series), Some(u64::MAX as f64), "{series}");
    }
}

#[test]
fn no_sample_is_no_sample() {
    let metrics = Metrics::builder().buckets("h", &[1.0]).build().unwrap();
    for name in ["h", "s"] {
        let histogram = metrics.recorder().register_histogram(&key(name, &[]), &METADATA);
        [-1.0, f64::NAN, f64::INFINITY].iter().for_each(|sample| histogram.record_many(*sample, 0));
    }
    assert!(lines(&metrics, "ms_metrics_invalid_samples_total").is_empty());
    let page = metrics.render_openmetrics();
    assert!(page.contains("# TYPE s summary\n"), "of no negative value: {page}");
}

#[test]
fn the_first_description_stays_and_the_catalog_was_first() {
    let metrics = built();
    let describe = |name: &'static str, help: &'static str| {
        let (name, help) = (KeyName::from_const_str(name), SharedString::const_str(help));
        metrics.recorder().describe_counter(name, None, help);
    };
    describe("m", "One \"line\"\nand \\ more.");
    describe("m", "Another.");
    describe("shift_conflicts_total", "Mine.");
    describe("never_seen", "Nothing.");
    count(&metrics, "m", &[]);
    let page = metrics.render();
    assert!(page.contains("# HELP m One \"line\"\\nand \\\\ more.\n# TYPE m counter\nm 1\n"), "{page}");
    assert!(!page.contains("Mine.") && !page.contains("never_seen"), "{page}");
}

#[test]
fn labels_that_tell_who_somebody_is_are_one_series() {
    let metrics = built();
    let recorder = metrics.recorder();
    for person in ["10000000146", "ward of 10000000146", "ayse@hastane.example", "10000000146"] {
        recorder.register_counter(&key("visits_total", &[("by", person)]), &METADATA).increment(1);
    }
    assert_eq!(lines(&metrics, "visits_total"), ["visits_total{by=\"__redacted__\"} 4"]);
    assert!(!metrics.render().contains("10000000146"));
}
