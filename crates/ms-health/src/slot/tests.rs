use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

fn found(status: Status, reason: Option<Reason>) -> Outcome {
    Outcome { status, reason, error: None, readings: Arc::default() }
}

/// The poller alone may run the check, as with `background`.
fn polled(told: &Arc<AtomicU32>) -> Arc<Slot> {
    let check = Check::new("database", || async { Ok::<_, String>(()) }).critical();
    let told = Arc::clone(told);
    let listener = Listener::new(move |_| {
        told.fetch_add(1, Ordering::Relaxed);
    });
    Arc::new(Slot::new(check, 0, listener, Some(Duration::from_secs(10))))
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_while_its_absence_is_being_told_is_no_silence() {
    let told = Arc::default();
    let slot = polled(&told);
    let crew = Arc::new(Crew::new(1, 1));
    assert!(matches!(slot.step(&crew), Step::Stuck), "a probe finds no answer and may begin no run");
    // Between that look and what the probe makes of it, the poller's run ends.
    slot.publish(found(Status::Healthy, None), Instant::now());
    let report = slot.not_run();
    assert_eq!((report.status(), report.reason()), (Status::Healthy, None));
    assert_eq!(told.load(Ordering::Relaxed), 0, "nothing changed");
    slot.publish(found(Status::Healthy, None), Instant::now());
    assert_eq!(told.load(Ordering::Relaxed), 0, "nor has it come back from anywhere");
}

#[tokio::test(start_paused = true)]
async fn a_silence_is_told_once_and_its_end_once() {
    let told = Arc::default();
    let slot = polled(&told);
    slot.publish(found(Status::Healthy, None), Instant::now());
    tokio::time::advance(slot.max_age + Duration::from_millis(1)).await;
    for _ in 0..3 {
        assert_eq!(slot.not_run().reason(), Some(Reason::NotRun));
    }
    assert_eq!(told.load(Ordering::Relaxed), 1);
    slot.publish(found(Status::Healthy, None), Instant::now());
    assert_eq!(told.load(Ordering::Relaxed), 2);
}
