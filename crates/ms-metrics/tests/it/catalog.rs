//! A team's own metrics, declared once.

use metrics::Recorder;
use ms_metrics::{BuildError, Kind, Metric, MetricError, Metrics, Unit};

use crate::page::{METADATA, key, lines, value};

const SWAPS: Metric = Metric::counter("shift_swaps_total", "Shifts swapped.").labels(&["from", "to"]);
const BEDS: Metric = Metric::gauge("free_beds", "Beds that are free.").labels(&["ward"]);
const WAIT: Metric =
    Metric::histogram("swap_wait_seconds", "Time to an answer.").unit(Unit::Seconds).buckets(&[60.0]);
const SIZE: Metric = Metric::summary("roster_size_bytes", "Size of a roster.").unit(Unit::Bytes);

fn declared() -> Metrics {
    Metrics::builder().catalog([SWAPS, BEDS]).catalog([WAIT, SIZE]).build().unwrap()
}

fn refused(metrics: &Metrics, reason: &str) -> f64 {
    value(metrics, &format!("ms_metrics_refused_total{{reason=\"{reason}\"}}")).unwrap()
}

#[test]
fn handles_help_and_buckets_come_from_the_declaration() {
    let metrics = declared();
    metrics.counter(&SWAPS, &["Acil", "Dahiliye"]).increment(2);
    metrics.gauge(&BEDS, &["Acil"]).set(3.0);
    metrics.histogram(&WAIT, &[]).record(90.0);
    metrics.histogram(&SIZE, &[]).record(512.0);
    let page = metrics.render();
    for expected in [
        "# HELP shift_swaps_total Shifts swapped.\n# TYPE shift_swaps_total counter\nshift_swaps_total{from=\"Acil\",to=\"Dahiliye\"} 2\n",
        "# TYPE free_beds gauge\nfree_beds{ward=\"Acil\"} 3\n",
        "swap_wait_seconds_bucket{le=\"60\"} 0\nswap_wait_seconds_bucket{le=\"+Inf\"} 1\n",
        "# TYPE roster_size_bytes summary\nroster_size_bytes{quantile=\"0\"} 512\n",
    ] {
        assert!(page.contains(expected), "{expected}\nis not in\n{page}");
    }
}

#[test]
fn the_macros_meet_the_declaration_in_one_series() {
    let metrics = declared();
    metrics::with_local_recorder(&metrics.recorder(), || {
        metrics::counter!("shift_swaps_total", "from" => "A", "to" => "B").increment(1);
    });
    metrics.counter(&SWAPS, &["A", "B"]).increment(1);
    assert_eq!(lines(&metrics, "shift_swaps_total"), ["shift_swaps_total{from=\"A\",to=\"B\"} 2"]);
}

#[test]
fn a_handle_that_does_not_fit_its_declaration_does_nothing_and_is_counted() {
    let metrics = declared();
    for values in [&[][..], &["a"], &["a", "b", "c"]] {
        metrics.counter(&SWAPS, values).increment(1);
    }
    assert_eq!(refused(&metrics, "label_values"), 3.0);
    metrics.gauge(&SWAPS, &["a", "b"]).set(1.0);
    metrics.histogram(&BEDS, &["a"]).record(1.0);
    assert_eq!(refused(&metrics, "kind"), 2.0);
    metrics.counter(&Metric::counter("never_declared_total", ""), &[]).increment(1);
    metrics.counter(&SWAPS.labels(&["to", "from"]), &["a", "b"]).increment(1);
    assert_eq!(refused(&metrics, "undeclared"), 2.0);
    assert!(lines(&metrics, "shift_swaps_total").is_empty());
}

#[test]
fn a_declared_name_is_kept_for_its_kind() {
    let metrics = declared();
    metrics.recorder().register_gauge(&key("shift_swaps_total", &[]), &METADATA).set(1.0);
    metrics.recorder().register_gauge(&key("shift_swaps", &[]), &METADATA).set(1.0);
    assert_eq!(refused(&metrics, "kind"), 2.0);
}

