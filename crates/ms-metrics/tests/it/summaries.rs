//! Histograms that declare no buckets.

use metrics::Recorder;

use crate::page::{METADATA, built, key, lines, value};

#[test]
fn a_histogram_without_buckets_is_a_summary() {
    let metrics = built();
    let histogram = metrics.recorder().register_histogram(&key("wait_seconds", &[]), &METADATA);
    for sample in 1..=100 {
        histogram.record(f64::from(sample));
    }
    let page = metrics.render();
    assert!(page.contains("# TYPE wait_seconds summary\nwait_seconds{quantile=\"0\"} "), "{page}");
    assert_eq!(value(&metrics, "wait_seconds_sum"), Some(5050.0));
    assert_eq!(value(&metrics, "wait_seconds_count"), Some(100.0));
    let median = value(&metrics, "wait_seconds{quantile=\"0.5\"}").unwrap();
    assert!((median - 50.0).abs() <= 1.0, "{median}");
}

#[test]
fn labels_that_others_confuse_stay_apart() {
    let metrics = built();
    let hostile = [r"a\b", r"a\\b", r#"a"b"#, r#"a\"b"#, "x\\\ny", "x\n\\y", "} 7", "n=\"0\""];
    for (number, text) in hostile.iter().enumerate() {
        let histogram = metrics.recorder().register_histogram(&key("s", &[("v", text)]), &METADATA);
        histogram.record(number as f64);
    }
    let sums = lines(&metrics, "s_sum");
    let ends: Vec<_> = sums.iter().map(|line| line.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(ends, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(sums[5], r#"s_sum{v="x\n\\y"} 5"#);
    assert_eq!(lines(&metrics, "s").len(), hostile.len() * 7);
}

#[test]
fn summaries_stand_among_the_others_in_the_order_of_names() {
    let metrics = built();
    let recorder = metrics.recorder();
    recorder.register_histogram(&key("b", &[]), &METADATA).record(1.0);
    recorder.register_counter(&key("c", &[]), &METADATA).increment(1);
    recorder.register_histogram(&key("a", &[]), &METADATA).record(1.0);
    let page = metrics.render();
    let names: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.len(), 6);
}
