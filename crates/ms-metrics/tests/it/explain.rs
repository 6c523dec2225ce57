//! Why the page is as it is.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use metrics::Recorder;
use ms_metrics::{Kind, MetricExplanation, Metrics};

use crate::page::{METADATA, built, key};

fn find(metrics: &Metrics, name: &str) -> MetricExplanation {
    metrics.explain().metrics.into_iter().find(|metric| metric.name == name).unwrap()
}

fn count(metrics: &Metrics, name: &str, labels: &[(&str, &str)]) {
    metrics.recorder().register_counter(&key(name, labels), &METADATA).increment(1);
}

#[test]
fn an_overflow_is_told_with_its_label_and_time_and_without_a_value() {
    let before = SystemTime::now();
    let metrics = Metrics::builder().series_cap(3).build().unwrap();
    for name in ["Ayşe", "Mehmet", "Zeynep", "Can"] {
        count(&metrics, "visits_total", &[("kind", "emergency"), ("patient", name)]);
    }
    count(&metrics, "visits_total", &[("kind", "emergency"), ("patient", "Ayşe")]);
    let visits = find(&metrics, "visits_total");
    assert_eq!((visits.kind, visits.series), (Kind::Counter, 3));
    let overflow = visits.overflow.unwrap();
    assert_eq!((overflow.label.as_str(), overflow.registrations), ("patient", 2));
    assert!(overflow.since >= before && overflow.since <= SystemTime::now());
    assert_eq!(overflow.first_value_hash.len(), 16);
    let json = metrics.explain().to_json();
    assert!(["Ayşe", "Zeynep", "Can", "emergency"].iter().all(|value| !json.contains(value)), "{json}");
}

#[test]
fn what_found_no_room_outside_the_registry_is_told_too() {
    let metrics = Metrics::builder().departments(&["Acil"]).build().unwrap();
    metrics.business().shifts_scheduled("Dahiliye", 1);
    let overflow = find(&metrics, "scheduled_shifts_total").overflow.unwrap();
    assert_eq!((overflow.label.as_str(), overflow.registrations), ("department", 1));
}

#[test]
fn refusals_are_told_by_reason_with_the_first_name() {
    let metrics = built();
    assert!(metrics.explain().refusals.is_empty());
    count(&metrics, "m", &[]);
    for name in ["m", "active_users", "shift_conflicts"] {
        metrics.recorder().register_gauge(&key(name, &[]), &METADATA).set(1.0);
    }
    count(&metrics, &"x".repeat(300), &[]);
    count(&metrics, "of_10000000146", &[("le", "1"), ("__a", "1")]);
    let refusals = metrics.explain().refusals;
    let told: Vec<_> = refusals
        .iter()
        .map(|refusal| (refusal.reason, refusal.registrations, refusal.first_metric.as_str()))
        .collect();
    let shown = "x".repeat(64);
    assert_eq!(told, [("name", 1, &*shown), ("label_name", 1, "__redacted__"), ("kind", 2, "m")]);
}

#[test]
fn metrics_without_series_and_series_without_need_are_not_told() {
    let metrics = built();
    let names: Vec<_> = metrics.explain().metrics.into_iter().map(|metric| metric.name).collect();
    assert_eq!(names, ["active_users_total", "ms_metrics_refused_total", "shift_conflicts_total"]);
    let users = find(&metrics, "active_users_total");
    assert!(users.overflow.is_none() && users.expired == 0);
    assert!((100..1_000).contains(&users.bytes_per_series()), "{}", users.bytes_per_series());
}

#[test]
fn pythons_json_reads_it() {
    let metrics = Metrics::builder().series_cap(2).build().unwrap();
    for value in ["a", "b", "c"] {
        count(&metrics, "m", &[("l", value)]);
    }
    count(&metrics, "\"\\\n\u{7}ş\u{2028}😀", &[("", "x")]);
    let script = "import json, sys\ndata = json.load(sys.stdin.buffer)\n\
        m = [metric for metric in data['metrics'] if metric['name'] == 'm'][0]\n\
        print(data['series_cap'], m['kind'], m['series'], m['overflow']['label'], m['overflow']['registrations'])\n\
        print(ascii(data['refusals'][0]['first_metric']), data['refusals'][0]['since'] > 1e9)";
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed: apt-get install -y python3");
    python.stdin.take().unwrap().write_all(metrics.explain().to_json().as_bytes()).unwrap();
    let output = String::from_utf8(python.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(output, "2 counter 2 l 2\n'\"\\\\\\n\\x07\\u015f\\u2028\\U0001f600' True\n");
}