#[test]
fn the_catalog_lists_ours_and_then_the_teams() {
    let metrics = declared();
    let names: Vec<_> = metrics.catalog().iter().map(|metric| metric.name).collect();
    assert_eq!(names[0], "http_requests_total");
    assert_eq!(names[names.len() - 4..], [SWAPS.name, BEDS.name, WAIT.name, SIZE.name]);
    let found = metrics.catalog().get("swap_wait_seconds").unwrap();
    assert_eq!((found.kind, found.unit, found.buckets), (Kind::Histogram, Some(Unit::Seconds), &[60.0][..]));
    assert_eq!(metrics.catalog().get("swap_wait"), None);
    let table = metrics.catalog().to_markdown();
    assert!(table.contains("| `shift_swaps_total` | counter |  | `from`, `to` | Shifts swapped. |\n"));
}

#[test]
fn declarations_that_cannot_be_are_named() {
    let duplicate = Metric::counter("shift_conflicts_total", "Mine.");
    let meets = |other: &str| MetricError::Meets { other: other.to_owned() };
    for (metrics, at, source) in [
        (vec![SWAPS, SWAPS], SWAPS, MetricError::Duplicate),
        (vec![duplicate], duplicate, MetricError::Duplicate),
        (vec![Metric::gauge("a b", "")], Metric::gauge("a b", ""), MetricError::Name),
        (
            vec![WAIT, Metric::counter("swap_wait_seconds_count", "")],
            Metric::counter("swap_wait_seconds_count", ""),
            meets("swap_wait_seconds"),
        ),
        (
            vec![SWAPS, Metric::gauge("shift_swaps", "")],
            Metric::gauge("shift_swaps", ""),
            meets("shift_swaps_total"),
        ),
    ] {
        let error = Metrics::builder().catalog(metrics).build().unwrap_err();
        let BuildError::Metric { metric, source: found } = &error else { panic!("{error}") };
        assert_eq!((*metric, found), (at.name, &source));
    }
}

#[test]
fn the_builders_buckets_go_before_the_declared_ones() {
    let metrics = Metrics::builder().catalog([WAIT]).buckets(WAIT.name, &[1.0, 2.0]).build().unwrap();
    metrics.histogram(&WAIT, &[]).record(1.5);
    assert_eq!(lines(&metrics, "swap_wait_seconds_bucket").len(), 3);
    let error = Metrics::builder().catalog([BEDS]).buckets(BEDS.name, &[1.0]).build().unwrap_err();
    assert!(matches!(error, BuildError::Buckets { metric } if metric == BEDS.name));
}

#[test]
fn a_declared_metric_may_have_a_bound_of_its_own() {
    const WIDE: Metric = Metric::counter("wide_total", "Many.").labels(&["n"]).series_cap(20);
    let metrics = Metrics::builder().series_cap(5).catalog([WIDE]).build().unwrap();
    for number in 0..30 {
        metrics.counter(&WIDE, &[&number.to_string()]).increment(1);
        let key = key("narrow_total", &[("n", &number.to_string())]);
        metrics.recorder().register_counter(&key, &METADATA).increment(1);
    }
    assert_eq!((lines(&metrics, "wide_total").len(), lines(&metrics, "narrow_total").len()), (20, 5));
    assert_eq!(value(&metrics, "wide_total{n=\"__other__\"}"), Some(11.0));
    let explanation = metrics.explain();
    let caps: Vec<_> = explanation.metrics.iter().filter(|metric| metric.series > 3).collect();
    let caps: Vec<_> = caps.iter().map(|metric| (&*metric.name, metric.series_cap)).collect();
    assert_eq!(caps, [("ms_metrics_refused_total", 5), ("narrow_total", 5), ("wide_total", 20)]);
}
