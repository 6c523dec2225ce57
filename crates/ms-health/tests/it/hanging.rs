//! Checks that panic, block their thread, or lose their runtime.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ms_health::{Check, Endpoint, HealthCheck, Reason, Status};
use tower::ServiceExt as _;

/// Answers of short deadlines are soon too old for a machine that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("in drop");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_failure_of_its_check_alone() {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    let health = HealthCheck::builder()
        .add(Check::new("once", move || {
            assert!(counted.fetch_add(1, Ordering::Relaxed) > 0, "the first call panics");
            async { Ok::<_, String>(()) }
        }))
        .check("later", || async {
            tokio::task::yield_now().await;
            panic!("with the secret hunter2");
            #[expect(unreachable_code, reason = "names the type")]
            Ok::<_, String>(())
        })
        .check("dropped", || async {
            let _guard = PanicsOnDrop;
            std::future::pending::<Result<(), String>>().await
        })
        .check("told", || async { Err(PanicsWhenShown) })
        .critical("database", || async { Ok::<_, String>(()) })
        .build()
        .unwrap();
    let report = health.report().await;
    let reason = |name| report.check(name).and_then(ms_health::CheckReport::reason);
    assert_eq!(reason("once"), Some(Reason::Panicked));
    assert_eq!(reason("later"), Some(Reason::Panicked));
    assert_eq!(reason("dropped"), Some(Reason::Timeout));
    assert_eq!(reason("told"), Some(Reason::Panicked));
    assert_eq!((reason("database"), report.status()), (None, Status::Degraded));
    assert!(!serde_json::to_string(&report).unwrap().contains("hunter2"));

    tokio::time::advance(Duration::from_secs(2)).await;
    let next = health.report().await;
    assert_eq!(next.check("once").unwrap().status(), Status::Healthy, "the next run works");
}

struct PanicsWhenShown;

impl std::fmt::Display for PanicsWhenShown {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("in Display")
    }
}

/// One worker, and a check that blocks until the test lets it go.
#[test]
fn a_thread_that_hangs_is_left_alone_and_never_doubled() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let calls = Arc::new(AtomicU32::new(0));
    let (release, held) = mpsc::channel::<()>();
    let (counted, held) = (Arc::clone(&calls), Mutex::new(held));
    let check = Check::blocking("database", move || {
        counted.fetch_add(1, Ordering::Relaxed);
        held.lock().unwrap().recv().map_err(|error| error.to_string())
    });
    let check = check.critical().deadline(Duration::from_millis(100)).ttl(Duration::ZERO).max_age(PATIENCE);
    let health = HealthCheck::builder().add(check).build().unwrap();
    runtime.block_on(async {
        for _ in 0..3 {
            let report = health.report().await;
            assert_eq!(report.check("database").unwrap().reason(), Some(Reason::Timeout));
            let live = http::Request::get("/health/live").body(()).unwrap();
            let live = tokio::spawn(health.endpoint(Endpoint::Live).oneshot(live)).await.unwrap().unwrap();
            assert_eq!(live.status(), 200, "the only worker is free");
        }
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        // The hung thread ends, then the next run gets its own answer.
        release.send(()).unwrap();
        release.send(()).unwrap();
        assert_eq!(health.report().await.status(), Status::Healthy);
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    });
}

#[test]
fn a_blocking_panic_is_reported_and_the_next_run_works() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let runs = AtomicU32::new(0);
    let check = Check::blocking("disk", move || {
        assert!(runs.fetch_add(1, Ordering::Relaxed) > 0, "the first call panics");
        Ok::<_, String>(())
    });
    // To tell of a panic takes its time, too, where the lines of the stack are named.
    let check = check.critical().ttl(Duration::ZERO).deadline(PATIENCE);
    let health = HealthCheck::builder().add(check).build().unwrap();
    let reason = |health: &HealthCheck| runtime.block_on(health.report()).check("disk").unwrap().reason();
    assert_eq!(reason(&health), Some(Reason::Panicked));
    assert_eq!(reason(&health), None);
}

#[test]
fn a_runtime_that_ends_under_a_run_leaves_no_stuck_answer() {
    let health = HealthCheck::builder().critical("database", || async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Ok::<_, String>(())
    });
    let health = health.build().unwrap();
    let first = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    first.block_on(async {
        let begun = tokio::time::timeout(Duration::ZERO, health.report()).await;
        assert!(begun.is_err(), "begun and not ended");
    });
    drop(first);
    let without = futures_executor(health.report());
    assert_eq!(without.status(), Status::Unknown, "no runtime, no answer, never a good one");
    let second = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(second.block_on(health.report()).status(), Status::Healthy);
}

/// Polls without any runtime.
fn futures_executor<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("waits for a runtime that is not there"),
    }
}

/// An async check that blocks a worker although it must not: even a single worker is free for the rest.
#[test]
fn an_async_check_that_blocks_its_worker_fails_alone() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (release, held) = mpsc::channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let blocks = Check::new("database", move || {
        let held = Arc::clone(&held);
        async move { held.lock().unwrap().recv().map_err(|error| error.to_string()) }
    });
    let health = HealthCheck::builder()
        .add(blocks.critical().deadline(Duration::from_millis(100)))
        .check("cache", || async { Ok::<_, String>(()) })
        .build()
        .unwrap();
    // On the worker, beside the check; the main thread only waits.
    let asked = health.clone();
    let report = runtime.block_on(async { tokio::spawn(async move { asked.report().await }).await }).unwrap();
    assert_eq!(health.abandoned_runs(), 1);
    release.send(()).unwrap();
    assert_eq!(report.check("database").unwrap().reason(), Some(Reason::Timeout));
    assert_eq!(report.check("cache").unwrap().status(), Status::Healthy, "{report:?}");
}

