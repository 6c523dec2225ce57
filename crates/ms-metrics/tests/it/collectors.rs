//! Collectors of a team's own.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use metrics::{Recorder, gauge};
use ms_metrics::{BuildError, Metrics};

use crate::page::{METADATA, built, eventually, key, lines, value};

const OFTEN: Duration = Duration::from_millis(10);

fn told(metrics: &Metrics, what: &str, collector: &str) -> Option<f64> {
    value(metrics, &format!("ms_metrics_collector_{what}{{collector=\"{collector}\"}}"))
}

#[tokio::test]
async fn the_recorder_and_the_macros_reach_these_metrics() {
    let other = built();
    let mut calls = 0_u32;
    let metrics = Metrics::builder()
        .collector("pool", OFTEN, move |recorder| {
            calls += 1;
            gauge!("pool_connections").set(calls);
            recorder.register_gauge(&key("pool_waiting", &[("db", "x")]), &METADATA).set(7.0);
        })
        .build()
        .unwrap();
    eventually(|| value(&metrics, "pool_connections") >= Some(3.0)).await;
    assert_eq!(value(&metrics, "pool_waiting{db=\"x\"}"), Some(7.0));
    assert_eq!(told(&metrics, "up", "pool"), Some(1.0));
    assert_eq!(told(&metrics, "panics_total", "pool"), Some(0.0));
    assert!(told(&metrics, "age_seconds", "pool").unwrap() < 20.0);
    assert_eq!(lines(&other, "pool_connections"), [""; 0]);
}

#[tokio::test]
async fn one_that_panics_with_a_lock_held_is_counted_and_called_again() {
    let lock = Arc::new(Mutex::new(0.0));
    let shared = Arc::clone(&lock);
    let metrics = Metrics::builder()
        .collector("broken", OFTEN, move |_| {
            let mut calls = shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            *calls += 1.0;
            gauge!("calls").set(*calls);
            assert!(*calls >= 4.0, "the first three panic");
        })
        .collector("good", OFTEN, |_| gauge!("good").set(1.0))
        .build()
        .unwrap();
    eventually(|| value(&metrics, "calls") >= Some(5.0)).await;
    assert!(lock.is_poisoned());
    assert_eq!(told(&metrics, "panics_total", "broken"), Some(3.0));
    assert_eq!(told(&metrics, "up", "broken"), Some(1.0), "it has come back");
    eventually(|| value(&metrics, "good") == Some(1.0)).await;
    assert_eq!(told(&metrics, "panics_total", "good"), Some(0.0));
}

#[tokio::test]
async fn one_that_fails_is_down_until_it_succeeds_and_keeps_its_value() {
    let ((tell, calls), (answer, answers)) = (channel(), channel());
    let metrics = Metrics::builder()
        .try_collector("queue", OFTEN, move |_| {
            tell.send(()).unwrap();
            let length: f64 = answers.recv().unwrap()?;
            gauge!("queue_length").set(length);
            Ok::<_, std::num::ParseFloatError>(())
        })
        .build()
        .unwrap();
    for (text, up, shown) in [("7", 1.0, 7.0), ("x", 0.0, 7.0), ("y", 0.0, 7.0), ("8", 1.0, 8.0)] {
        calls.recv().unwrap();
        answer.send(text.parse()).unwrap();
        eventually(|| told(&metrics, "up", "queue") == Some(up)).await;
        assert_eq!(value(&metrics, "queue_length"), Some(shown));
    }
    assert_eq!(told(&metrics, "panics_total", "queue"), Some(0.0));
    assert!(told(&metrics, "age_seconds", "queue").is_some());
}

/// One that hangs until it is told to go on, and counts its calls.
fn hanging(begun: Sender<()>, go_on: Receiver<()>) -> impl FnMut(&ms_metrics::MetricsRecorder) + Send {
    move |_| {
        begun.send(()).unwrap();
        go_on.recv().unwrap();
        gauge!("answered").increment(1.0);
    }
}

#[tokio::test]
async fn one_that_hangs_is_down_after_two_seconds_and_holds_up_nobody() {
    let ((begun, calls), (answer, go_on)) = (channel(), channel());
    let metrics = Metrics::builder()
        .collector("dead", OFTEN, hanging(begun, go_on))
        .collector("alive", OFTEN, |_| gauge!("alive").increment(1.0))
        .build()
        .unwrap();
    calls.recv().unwrap();
    answer.send(()).unwrap();
    calls.recv().unwrap();
    assert_eq!(told(&metrics, "up", "dead"), Some(1.0), "it has only just begun");
    let before = value(&metrics, "alive");
    eventually(|| told(&metrics, "up", "dead") == Some(0.0)).await;
    assert!(told(&metrics, "age_seconds", "dead").unwrap() >= 2.0);
    assert_eq!(value(&metrics, "answered"), Some(1.0), "the last value stays");
    assert!(value(&metrics, "alive") > before);
    assert_eq!(told(&metrics, "up", "alive"), Some(1.0));
    assert!(calls.try_recv().is_err(), "no second call while one hangs");
    answer.send(()).unwrap();
    calls.recv().unwrap();
    assert_eq!(told(&metrics, "up", "dead"), Some(1.0));
    assert_eq!(value(&metrics, "answered"), Some(2.0));
}

#[tokio::test]
async fn the_last_clone_ends_a_collector() {
    let (begun, calls) = channel();
    let metrics =
        Metrics::builder().collector("short", OFTEN, move |_| begun.send(()).unwrap()).build().unwrap();
    let clone = metrics.clone();
    drop(metrics);
    calls.recv().unwrap();
    drop(clone);
    // The closure goes with its thread, and the sender with the closure.
    while calls.recv().is_ok() {}
    assert!(calls.recv().is_err());
}

#[test]
fn a_name_is_needed_and_must_not_be_taken() {
    for names in [["cpu", "x"], ["x", "x"], ["", "x"], ["x", "runtime"]] {
        let builder =
            names.iter().fold(Metrics::builder(), |builder, name| builder.collector(*name, OFTEN, |_| {}));
        let error = builder.build().unwrap_err();
        let taken = names.iter().any(|of| matches!(&error, BuildError::Collector { name } if name == of));
        assert!(taken, "{error}");
    }
}

#[tokio::test]
async fn clones_of_a_builder_share_the_closure() {
    let mut calls = 0;
    let builder = Metrics::builder().collector("shared", Duration::MAX, move |_| {
        calls += 1;
        gauge!("calls").set(calls);
    });
    let both = [builder.clone().build().unwrap(), builder.build().unwrap()];
    eventually(|| both.iter().all(|metrics| value(metrics, "calls").is_some())).await;
    let mut seen = both.each_ref().map(|metrics| value(metrics, "calls").unwrap());
    seen.sort_by(f64::total_cmp);
    assert_eq!(seen, [1.0, 2.0]);
}
