//! Series that nobody uses any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metrics::Recorder;
use ms_metrics::{Metrics, MetricsBuilder};

use crate::page::{METADATA, key, lines, value};

const MINUTE: Duration = Duration::from_secs(60);

/// Runs `test` on a clock that stands still until it is moved.
fn on_a_clock(
    build: impl Fn(MetricsBuilder) -> MetricsBuilder,
    test: impl FnOnce(&Metrics, &dyn Fn(Duration)),
) {
    let (clock, mock) = quanta::Clock::mock();
    quanta::with_clock(&clock, || {
        let metrics = build(Metrics::builder().idle_timeout(MINUTE)).build().unwrap();
        test(&metrics, &|span| mock.increment(span));
    });
}

/// Lets `minutes` pass and looks for idle series in each quarter.
fn pass(metrics: &Metrics, after: &dyn Fn(Duration), minutes: u32) {
    for _ in 0..minutes * 4 {
        after(MINUTE / 4);
        metrics.render();
    }
}

fn count(metrics: &Metrics, labels: &[(&str, &str)], step: u64) {
    metrics.recorder().register_counter(&key("c", labels), &METADATA).increment(step);
}

#[test]
fn an_idle_counter_leaves_and_its_total_stays() {
    on_a_clock(
        |builder| builder,
        |metrics, after| {
            count(metrics, &[("a", "1")], 3);
            count(metrics, &[("a", "2")], 4);
            metrics.render();
            for _ in 0..8 {
                after(MINUTE / 4);
                count(metrics, &[("a", "2")], 1);
                metrics.render();
            }
            assert_eq!(lines(metrics, "c"), ["c{a=\"2\"} 12", "c{a=\"__other__\"} 3"]);
            count(metrics, &[("a", "1")], 1);
            assert_eq!(lines(metrics, "c"), ["c{a=\"2\"} 12", "c{a=\"__other__\"} 3", "c{a=\"1\"} 1"]);
            pass(metrics, after, 2);
            assert_eq!(
                lines(metrics, "c"),
                ["c{a=\"__other__\"} 16"],
                "what stands for others is never idle"
            );
        },
    );
}

#[test]
fn nothing_leaves_before_its_time_or_without_being_asked() {
    on_a_clock(
        |builder| builder,
        |metrics, after| {
            count(metrics, &[("a", "1")], 3);
            metrics.render();
            for _ in 0..4 {
                assert_eq!(lines(metrics, "c"), ["c{a=\"1\"} 3"]);
                after(MINUTE / 4 - Duration::from_millis(1));
            }
        },
    );
    let (clock, mock) = quanta::Clock::mock();
    quanta::with_clock(&clock, || {
        let metrics = Metrics::builder().build().unwrap();
        count(&metrics, &[("a", "1")], 3);
        for _ in 0..100 {
            mock.increment(MINUTE * 60);
            metrics.render();
        }
        assert_eq!(lines(&metrics, "c"), ["c{a=\"1\"} 3"]);
    });
}

#[test]
fn no_time_is_too_long() {
    let metrics = Metrics::builder().idle_timeout(Duration::MAX).build().unwrap();
    count(&metrics, &[("a", "1")], 3);
    assert_eq!(lines(&metrics, "c"), ["c{a=\"1\"} 3"]);
}

#[test]
fn a_series_stays_while_its_handle_is_held() {
    on_a_clock(
        |builder| builder.buckets("h", &[1.0]),
        |metrics, after| {
            let recorder = metrics.recorder();
            let counter = recorder.register_counter(&key("c", &[("a", "1")]), &METADATA);
            let gauge = recorder.register_gauge(&key("g", &[("a", "1")]), &METADATA);
            let histogram = recorder.register_histogram(&key("h", &[("a", "1")]), &METADATA);
            let summary = recorder.register_histogram(&key("s", &[("a", "1")]), &METADATA);
            pass(metrics, after, 60);
            counter.increment(1);
            gauge.set(2.0);
            histogram.record(0.5);
            summary.record(0.5);
            for (line, number) in [("c", 1.0), ("g", 2.0), ("h_count", 1.0), ("s_count", 1.0)] {
                assert_eq!(value(metrics, &format!("{line}{{a=\"1\"}}")), Some(number));
            }
            drop((counter, gauge, histogram, summary));
            pass(metrics, after, 2);
            for (line, number) in
                [("c", Some(1.0)), ("g", None), ("h_count", Some(1.0)), ("s_count", Some(1.0))]
            {
                assert_eq!(value(metrics, &format!("{line}{{a=\"1\"}}")), None);
                assert_eq!(value(metrics, &format!("{line}{{a=\"__other__\"}}")), number);
            }
        },
    );
}

#[test]
fn buckets_and_sums_move_as_a_whole() {
    on_a_clock(
        |builder| builder.buckets("h", &[1.0, 2.0]),
        |metrics, after| {
            for (name, sample) in [("h", 0.5), ("h", 1.5), ("h", 9.0), ("s", 0.25), ("s", 0.5)] {
                for labels in [[("a", "1")], [("a", "2")]] {
                    metrics.recorder().register_histogram(&key(name, &labels), &METADATA).record(sample);
                }
            }
            metrics.render();
            pass(metrics, after, 2);
            let page = metrics.render();
            for line in [
                "h_bucket{a=\"__other__\",le=\"1\"} 2",
                "h_bucket{a=\"__other__\",le=\"2\"} 4",
                "h_bucket{a=\"__other__\",le=\"+Inf\"} 6",
                "h_sum{a=\"__other__\"} 22",
                "h_count{a=\"__other__\"} 6",
                "s{a=\"__other__\",quantile=\"0.5\"} NaN",
                "s_sum{a=\"__other__\"} 1.5",
                "s_count{a=\"__other__\"} 4",
            ] {
                assert!(page.contains(&format!("{line}\n")), "{line} is not in\n{page}");
            }
            assert!(!page.contains("a=\"1\""));
        },
    );
}