/// A check that hangs until the sender is dropped, and says so when it begins.
fn hung(name: &str) -> (Check, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let ((began, begun), (release, held)) = (mpsc::channel(), mpsc::channel::<()>());
    let held = Mutex::new(held);
    let check = Check::blocking(name, move || {
        let _ = began.send(());
        held.lock().unwrap().recv().map_err(|error| error.to_string())
    });
    (check.deadline(Duration::from_millis(20)).ttl(Duration::ZERO).max_age(PATIENCE), begun, release)
}

#[test]
fn what_hangs_takes_nobodys_place_and_is_counted_until_it_ends() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (check, _begun, release) = hung("disk");
    let health = HealthCheck::builder().concurrency(1).add(check);
    let health = health.check("cache", || async { Ok::<_, String>(()) }).build().unwrap();
    runtime.block_on(async {
        let report = health.report().await;
        assert_eq!(report.check("disk").unwrap().reason(), Some(Reason::Timeout));
        assert_eq!(report.check("cache").unwrap().status(), Status::Healthy, "it got the only place");
        assert_eq!(health.abandoned_runs(), 1);
        drop(release);
        let ended = async {
            while health.abandoned_runs() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.expect("the thread ends");
        // In time, if the machine lets it.
        let failed = Some(Reason::Failed);
        let again = async { while health.report().await.check("disk").unwrap().reason() != failed {} };
        tokio::time::timeout(PATIENCE, again).await.expect("the next run gets its own answer");
    });
}

#[test]
fn no_run_is_begun_past_the_bound_of_abandoned_ones() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, first_begun, _first_release) = hung("first");
    let (second, _second_begun, _second_release) = hung("second");
    let third = Check::new("third", || async { Ok::<_, String>(()) }).ttl(Duration::ZERO);
    let third = third.deadline(Duration::from_millis(50));
    let health = HealthCheck::builder().max_abandoned_runs(2).add(first).add(second).add(third);
    let health = health.build().unwrap();
    runtime.block_on(async {
        assert_eq!(health.report().await.check("third").unwrap().status(), Status::Healthy);
        assert_eq!(health.abandoned_runs(), 2);
        let report = health.report().await;
        let third = report.check("third").unwrap();
        assert_eq!((third.status(), third.reason()), (Status::Unknown, Some(Reason::NotRun)));
        assert_eq!((first_begun.try_iter().count(), health.abandoned_runs()), (1, 2));
    });
}

/// A future that is told to stop at its deadline hangs until the runtime comes to drop it, and no longer.
#[tokio::test(start_paused = true)]
async fn what_stops_when_told_to_keeps_no_other_check_from_running() {
    let hung = Check::new("hung", std::future::pending::<Result<(), String>>);
    let fine = Check::new("fine", || async { Ok::<_, String>(()) });
    let health = HealthCheck::builder().max_abandoned_runs(1).add(hung).add(fine);
    let health = health.group("fine", ["fine"]).group("hung", ["hung"]).build().unwrap();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
    let asked = health.clone();
    // Wakes when the other check passes its deadline, before that is dropped.
    let fine = tokio::spawn(async move {
        tokio::time::sleep_until(deadline).await;
        asked.group("fine").await.unwrap()
    });
    tokio::task::yield_now().await;
    assert_eq!(health.group("hung").await.unwrap().checks()[0].reason(), Some(Reason::Timeout));
    assert_eq!(fine.await.unwrap().status(), Status::Healthy);
    assert_eq!(health.abandoned_runs(), 0);
}

#[test]
fn a_hung_thread_keeps_no_runtime_from_ending() {
    let (check, begun, _release) = hung("disk");
    let health = HealthCheck::builder().add(check).build().unwrap();
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(health.report());
        drop(runtime);
        ended.send(()).unwrap();
    });
    begun.recv().unwrap();
    end.recv_timeout(Duration::from_secs(30)).expect("the runtime ends while the thread hangs");
}

#[test]
fn an_answer_past_its_maximum_age_is_unknown_when_the_runner_is_stuck() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let health = {
        let _entered = runtime.enter();
        let database = Check::new("database", || async { Ok::<_, String>(()) }).critical();
        let database = database.max_age(Duration::from_millis(100));
        HealthCheck::builder().add(database).background(Duration::from_secs(3600)).build().unwrap()
    };
    runtime.block_on(async {
        while health.report().await.status() != Status::Healthy {
            tokio::task::yield_now().await;
        }
    });
    // Nobody drives the runtime from here on: it is as good as stuck.
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    let ready = || {
        let request = http::Request::get("/health/ready").body(()).unwrap();
        futures_executor(health.service().oneshot(request)).unwrap()
    };
    while ready().status() == 200 {
        assert!(std::time::Instant::now() < deadline, "healthy for ever");
        std::thread::yield_now();
    }
    assert_eq!(ready().status(), 503);
    let report = futures_executor(health.report());
    let database = report.check("database").unwrap();
    assert_eq!((database.status(), database.reason()), (Status::Unknown, Some(Reason::NotRun)));
    assert!(database.age() > Duration::from_millis(100), "and it says how old its last answer is");
}
