//! Ten thousand at once, on the real clock where time is what is claimed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use http::Request;
use ms_health::{Check, Endpoint, HealthCheck, Status};
use tower::ServiceExt as _;

const PROBES: usize = 10_000;

fn percentile_99(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 99 / 100]
}

/// Asks readiness from as many tasks as there are probes; the time of each, and its status.
async fn crowd(health: &HealthCheck) -> Vec<(Duration, u16)> {
    let mut probes = tokio::task::JoinSet::new();
    for _ in 0..PROBES {
        let service = health.endpoint(Endpoint::Ready);
        probes.spawn(async move {
            let begun = Instant::now();
            let answer = service.oneshot(Request::new(())).await.unwrap();
            (begun.elapsed(), answer.status().as_u16())
        });
    }
    probes.join_all().await
}

/// One worker, and a database whose driver blocks its thread until the test ends.
#[test]
fn a_blocked_check_on_one_worker_costs_the_crowd_one_call_and_liveness_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let (release, held) = mpsc::channel::<()>();
    let (counted, held) = (Arc::clone(&calls), Mutex::new(held));
    let database = Check::blocking("database", move || {
        counted.fetch_add(1, Ordering::Relaxed);
        held.lock().unwrap().recv().map_err(|error| error.to_string())
    });
    let deadline = Duration::from_millis(300);
    let database = database.critical().deadline(deadline).ttl(Duration::from_secs(3600));
    let health = HealthCheck::builder().add(database).build().unwrap();
    let asked = health.clone();
    let (first, live, cached) = runtime.block_on(async {
        let first = tokio::spawn({
            let health = asked.clone();
            async move { crowd(&health).await }
        });
        // On the only worker, beside the ten thousand.
        let live = tokio::spawn({
            let health = asked.clone();
            async move {
                let ask = || {
                    let begun = Instant::now();
                    let live = health.endpoint(Endpoint::Live).oneshot(Request::new(())).now_or_never();
                    (begun.elapsed(), live.expect("answered by the first poll").unwrap().status().as_u16())
                };
                (0..PROBES).map(|_| ask()).collect::<Vec<_>>()
            }
        });
        let (live, first) = (live.await.unwrap(), first.await.unwrap());
        (first, live, crowd(&asked).await)
    });
    drop(release);
    assert!(first.iter().chain(&cached).all(|(_, status)| *status == 503), "never a good answer");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    assert!(live.iter().all(|(_, status)| *status == 200));
    let live = percentile_99(live.into_iter().map(|(time, _)| time).collect());
    assert!(live < Duration::from_millis(10), "liveness: {live:?}");
    let cached = percentile_99(cached.into_iter().map(|(time, _)| time).collect());
    assert!(cached < Duration::from_millis(50), "cached: {cached:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_answers_come_within_the_deadline_and_a_tenth_of_a_second() {
    let hung = Check::new("database", std::future::pending::<Result<(), String>>).critical();
    let health = HealthCheck::builder().add(hung).build().unwrap();
    let begun = tokio::time::Instant::now();
    assert!(crowd(&health).await.iter().all(|(_, status)| *status == 503));
    assert!(begun.elapsed() <= Duration::from_millis(1100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_probes_at_a_failing_database_is_a_call_a_second() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let database = Check::new("database", move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async { Err("refused") }
    });
    let health = HealthCheck::builder().add(database.critical()).build().unwrap();
    for _ in 0..6_000 {
        let report = health.readiness().await;
        assert_eq!(report.status(), Status::Unhealthy);
        assert!(report.check("database").unwrap().age() <= Duration::from_secs(1));
        tokio::time::advance(Duration::from_millis(10)).await;
    }
    assert_eq!(calls.load(Ordering::Relaxed), 60);
}