#[test]
fn a_gauge_that_is_set_to_what_it_is_is_in_use() {
    on_a_clock(
        |builder| builder,
        |metrics, after| {
            for _ in 0..20 {
                metrics.recorder().register_gauge(&key("g", &[("a", "1")]), &METADATA).set(5.0);
                // An empty value is no label, so such a key is never remembered.
                metrics.recorder().register_gauge(&key("g", &[("a", "2"), ("b", "")]), &METADATA).set(6.0);
                after(MINUTE / 4);
                assert_eq!(lines(metrics, "g"), ["g{a=\"1\"} 5", "g{a=\"2\"} 6"]);
            }
            pass(metrics, after, 2);
            assert_eq!(lines(metrics, "g").len(), 0);
        },
    );
}

#[test]
fn series_without_labels_and_those_of_the_library_stay() {
    on_a_clock(
        |builder| builder.departments(&["Acil"]).series_cap(3),
        |metrics, after| {
            count(metrics, &[], 1);
            for number in 0..5 {
                metrics
                    .recorder()
                    .register_counter(&key("many", &[("n", &number.to_string())]), &METADATA)
                    .increment(1);
            }
            let before = metrics.render();
            pass(metrics, after, 3);
            let stays = |line: &&str| !line.starts_with("many{");
            assert!(before.lines().filter(stays).eq(metrics.render().lines().filter(stays)));
            assert_eq!(lines(metrics, "many"), ["many{n=\"__other__\"} 5"]);
        },
    );
}

#[test]
fn what_left_makes_room() {
    on_a_clock(
        |builder| builder.series_cap(4),
        |metrics, after| {
            for round in 0..50 {
                for number in 0..3 {
                    count(metrics, &[("a", &format!("{round}-{number}"))], 1);
                }
                assert_eq!(lines(metrics, "c").len(), 3 + usize::from(round > 0));
                pass(metrics, after, 2);
            }
            assert_eq!(lines(metrics, "c"), ["c{a=\"__other__\"} 150"]);
            assert_eq!(lines(metrics, "ms_metrics_label_overflow_total").len(), 0);
        },
    );
}

#[test]
fn label_names_keep_their_first_spelling_while_a_series_has_them() {
    on_a_clock(
        |builder| builder,
        |metrics, after| {
            count(metrics, &[("x.y", "1")], 1);
            metrics.recorder().register_gauge(&key("g", &[("x.y", "1")]), &METADATA).set(1.0);
            pass(metrics, after, 2);
            for label in ["x.y", "x-y"] {
                count(metrics, &[(label, "2")], 1);
                metrics.recorder().register_gauge(&key("g", &[(label, label)]), &METADATA).set(1.0);
            }
            assert_eq!(lines(metrics, "c"), ["c{x_y=\"__other__\"} 1", "c{x_y=\"2\"} 1"]);
            assert_eq!(lines(metrics, "g"), ["g{x_y=\"x.y\"} 1"]);
            pass(metrics, after, 2);
            metrics.recorder().register_gauge(&key("g", &[("x-y", "3")]), &METADATA).set(1.0);
            assert_eq!(lines(metrics, "g"), ["g{x_y=\"3\"} 1"], "nobody else has the name any more");
        },
    );
}

#[test]
fn series_leave_though_nobody_reads() {
    on_a_clock(
        |builder| builder,
        |metrics, after| {
            for number in 0..10_000 {
                count(metrics, &[("a", &number.to_string())], 1);
                after(Duration::from_secs(1));
            }
            let series = lines(metrics, "c");
            assert!(series.len() < 100, "{}", series.len());
            let number = |line: &String| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap();
            assert_eq!(series.iter().map(number).sum::<u64>(), 10_000);
            assert_eq!(lines(metrics, "ms_metrics_label_overflow_total").len(), 0);
        },
    );
}

#[test]
fn nothing_is_lost_while_threads_count_and_series_leave() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 20_000;
    let (clock, mock) = quanta::Clock::mock();
    let metrics = quanta::with_clock(&clock, || {
        Metrics::builder().idle_timeout(Duration::from_secs(1)).buckets("h", &[1.0]).build().unwrap()
    });
    let over = Arc::new(AtomicBool::new(false));
    let sweeper = {
        let (metrics, clock, over) = (metrics.clone(), clock.clone(), Arc::clone(&over));
        std::thread::spawn(move || {
            quanta::with_clock(&clock, || {
                let mut left = 0_u32;
                while !over.load(Ordering::Relaxed) {
                    mock.increment(Duration::from_secs(1));
                    left += u32::from(metrics.render().contains("__other__"));
                }
                left
            })
        })
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (metrics, clock) = (&metrics, &clock);
            scope.spawn(move || {
                quanta::with_clock(clock, || {
                    for call in 0..CALLS {
                        let value = ((call * 7 + thread) % 50).to_string();
                        count(metrics, &[("a", &value)], 1);
                        let key = key("h", &[("a", &value)]);
                        metrics.recorder().register_histogram(&key, &METADATA).record(0.5);
                    }
                });
            });
        }
    });
    over.store(true, Ordering::Relaxed);
    assert!(sweeper.join().unwrap() > 0, "some series left meanwhile");
    let sum = |name: &str| -> f64 {
        lines(&metrics, name)
            .iter()
            .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
            .sum()
    };
    let calls = (THREADS * CALLS) as f64;
    assert_eq!((sum("c"), sum("h_count"), sum("h_sum")), (calls, calls, calls / 2.0));
}
