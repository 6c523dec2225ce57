//! The way down in order, each step bounded.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use ms_health::{HealthCheck, Shutdown};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn health() -> HealthCheck {
    HealthCheck::builder().drain_period(5 * SECOND).build().unwrap()
}

/// Notes what happens and when.
#[derive(Clone)]
struct Notes(Arc<Mutex<Vec<(&'static str, u64)>>>, Instant);

impl Notes {
    fn new() -> Self {
        Self(Arc::default(), Instant::now())
    }
    fn add(&self, what: &'static str) {
        self.0.lock().unwrap().push((what, self.1.elapsed().as_secs()));
    }
    fn all(&self) -> Vec<(&'static str, u64)> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn drain_requests_and_steps_come_in_order() {
    let (health, notes) = (health(), Notes::new());
    let (alerts, log) = (notes.clone(), notes.clone());
    let down = Shutdown::new(&health)
        .step("alerts", 10 * SECOND, async move {
            tokio::time::sleep(2 * SECOND).await;
            alerts.add("alerts");
        })
        .step("log", 10 * SECOND, async move { log.add("log") });
    health.begin_shutdown();
    let ended = down
        .serve(|signal| async {
            signal.await;
            notes.add("stops accepting");
            tokio::time::sleep(3 * SECOND).await;
            notes.add("last request");
            7
        })
        .await;
    assert_eq!((ended.server, ended.unfinished), (Some(7), Vec::new()));
    assert_eq!(notes.all(), [("stops accepting", 5), ("last request", 8), ("alerts", 10), ("log", 10)]);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_or_panics_holds_up_nothing_after_it() {
    let (health, notes) = (health(), Notes::new());
    let last = notes.clone();
    let down = Shutdown::new(&health)
        .requests(3 * SECOND)
        .step("hangs", SECOND, std::future::pending())
        .step("panics", SECOND, async { panic!("in a step") })
        .step("log", SECOND, async move { last.add("log") });
    health.begin_shutdown();
    let ended = down.serve(|_signal| std::future::pending::<()>()).await;
    assert_eq!((ended.server, ended.unfinished), (None, vec!["hangs".to_owned(), "panics".to_owned()]));
    assert_eq!(notes.all(), [("log", 5 + 3 + 1)]);
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_not_ready_and_flushes_all_the_same() {
    let (flush, flushed) = mpsc::channel();
    let health = health();
    let down = Shutdown::new(&health)
        .blocking_step("log", 30 * SECOND, move || flush.send(()).unwrap())
        .blocking_step("broken", 30 * SECOND, || panic!("in a step"));
    let ended = down.serve(|_signal| std::future::ready("no more sockets")).await;
    assert_eq!(ended.server, Some("no more sockets"));
    assert_eq!(ended.unfinished, ["broken"]);
    assert!(flushed.try_recv().is_ok() && health.is_shutting_down());
}

#[tokio::test]
async fn a_blocking_step_that_hangs_is_left_alone() {
    let (release, held) = mpsc::channel::<()>();
    let down = Shutdown::new(&health()).blocking_step("log", Duration::from_millis(10), move || {
        let _ = held.recv();
    });
    assert_eq!(down.serve(|_signal| std::future::ready(())).await.unfinished, ["log"]);
    drop(release);
}
