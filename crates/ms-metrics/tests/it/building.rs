//! What a builder accepts and what stands on the first page.

use metrics::Recorder;
use ms_metrics::{BuildError, Metrics};

use crate::page::{METADATA, built, key, lines};

#[test]
fn the_first_page_has_what_rate_needs_and_nothing_else() {
    let metrics = Metrics::builder().departments(&["Acil Servis", "Dahiliye"]).build().unwrap();
    let page = metrics.render();
    let series: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(
        series,
        [
            "active_users_total 0",
            "ms_metrics_refused_total{reason=\"name\"} 0",
            "ms_metrics_refused_total{reason=\"label_name\"} 0",
            "ms_metrics_refused_total{reason=\"too_many_labels\"} 0",
            "ms_metrics_refused_total{reason=\"kind\"} 0",
            "ms_metrics_refused_total{reason=\"too_many_metrics\"} 0",
            "ms_metrics_refused_total{reason=\"label_values\"} 0",
            "ms_metrics_refused_total{reason=\"undeclared\"} 0",
            "scheduled_shifts_total{department=\"Acil Servis\"} 0",
            "scheduled_shifts_total{department=\"Dahiliye\"} 0",
            "scheduled_shifts_total{department=\"__other__\"} 0",
            "shift_conflicts_total 0",
        ]
    );
    assert!(page.contains("# HELP active_users_total Open sessions.\n# TYPE active_users_total gauge\n"));
}

#[test]
fn wrong_buckets_are_refused_by_name() {
    for (metric, bounds) in [
        ("m", &[][..]),
        ("m", &[1.0, 1.0]),
        ("m", &[f64::NAN]),
        ("", &[1.0]),
        ("shift_conflicts_total", &[1.0]),
    ] {
        let error = Metrics::builder().buckets(metric, bounds).build().unwrap_err();
        assert!(matches!(&error, BuildError::Buckets { metric: named } if named == metric), "{error}");
    }
}

#[test]
fn the_buckets_of_the_catalog_can_be_changed() {
    let metrics = Metrics::builder().buckets("http_request_duration_seconds", &[0.5]).build().unwrap();
    let labels = [("method", "GET"), ("endpoint", "/")];
    let key = key("http_request_duration_seconds", &labels);
    metrics.recorder().register_histogram(&key, &METADATA).record(0.2);
    assert_eq!(
        lines(&metrics, "http_request_duration_seconds_bucket"),
        [
            "http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/\",le=\"0.5\"} 1",
            "http_request_duration_seconds_bucket{method=\"GET\",endpoint=\"/\",le=\"+Inf\"} 1",
        ]
    );
}

#[test]
fn two_of_them_share_nothing() {
    let (one, other) = (built(), built());
    one.business().shift_conflicts(2);
    assert_eq!(lines(&other, "shift_conflicts_total"), ["shift_conflicts_total 0"]);
}
