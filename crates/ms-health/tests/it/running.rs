//! When checks run, and for whom. The clock is tokio's, paused: nothing here waits for real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use ms_health::{Check, Finding, HealthCheck, Probe, Reason, Status};
use tokio::time::{Instant, advance};

const MS: Duration = Duration::from_millis(1);

/// Counts its calls, takes `takes`, fails while `failing`.
#[derive(Clone, Default)]
struct Database {
    calls: Arc<AtomicU32>,
    ended: Arc<AtomicU32>,
    failing: Arc<AtomicBool>,
    takes: Duration,
}

impl Database {
    fn taking(takes: Duration) -> Self {
        Self { takes, ..Self::default() }
    }

    fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    fn check(&self) -> Check {
        let database = self.clone();
        Check::new("database", move || {
            let database = database.clone();
            database.calls.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(database.takes).await;
                database.ended.fetch_add(1, Ordering::Relaxed);
                if database.failing.load(Ordering::Relaxed) { Err("refused") } else { Ok(()) }
            }
        })
        .critical()
    }

    fn health(&self) -> HealthCheck {
        HealthCheck::builder().add(self.check()).build().unwrap()
    }
}

fn status_of(health: &HealthCheck) -> impl Future<Output = Status> + Send + 'static {
    let health = health.clone();
    async move { health.report().await.status() }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_probes_at_once_run_each_check_once() {
    let databases = [Database::taking(30 * MS), Database::taking(70 * MS)];
    let [first, second] = &databases;
    let other = Check::new("cache", {
        let calls = Arc::clone(&second.calls);
        move || {
            calls.fetch_add(1, Ordering::Relaxed);
            async {
                tokio::time::sleep(70 * MS).await;
                Ok::<_, &str>(())
            }
        }
    });
    let health = HealthCheck::builder().add(first.check()).add(other).build().unwrap();
    let start = Instant::now();
    let mut probes = tokio::task::JoinSet::new();
    for _ in 0..1000 {
        probes.spawn(status_of(&health));
    }
    assert!(probes.join_all().await.into_iter().all(|status| status == Status::Healthy));
    assert_eq!((first.calls(), second.calls()), (1, 1));
    assert_eq!(start.elapsed(), 70 * MS, "the checks ran side by side");
}

