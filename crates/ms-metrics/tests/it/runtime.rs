//! tokio runtimes.

use std::time::{Duration, Instant};

use ms_metrics::Metrics;
use tokio::runtime::{Builder, Handle};

use crate::page::{eventually, value};

#[test]
fn workers_tasks_and_busy_time_of_the_runtime_given() {
    let runtime = Builder::new_multi_thread().worker_threads(3).build().unwrap();
    let metrics = Metrics::builder().runtime(runtime.handle().clone()).build().unwrap();
    let (hold, held) = tokio::sync::watch::channel(());
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let mut held = held.clone();
            runtime.spawn(async move { held.changed().await })
        })
        .collect();
    let work = runtime.spawn(async {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
    });
    // Not on the runtime that is measured.
    let waiting = Builder::new_current_thread().build().unwrap();
    waiting.block_on(async {
        work.await.unwrap();
        eventually(|| value(&metrics, "tokio_live_tasks") == Some(5.0)).await;
        eventually(|| value(&metrics, "tokio_busy_seconds_total") >= Some(0.02)).await;
    });
    assert_eq!(value(&metrics, "tokio_workers"), Some(3.0));
    assert_eq!(value(&metrics, "tokio_global_queue_depth"), Some(0.0));
    assert!(value(&metrics, "tokio_parks_total") > Some(0.0));
    assert_eq!(value(&metrics, "ms_metrics_collector_up{collector=\"runtime\"}"), Some(1.0));
    assert!(metrics.render().contains("# TYPE tokio_busy_seconds_total counter\n"));
    drop(hold);
    waiting.block_on(async {
        for task in tasks {
            assert!(task.await.unwrap().is_err(), "the sender is gone");
        }
        eventually(|| value(&metrics, "tokio_live_tasks") == Some(0.0)).await;
    });
    // Reading goes on when the runtime has ended.
    drop(runtime);
    assert_eq!(value(&metrics, "tokio_workers"), Some(3.0));
}

#[tokio::test]
async fn a_runtime_of_one_thread() {
    let metrics = Metrics::builder().runtime(Handle::current()).build().unwrap();
    eventually(|| value(&metrics, "tokio_workers") == Some(1.0)).await;
    let off = Metrics::builder().build().unwrap();
    assert_eq!(value(&off, "tokio_workers"), None, "off by default");
}
