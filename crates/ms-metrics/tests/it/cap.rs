//! Labels without end.

use metrics::Recorder;
use ms_metrics::{BuildError, Metrics};

use crate::page::{METADATA, built, key, lines, value};

#[test]
fn a_hundred_thousand_values_stay_within_the_cap_and_none_is_lost() {
    let metrics = built();
    let recorder = metrics.recorder();
    for number in 0..100_000 {
        let key = key("visits_total", &[("path", &format!("/{number}"))]);
        recorder.register_counter(&key, &METADATA).increment(2);
    }
    let series = lines(&metrics, "visits_total");
    assert_eq!(series.len(), 1000);
    let number = |line: &String| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
    assert_eq!(series.iter().map(number).sum::<u64>(), 200_000);
    assert_eq!(series[998], "visits_total{path=\"/998\"} 2", "the first ones keep their series");
    assert_eq!(series[999], "visits_total{path=\"__other__\"} 198002");
    assert!(metrics.render().len() < 64 * 1024, "{}", metrics.render().len());
    let overflow = "ms_metrics_label_overflow_total{metric=\"visits_total\",label=\"path\"}";
    assert_eq!(value(&metrics, overflow), Some(99_001.0));
}

#[test]
fn every_kind_is_capped() {
    let metrics = Metrics::builder().series_cap(3).buckets("buckets", &[1.0]).build().unwrap();
    let recorder = metrics.recorder();
    for number in 0..10 {
        let labels = [("n", &*number.to_string())];
        recorder.register_gauge(&key("gauge", &labels), &METADATA).increment(1.0);
        recorder.register_histogram(&key("buckets", &labels), &METADATA).record(1.0);
        recorder.register_histogram(&key("summary", &labels), &METADATA).record(1.0);
    }
    for name in ["gauge", "buckets_count", "summary_count"] {
        let expected = ["0\"} 1", "1\"} 1", "__other__\"} 8"].map(|end| format!("{name}{{n=\"{end}"));
        assert_eq!(lines(&metrics, name), expected);
    }
}

#[test]
fn the_label_with_the_most_values_is_named() {
    let metrics = Metrics::builder().series_cap(20).build().unwrap();
    for number in 0..40 {
        let labels = [("kind", ["a", "b"][number % 2]), ("user", &*number.to_string())];
        metrics.recorder().register_counter(&key("m", &labels), &METADATA).increment(1);
    }
    assert_eq!(value(&metrics, "m{kind=\"__other__\",user=\"__other__\"}"), Some(21.0));
    let overflow = "ms_metrics_label_overflow_total{metric=\"m\",label=\"user\"}";
    assert_eq!(value(&metrics, overflow), Some(21.0));
}

#[test]
fn label_names_without_end_share_one_series_too() {
    let metrics = Metrics::builder().series_cap(10).build().unwrap();
    for number in 0..100 {
        let key = key("m", &[(&*format!("name{number}"), "x")]);
        metrics.recorder().register_counter(&key, &METADATA).increment(1);
    }
    let series = lines(&metrics, "m");
    assert_eq!(series.len(), 10);
    assert_eq!(series[9], "m{name9=\"__other__\"} 91");
}

#[test]
fn a_series_without_labels_always_has_room_and_a_cap_of_none_is_one() {
    let metrics = Metrics::builder().series_cap(0).build().unwrap();
    for labels in [&[("a", "1")][..], &[("a", "2")], &[]] {
        metrics.recorder().register_counter(&key("m", labels), &METADATA).increment(1);
    }
    assert_eq!(lines(&metrics, "m"), ["m{a=\"__other__\"} 2", "m 1"]);
    assert_eq!(lines(&metrics, "active_users_total"), ["active_users_total 0"]);
}

#[test]
fn a_value_that_reads_like_the_overflow_is_in_it() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    for value in ["__other__", "a", "b"] {
        metrics.recorder().register_counter(&key("m", &[("l", value)]), &METADATA).increment(1);
    }
    assert_eq!(lines(&metrics, "m"), ["m{l=\"__other__\"} 2", "m{l=\"a\"} 1"]);
}