#[tokio::test(start_paused = true)]
async fn an_answer_serves_until_its_ttl_good_or_bad() {
    for failing in [false, true] {
        let database = Database::default();
        database.failing.store(failing, Ordering::Relaxed);
        let health = database.health();
        let expected = if failing { Status::Unhealthy } else { Status::Healthy };
        assert_eq!(status_of(&health).await, expected);
        advance(999 * MS).await;
        let report = health.report().await;
        assert_eq!(
            (report.status(), database.calls()),
            (expected, 1),
            "a sick database is not hammered either"
        );
        assert!(report.check("database").unwrap().age() >= 999 * MS);
        advance(2 * MS).await;
        assert_eq!((status_of(&health).await, database.calls()), (expected, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_probe_waits_for_the_truth_and_later_ones_get_the_new_truth() {
    let database = Database::taking(10 * MS);
    let health = database.health();
    assert_eq!(status_of(&health).await, Status::Healthy);
    database.failing.store(true, Ordering::Relaxed);
    advance(1001 * MS).await;
    assert_eq!(status_of(&health).await, Status::Unhealthy, "a lone probe is never told the old answer");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_an_answer_older_than_ttl_and_deadline() {
    let database = Database::taking(10 * MS);
    let health = database.health();
    assert_eq!(status_of(&health).await, Status::Healthy);
    database.failing.store(true, Ordering::Relaxed);
    advance(Duration::from_secs(3600)).await;
    let asking = tokio::spawn(status_of(&health));
    tokio::task::yield_now().await;
    assert_eq!(database.calls(), 2, "a run is on its way");
    assert_eq!(status_of(&health).await, Status::Unhealthy, "the second waits for it too");
    assert_eq!(asking.await.unwrap(), Status::Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn a_hanging_check_fails_at_its_deadline_and_holds_up_no_crowd() {
    let database = Database::taking(Duration::from_secs(3600));
    let health = HealthCheck::builder().add(database.check()).check("cache", || async { Ok::<_, &str>(()) });
    let health = health.build().unwrap();
    let start = Instant::now();
    let mut probes = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        probes.spawn(status_of(&health));
    }
    assert!(probes.join_all().await.into_iter().all(|status| status == Status::Unhealthy));
    assert!(start.elapsed() <= 1001 * MS, "{:?}", start.elapsed());
    assert_eq!(database.calls(), 1);

    // Its TTL passes, one probe asks again; the others are answered with the last answer at once.
    advance(1001 * MS).await;
    let start = Instant::now();
    let asking = tokio::spawn(status_of(&health));
    tokio::task::yield_now().await;
    for _ in 0..10_000 {
        let report = health.report().await;
        assert_eq!(report.check("database").unwrap().reason(), Some(Reason::Timeout));
        assert_eq!(report.check("cache").unwrap().status(), Status::Healthy, "another check is not touched");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(asking.await.unwrap(), Status::Unhealthy);
    assert_eq!(
        (database.calls(), database.ended.load(Ordering::Relaxed)),
        (2, 0),
        "hung futures are dropped"
    );
}

/// As in a container whose share of the processor is used up: all timers have passed at once.
#[tokio::test(start_paused = true)]
async fn a_process_that_was_held_up_says_what_the_runner_found() {
    let health = Database::taking(Duration::from_secs(3600)).health();
    tokio::spawn(async {
        // The run has begun by then.
        tokio::task::yield_now().await;
        advance(Duration::from_secs(2)).await;
    });
    let report = health.report().await;
    assert_eq!(report.check("database").unwrap().reason(), Some(Reason::Timeout));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_not_taken() {
    let database = Database::taking(5000 * MS);
    let health = database.health();
    assert_eq!(status_of(&health).await, Status::Unhealthy);
    advance(Duration::from_secs(10)).await;
    assert_eq!(database.ended.load(Ordering::Relaxed), 0, "it was dropped at the deadline");
    assert_eq!(health.report().await.check("database").unwrap().reason(), Some(Reason::Timeout));
}

#[tokio::test(start_paused = true)]
async fn probes_that_go_away_stop_no_run() {
    let database = Database::taking(100 * MS);
    let health = database.health();
    for _ in 0..1000 {
        let gone = tokio::time::timeout(Duration::ZERO, health.report()).await;
        assert!(gone.is_err(), "dropped while it waited");
    }
    assert_eq!(status_of(&health).await, Status::Healthy);
    assert_eq!((database.calls(), database.ended.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn flapping_is_smoothed_by_the_thresholds() {
    let database = Database::default();
    let check = database.check().ttl(Duration::ZERO).failure_threshold(3).success_threshold(2);
    let health = HealthCheck::builder().add(check).build().unwrap();
    let script = [
        (false, Status::Healthy),
        (true, Status::Healthy),
        (true, Status::Healthy),
        (false, Status::Healthy), // the count begins again
        (true, Status::Healthy),
        (true, Status::Healthy),
        (true, Status::Unhealthy),
        (false, Status::Unhealthy),
        (true, Status::Unhealthy),
        (false, Status::Unhealthy),
        (false, Status::Healthy),
    ];
    for (step, (failing, shown)) in script.into_iter().enumerate() {
        database.failing.store(failing, Ordering::Relaxed);
        let report = health.report().await;
        assert_eq!(report.status(), shown, "step {step}");
        let reason = failing.then_some(Reason::Failed);
        assert_eq!(report.check("database").unwrap().reason(), reason, "the last run is shown all the same");
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_says_since_when() {
    let database = Database::default();
    let health = HealthCheck::builder().add(database.check().ttl(Duration::ZERO)).build().unwrap();
    let since = async || health.report().await.check("database").unwrap().since();
    assert_eq!(since().await, Duration::ZERO);
    advance(Duration::from_secs(90)).await;
    assert_eq!(since().await, Duration::from_secs(90), "a run that finds the same does not begin anew");
    database.failing.store(true, Ordering::Relaxed);
    assert_eq!(since().await, Duration::ZERO);
    advance(Duration::from_secs(5)).await;
    assert_eq!(since().await, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_first_failure_counts_whatever_the_threshold() {
    let database = Database::default();
    database.failing.store(true, Ordering::Relaxed);
    let health = HealthCheck::builder().add(database.check().failure_threshold(5)).build().unwrap();
    assert_eq!(status_of(&health).await, Status::Unhealthy);
}

#[tokio::test(start_paused = true)]
async fn readiness_waits_for_critical_checks_only() {
    let cache = Check::new("cache", std::future::pending::<Result<(), String>>);
    let database = Database::taking(10 * MS);
    let health = HealthCheck::builder().add(database.check()).add(cache).build().unwrap();
    let start = Instant::now();
    assert_eq!(health.readiness().await.status(), Status::Healthy);
    assert_eq!(start.elapsed(), 10 * MS);
}

#[tokio::test(start_paused = true)]
async fn no_more_checks_run_at_once_than_allowed() {
    let (running, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let mut health = HealthCheck::builder().concurrency(16);
    for number in 0..1000 {
        let (running, most) = (Arc::clone(&running), Arc::clone(&most));
        health = health.check(format!("check {number}"), move || {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                tokio::time::sleep(MS).await;
                running.fetch_sub(1, Ordering::Relaxed);
                Ok::<_, String>(())
            }
        });
    }
    let report = health.build().unwrap().report().await;
    assert_eq!((report.status(), report.checks().len()), (Status::Healthy, 1000));
    assert_eq!(most.load(Ordering::Relaxed), 16);
}

#[tokio::test(start_paused = true)]
async fn polling_keeps_answers_true_without_probes_and_ends_with_its_owner() {
    let database = Database::default();
    let polled = HealthCheck::builder().add(database.check()).poll_interval(Duration::from_secs(10));
    let health = polled.build().unwrap();
    tokio::time::sleep(Duration::from_millis(25_500)).await;
    assert_eq!(database.calls(), 3, "at 0, 10 and 20 s");
    drop(health);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(database.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn in_the_background_probes_begin_no_run_and_one_slow_check_ages_no_other() {
    let (database, slow) = (Database::default(), Database::taking(Duration::from_secs(3600)));
    let cache = Check::new("cache", {
        let slow = slow.clone();
        move || {
            slow.calls.fetch_add(1, Ordering::Relaxed);
            tokio::time::timeout(Duration::from_secs(3600), std::future::pending::<Result<(), String>>())
                .map(|_| Ok::<_, String>(()))
        }
    });
    let cache = cache.deadline(Duration::from_secs(45));
    let health = HealthCheck::builder().add(database.check()).add(cache);
    let health = health.background(Duration::from_secs(10)).build().unwrap();
    assert_eq!(health.readiness().await.status(), Status::Healthy, "the first probe waits for the first run");
    for second in 0..59 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..100 {
            assert_eq!(health.readiness().await.status(), Status::Healthy, "second {second}");
        }
    }
    assert_eq!((database.calls(), slow.calls()), (6, 2));
}

#[tokio::test(start_paused = true)]
async fn a_long_ttl_outlasts_the_interval() {
    let database = Database::default();
    let check = database.check().ttl(Duration::from_secs(60));
    let health = HealthCheck::builder().add(check).background(Duration::from_secs(10)).build().unwrap();
    tokio::time::sleep(Duration::from_secs(125)).await;
    assert_eq!((database.calls(), status_of(&health).await), (3, Status::Healthy));
}

#[tokio::test]
async fn a_probe_of_ones_own_says_more_than_yes_or_no() {
    struct Replica(f64);
    impl Probe for Replica {
        async fn probe(&self) -> Finding {
            Finding::degraded("behind postgres://u:hunter2@db")
                .reading("lag_s", self.0)
                .reading("status", 1.0)
        }
    }
    let check = Check::of("replica", Replica(40.0)).tag("eu").description("the one in Ankara");
    let report = HealthCheck::builder().add(check).build().unwrap().report().await;
    let mut shown = serde_json::to_value(report.check("replica").unwrap()).unwrap();
    for time in ["age_ms", "since_ms", "duration_ms"] {
        assert!(shown.as_object_mut().unwrap().remove(time).is_some());
    }
    let expected = serde_json::json!({
        "status": "degraded", "lag_s": 40.0, "reason": "limit", "error": "behind postgres://[redacted]",
        "description": "the one in Ankara", "tags": ["eu"], "critical": false
    });
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn what_is_not_implemented_is_unknown() {
    let health = HealthCheck::builder().add(Check::not_implemented("backup").critical()).build().unwrap();
    let report = health.report().await;
    assert_eq!(
        (report.status(), report.check("backup").unwrap().error()),
        (Status::Unknown, Some("not implemented"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_listener_is_told_of_each_change_once_and_may_panic() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (database, listened) = (Database::default(), Arc::clone(&told));
    let health = HealthCheck::builder().add(database.check().ttl(Duration::ZERO)).on_change(move |change| {
        listened.lock().unwrap().push((change.from, change.to, change.error.map(str::to_owned)));
        assert!(change.to == Status::Healthy, "a listener that panics");
    });
    let health = health.build().unwrap();
    for failing in [false, false, true, true, true, false] {
        database.failing.store(failing, Ordering::Relaxed);
        let expected = if failing { Status::Unhealthy } else { Status::Healthy };
        assert_eq!(status_of(&health).await, expected);
    }
    let down = (Some(Status::Healthy), Status::Unhealthy, Some("refused".to_owned()));
    let up = (Some(Status::Unhealthy), Status::Healthy, None);
    assert_eq!(*told.lock().unwrap(), [down, up]);
}

/// Set in the child that runs under a false clock: the file that holds what the clock is off by.
const CLOCK: &str = "MS_HEALTH_TEST_CLOCK";

#[test]
fn a_clock_that_is_set_changes_no_ttl_and_no_age() {
    let Some(clock) = std::env::var_os(CLOCK) else {
        let folder = tempfile::tempdir().unwrap();
        let clock = folder.path().join("clock");
        std::fs::write(&clock, "+0").unwrap();
        let output = std::process::Command::new("faketime")
            // What it says itself would go before the file.
            .args(["-f", "+0", "env", "-u", "FAKETIME"])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "running::a_clock_that_is_set_changes_no_ttl_and_no_age", "--nocapture"])
            .env(CLOCK, &clock)
            .env("FAKETIME_TIMESTAMP_FILE", &clock)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .output()
            .expect("faketime is needed: apt-get install faketime");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    };
    let database = Database::default();
    let health = HealthCheck::builder().add(database.check().ttl(Duration::from_secs(600))).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut hours = std::collections::BTreeSet::new();
    for step in ["+0", "+1h", "-1h", "+400d", "+0"] {
        std::fs::write(&clock, step).unwrap();
        let seen =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 3600;
        hours.insert(seen);
        let report = runtime.block_on(health.report());
        let database = report.check("database").unwrap();
        assert_eq!(database.status(), Status::Healthy);
        assert!(database.age() < Duration::from_secs(600) && database.since() < Duration::from_secs(600));
    }
    assert!(hours.len() >= 4, "the clock was set: {hours:?}");
    assert_eq!(database.calls(), 1);
}
