//! The module `testing`: what a team asserts in tests of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use http_body_util::BodyExt as _;
use metrics::{counter, gauge, histogram};
use ms_metrics::Metrics;
use ms_metrics::testing::Recorded;
use tower::ServiceExt as _;

/// What a look-up panics with.
fn complaint<T>(look_up: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(look_up)) {
        Ok(_) => panic!("it was found"),
        Err(payload) => payload.downcast_ref::<String>().expect("a message").clone(),
    }
}

#[test]
fn each_kind_is_looked_up_by_name_and_labels() {
    let metrics = Metrics::builder().buckets("wait_seconds", &[0.5, 2.0]).build().unwrap();
    let recorded = Recorded::of(&metrics);
    let answer = recorded.run(|| {
        counter!("jobs_total", "queue" => "a", "ok" => "yes").increment(2);
        counter!("jobs_total", "ok" => "no", "queue" => "a").increment(3);
        gauge!("depth", "queue" => "say \"ş\"\\\n").set(-1.5);
        histogram!("wait_seconds").record(0.5);
        histogram!("wait_seconds").record(7.0);
        histogram!("size_bytes").record(10.0);
        "answer"
    });
    assert_eq!(answer, "answer");
    assert_eq!(recorded.counter("jobs_total", &[("ok", "yes"), ("queue", "a")]), 2);
    assert_eq!(recorded.total("jobs_total", &[("queue", "a")]), 5);
    assert_eq!(recorded.total("jobs_total", &[("queue", "b")]), 0);
    assert_eq!(recorded.total("nowhere_total", &[]), 0);
    assert_eq!((recorded.series("jobs_total"), recorded.series("nowhere_total")), (2, 0));
    assert_eq!(recorded.gauge("depth", &[("queue", "say \"ş\"\\\n")]), -1.5);
    let waits = recorded.histogram("wait_seconds", &[]);
    assert_eq!((waits.count, waits.sum), (2, 7.5));
    assert_eq!(waits.buckets, [(0.5, 1), (2.0, 1), (f64::INFINITY, 2)]);
    let sizes = recorded.histogram("size_bytes", &[]);
    assert_eq!((sizes.count, sizes.sum, sizes.buckets.len()), (1, 10.0, 0), "a summary");
}

#[test]
fn a_label_given_twice_stands_for_no_other() {
    let recorded = Recorded::new();
    recorded.run(|| counter!("jobs_total", "queue" => "a", "ok" => "yes").increment(2));
    let said = complaint(|| recorded.counter("jobs_total", &[("queue", "a"), ("queue", "a")]));
    assert!(said.starts_with("no series jobs_total{queue=\"a\",queue=\"a\"}"), "{said}");
}

#[test]
fn a_name_is_found_as_it_was_given_and_as_it_is_shown() {
    let recorded = Recorded::new();
    recorded.run(|| counter!("jobs.done").increment(1));
    assert_eq!((recorded.counter("jobs.done", &[]), recorded.counter("jobs_done", &[])), (1, 1));
}

#[test]
fn what_is_not_found_is_named_with_what_comes_nearest() {
    let recorded = Recorded::new();
    recorded.run(|| {
        counter!("jobs_total", "queue" => "print", "ok" => "yes").increment(1);
        counter!("jobs_total", "queue" => "mail", "ok" => "yes").increment(2);
        gauge!("jobs_waiting").set(0.5);
        histogram!("jobs_seconds").record(0.25);
    });
    assert_eq!(
        complaint(|| recorded.counter("jobs_total", &[("queue", "mail"), ("ok", "no")])),
        "no series jobs_total{queue=\"mail\",ok=\"no\"}; nearest:\n  \
         jobs_total{queue=\"mail\",ok=\"yes\"} 2\n  jobs_total{queue=\"print\",ok=\"yes\"} 1"
    );
    assert_eq!(complaint(|| recorded.counter("jobs_total", &[])).lines().count(), 3, "labels are exact");
    let unknown = complaint(|| recorded.gauge("job_waiting", &[]));
    assert!(unknown.starts_with("no gauge `job_waiting`; nearest:\n  jobs_waiting 0.5\n"), "{unknown}");
    assert!(unknown.contains("\n  jobs_seconds count 1, sum 0.25"), "{unknown}");
    assert_eq!(
        complaint(|| recorded.histogram("ÿ", &[])),
        "no histogram `ÿ`; nothing is like it",
        "not even a name"
    );
    for wrong in [
        complaint(|| recorded.counter("jobs_waiting", &[])),
        complaint(|| recorded.total("jobs_waiting", &[])),
    ] {
        assert_eq!(wrong, "`jobs_waiting` is a gauge, not a counter");
    }
    assert_eq!(complaint(|| recorded.gauge("jobs_seconds", &[])), "`jobs_seconds` is a summary, not a gauge");
}

