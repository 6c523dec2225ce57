//! Many threads at once.

use std::sync::Barrier;

use metrics::Recorder;
use ms_metrics::Metrics;

use crate::page::{METADATA, key, lines, value};

const THREADS: usize = 8;

/// Runs `work` on all threads at the same moment.
fn at_once(work: impl Fn(usize) + Sync) {
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (work, barrier) = (&work, &barrier);
            scope.spawn(move || {
                barrier.wait();
                work(thread);
            });
        }
    });
}

#[test]
fn registering_counting_and_rendering_at_once_loses_nothing() {
    let metrics = Metrics::builder().buckets("h", &[1.0, 2.0]).build().unwrap();
    at_once(|thread| {
        let recorder = metrics.recorder();
        for round in 0..2_000 {
            // All threads meet at the same new series, in their own order.
            let value = ((round * 7 + thread * 13) % 300).to_string();
            let labels =
                if thread % 2 == 0 { [("a", &*value), ("b", "x")] } else { [("b", "x"), ("a", &*value)] };
            recorder.register_counter(&key("c", &labels), &METADATA).increment(1);
            recorder.register_gauge(&key("g", &labels), &METADATA).increment(0.5);
            recorder.register_histogram(&key("h", &labels), &METADATA).record(1.5);
            if round % 200 == 0 {
                let page = metrics.render();
                assert!(page.ends_with('\n') && page.contains("active_users_total 0"));
            }
        }
    });
    let sum = |name: &str| -> f64 {
        let series = lines(&metrics, name);
        assert_eq!(series.len(), 300, "{name}");
        series.iter().map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    };
    let calls = (THREADS * 2_000) as f64;
    assert_eq!(sum("c"), calls);
    assert_eq!(sum("g"), calls / 2.0);
    assert_eq!(sum("h_count"), calls);
    assert_eq!(sum("h_sum"), calls * 1.5);
}

#[test]
fn overflow_under_contention_is_exact() {
    let metrics = Metrics::builder().series_cap(50).build().unwrap();
    at_once(|thread| {
        for round in 0..2_000 {
            let value = format!("{thread}-{round}");
            metrics.recorder().register_counter(&key("c", &[("v", &value)]), &METADATA).increment(1);
        }
    });
    let series = lines(&metrics, "c");
    assert_eq!(series.len(), 50);
    let number = |line: &String| line.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap();
    assert_eq!(series.iter().map(number).sum::<usize>(), THREADS * 2_000);
    let overflow = value(&metrics, "ms_metrics_label_overflow_total{metric=\"c\",label=\"v\"}");
    assert_eq!(overflow, Some((THREADS * 2_000 - 49) as f64));
}

#[test]
fn a_bucket_never_counts_less_than_the_one_below() {
    let metrics = Metrics::builder().buckets("h", &[1.0, 2.0, 3.0]).build().unwrap();
    let histogram = metrics.recorder().register_histogram(&key("h", &[]), &METADATA);
    at_once(|thread| {
        for round in 0..5_000 {
            histogram.record(f64::from((round + thread as i32) % 5));
            if round % 500 == 0 {
                let counts: Vec<u64> = lines(&metrics, "h_bucket")
                    .iter()
                    .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
                    .collect();
                assert!(counts.is_sorted() && counts.len() == 4, "{counts:?}");
            }
        }
    });
    assert_eq!(value(&metrics, "h_count"), Some((THREADS * 5_000) as f64));
}