#[test]
fn metrics_without_end_are_refused() {
    let metrics = built();
    for number in 0..10_100 {
        metrics.recorder().register_counter(&key(&format!("m{number}"), &[]), &METADATA).increment(1);
    }
    assert_eq!(lines(&metrics, "m9000").len(), 1);
    assert_eq!(lines(&metrics, "m10050").len(), 0);
    assert!(value(&metrics, "ms_metrics_refused_total{reason=\"too_many_metrics\"}").unwrap() >= 100.0);
    metrics.recorder().register_counter(&key("m9000", &[]), &METADATA).increment(1);
    assert_eq!(value(&metrics, "m9000"), Some(2.0), "known ones go on");
}

#[test]
fn a_series_without_labels_always_finds_room() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    for labels in [&[("n", "1")][..], &[("n", "2")], &[("n", "3")], &[], &[("n", "")]] {
        metrics.recorder().register_counter(&key("m", labels), &METADATA).increment(1);
    }
    assert_eq!(lines(&metrics, "m"), ["m{n=\"1\"} 1", "m{n=\"__other__\"} 2", "m 2"]);
}

#[test]
fn no_cap_is_too_small_for_the_reasons_of_refusals() {
    let metrics = Metrics::builder().series_cap(1).build().unwrap();
    metrics.recorder().register_counter(&key("", &[]), &METADATA).increment(1);
    assert_eq!(value(&metrics, "ms_metrics_refused_total{reason=\"name\"}"), Some(1.0));
    assert_eq!(lines(&metrics, "ms_metrics_refused_total").len(), 7);
}

#[test]
fn a_declared_label_that_is_absent_counts_among_the_labels() {
    let metrics = Metrics::builder().allowed_values("m", "a", &["1"]).build().unwrap();
    for labels in [31, 32] {
        let names: Vec<_> = (0..labels).map(|number| format!("l{number}")).collect();
        let labels: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        metrics.recorder().register_counter(&key("m", &labels), &METADATA).increment(1);
    }
    assert_eq!(lines(&metrics, "m").len(), 1);
    assert_eq!(value(&metrics, "ms_metrics_refused_total{reason=\"too_many_labels\"}"), Some(1.0));
}

#[test]
fn a_label_that_takes_declared_values_takes_no_other() {
    let long = "x".repeat(200);
    let builder = Metrics::builder().allowed_values("m", "a", &["1"]).allowed_values("m", "a", &["2", &long]);
    let metrics = builder.allowed_values("m", "b", &["x"]).build().unwrap();
    for (a, b) in
        [("1", "x"), ("2", "y"), ("3", "x"), ("3", "z"), ("", "x"), (&*long, "x"), ("__other__", "x")]
    {
        metrics.recorder().register_counter(&key("m", &[("a", a), ("b", b)]), &METADATA).increment(1);
    }
    let series = lines(&metrics, "m");
    assert_eq!(series.len(), 5, "{series:?}");
    for (series, number) in [
        ("m{a=\"1\",b=\"x\"}", 1.0),
        ("m{a=\"2\",b=\"__other__\"}", 1.0),
        ("m{a=\"__other__\",b=\"x\"}", 3.0),
        ("m{a=\"__other__\",b=\"__other__\"}", 1.0),
    ] {
        assert_eq!(value(&metrics, series), Some(number), "{series}");
    }
    for (label, number) in [("a", 3.0), ("b", 1.0)] {
        let overflow = format!("ms_metrics_label_overflow_total{{metric=\"m\",label=\"{label}\"}}");
        assert_eq!(value(&metrics, &overflow), Some(number));
    }
    let builder = Metrics::builder().buckets("h", &[1.0]).allowed_values("h", "le", &["1"]);
    let metrics = builder.allowed_values("s", "quantile", &["1"]).build().unwrap();
    for name in ["h", "s"] {
        metrics.recorder().register_histogram(&key(name, &[]), &METADATA).record(0.5);
        assert!(
            lines(&metrics, name).iter().all(|line| !line.contains("__other__")),
            "the format's own label"
        );
    }
    assert!(matches!(
        Metrics::builder().allowed_values("m", "__a", &["1"]).build(),
        Err(BuildError::AllowedValues { .. })
    ));
}