#[test]
fn a_long_list_is_cut() {
    let recorded = Recorded::new();
    recorded.run(|| (0..30).for_each(|n| counter!("rooms_total", "n" => n.to_string()).increment(1)));
    let message = complaint(|| recorded.counter("rooms_total", &[("n", "x")]));
    assert!(message.ends_with("\n  and 22 more"), "{message}");
}

#[test]
fn two_in_one_process_never_meet() {
    let threads: Vec<_> = (1..=8_u64)
        .map(|number| {
            std::thread::spawn(move || {
                let recorded = Recorded::new();
                for _ in 0..1000 {
                    recorded.run(|| counter!("clash_total").increment(number));
                }
                assert_eq!(recorded.counter("clash_total", &[]), 1000 * number);
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Counts when it is dropped.
struct Counted(&'static str);

impl Drop for Counted {
    fn drop(&mut self) {
        counter!("drops_total", "of" => self.0).increment(1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn futures_are_recorded_wherever_they_run_and_when_they_are_dropped() {
    let (one, two) = (Recorded::new(), Recorded::new());
    let work = |times: u64| async move {
        let _counted = Counted("work");
        for _ in 0..times {
            counter!("steps_total").increment(1);
            tokio::task::yield_now().await;
        }
        times
    };
    let both = (tokio::spawn(one.scope(work(50))), tokio::spawn(two.scope(work(70))));
    assert_eq!((both.0.await.unwrap(), both.1.await.unwrap()), (50, 70));
    assert_eq!((one.counter("steps_total", &[]), two.counter("steps_total", &[])), (50, 70));
    let mut cancelled = Box::pin(one.scope(async {
        let _counted = Counted("cancelled");
        std::future::pending::<()>().await;
    }));
    assert!(futures_poll_once(&mut cancelled).await.is_pending());
    drop(cancelled);
    assert_eq!(one.counter("drops_total", &[("of", "cancelled")]), 1);
    assert_eq!(one.counter("drops_total", &[("of", "work")]), 1);
    counter!("steps_total").increment(1);
    assert_eq!(one.counter("steps_total", &[]), 50, "nothing stays behind on the thread");
}

async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> std::task::Poll<F::Output> {
    std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}

#[tokio::test]
async fn spawned_tasks_of_a_current_thread_runtime_are_recorded_through_the_local_recorder() {
    let recorded = Recorded::new();
    let _local = metrics::set_default_local_recorder(recorded.recorder());
    tokio::spawn(async { counter!("ticks_total").increment(4) }).await.unwrap();
    assert_eq!(recorded.counter("ticks_total", &[]), 4);
}

#[tokio::test]
async fn the_layers_of_its_metrics_need_no_recorder() {
    let recorded = Recorded::new();
    let app =
        Router::new().route("/beds/{id}", get(|| async { "bed" })).layer(recorded.metrics().http_layer());
    let answer = app.oneshot(Request::get("/beds/7").body(Body::empty()).unwrap()).await.unwrap();
    answer.into_body().collect().await.unwrap();
    let route = [("method", "GET"), ("endpoint", "/beds/{id}")];
    assert_eq!(recorded.total("http_requests_total", &route), 1);
    assert_eq!(recorded.histogram("http_request_duration_seconds", &route).count, 1);
}
