//! Alerts that are routed: told in groups, in time, and not while they are muted or inhibited.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ms_alerts::{
    AlertManager, AlertManagerBuilder, AlertRule, BuildError, Notification, Routes, SendError, SendFuture,
    Sink, State, above, log_sink, parse_exposition,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

/// Fails as often as it is told to, then accepts; reports each attempt.
struct Scripted {
    failures: Mutex<u32>,
    attempts: mpsc::UnboundedSender<(Instant, Arc<Notification>)>,
}

type Attempts = mpsc::UnboundedReceiver<(Instant, Arc<Notification>)>;

fn scripted(failures: u32) -> (Scripted, Attempts) {
    let (attempts, seen) = mpsc::unbounded_channel();
    (Scripted { failures: Mutex::new(failures), attempts }, seen)
}

impl Sink for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        self.attempts.send((Instant::now(), notification)).unwrap();
        let mut failures = self.failures.lock().unwrap();
        let answer = if *failures > 0 { Err(SendError::temporary("down")) } else { Ok(()) };
        *failures = failures.saturating_sub(1);
        Box::pin(std::future::ready(answer))
    }
}

fn routed(text: &str) -> AlertManagerBuilder {
    let rule = AlertRule::new("Full", above(), 90.0).metric("ward").window(Duration::from_secs(3600));
    AlertManager::builder().routes(Routes::parse("routes.yml", text).unwrap()).rule(rule)
}

async fn check(manager: &AlertManager, text: &str) {
    manager.check_samples(&parse_exposition(text).unwrap()).await;
}

fn wards(notification: &Notification) -> Vec<(&str, bool)> {
    let alerts = notification.alerts().iter();
    alerts.map(|alert| (alert.labels.get("ward").unwrap_or(""), alert.state == State::Firing)).collect()
}

const ONE: &str = "
route: {receiver: duty, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 1h}
receivers: [{name: duty}]
";

#[tokio::test(start_paused = true)]
async fn alerts_of_a_group_are_told_together_and_again_when_it_is_time() {
    let (sink, mut seen) = scripted(0);
    let manager = routed(ONE).receiver("duty", sink).build().unwrap();
    let start = Instant::now();
    check(&manager, "ward{ward=\"1\"} 95\n").await;
    sleep(Duration::from_secs(10)).await;
    check(&manager, "ward{ward=\"1\"} 95\nward{ward=\"2\"} 95\n").await;
    let (at, first) = seen.recv().await.unwrap();
    assert_eq!((at - start).as_secs(), 30);
    assert_eq!(wards(&first), [("1", true), ("2", true)]);
    assert_eq!((first.receiver(), first.group_key()), ("duty", "{}:{alertname=\"Full\"}"));

    check(&manager, "ward{ward=\"1\"} 5\nward{ward=\"2\"} 95\n").await;
    let (at, second) = seen.recv().await.unwrap();
    assert_eq!((at - start).as_secs(), 330);
    assert_eq!(wards(&second), [("1", false), ("2", true)]);

    let (at, reminder) = seen.recv().await.unwrap();
    // The first beat at which the hour has passed.
    assert_eq!((at - start).as_secs(), 330 + 3600);
    assert_eq!(wards(&reminder), [("2", true)]);
    assert_ne!(second.id(), reminder.id());

    check(&manager, "ward{ward=\"2\"} 5\n").await;
    let (_, last) = seen.recv().await.unwrap();
    assert_eq!(wards(&last), [("2", false)]);
    assert!(last.is_resolved());
    assert!(timeout(Duration::from_secs(7200), seen.recv()).await.is_err(), "that was all");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_was_down_is_told_of_the_newest_state_and_of_no_end_without_a_beginning() {
    let (sink, mut seen) = scripted(4);
    let manager = routed(ONE).receiver("duty", sink).build().unwrap();
    check(&manager, "ward{ward=\"1\"} 95\n").await;
    let (_, first) = seen.recv().await.unwrap();
    check(&manager, "ward{ward=\"1\"} 5\n").await;
    let mut ids = vec![first.id().to_owned()];
    for _ in 0..4 {
        ids.push(seen.recv().await.unwrap().1.id().to_owned());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "a repeat has the same id: {ids:?}");
    let (_, end) = seen.recv().await.unwrap();
    assert!(end.is_resolved() && end.id() != ids[0]);
    assert_eq!(manager.shutdown(Duration::from_secs(1)).await.undelivered, 0);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_does_not_wait_for_the_beat_of_a_group() {
    let (sink, mut seen) = scripted(0);
    let manager = routed(ONE).receiver("duty", sink).build().unwrap();
    let start = Instant::now();
    check(&manager, "ward{ward=\"1\"} 95\n").await;
    assert_eq!(manager.shutdown(Duration::from_secs(10)).await.undelivered, 0);
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(wards(&seen.recv().await.unwrap().1), [("1", true)]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_without_a_receiver_hears_of_everything_at_once() {
    let ((sink, mut seen), (plain, mut heard)) = (scripted(0), scripted(0));
    let manager = routed(ONE).receiver("duty", sink).sink(plain).build().unwrap();
    let start = Instant::now();
    check(&manager, "ward{ward=\"1\"} 95\n").await;
    let (at, notification) = heard.recv().await.unwrap();
    assert_eq!((at, notification.receiver()), (start, ""));
    assert_eq!(seen.recv().await.unwrap().1.receiver(), "duty");
}

#[tokio::test(start_paused = true)]
async fn what_is_inhibited_is_told_when_it_is_no_more() {
    let text = "
route: {receiver: duty, group_by: ['...'], group_wait: 1s, group_interval: 1m}
receivers: [{name: duty}]
inhibit_rules: [{source_matchers: [ward=all], target_matchers: [ward!=all]}]
";
    let (sink, mut seen) = scripted(0);
    let manager = routed(text).receiver("duty", sink).build().unwrap();
    check(&manager, "ward{ward=\"all\"} 95\nward{ward=\"1\"} 95\n").await;
    assert_eq!(wards(&seen.recv().await.unwrap().1), [("all", true)]);
    check(&manager, "ward{ward=\"all\"} 5\nward{ward=\"1\"} 95\n").await;
    let mut told = [seen.recv().await.unwrap().1, seen.recv().await.unwrap().1];
    told.sort_by_key(|notification| notification.is_resolved());
    assert_eq!(wards(&told[0]), [("1", true)]);
    assert_eq!(wards(&told[1]), [("all", false)]);
}

#[test]
fn receivers_must_fit_the_routes() {
    let text = "
route: {receiver: duty, routes: [{receiver: nobody, matchers: [severity=none]}]}
receivers: [{name: duty}, {name: nobody}, {name: spare}]
";
    let with =
        |names: &[&str]| names.iter().fold(routed(text), |builder, name| builder.receiver(*name, log_sink()));
    let error = |builder: AlertManagerBuilder| builder.build().unwrap_err();
    assert_eq!(error(with(&["duty"])), BuildError::NoSink { receiver: "nobody".to_owned() });
    assert_eq!(
        error(with(&["duty", "nobody", "dooty"])),
        BuildError::UnknownReceiver { receiver: "dooty".to_owned() }
    );
    assert_eq!(
        error(with(&["duty", "duty", "nobody"])),
        BuildError::DuplicateSink { sink: "duty/log".to_owned() }
    );
    assert_eq!(
        error(AlertManager::builder().receiver("duty", log_sink())),
        BuildError::UnknownReceiver { receiver: "duty".to_owned() }
    );
    assert!(with(&["duty", "spare"]).discard("nobody").build().is_ok());
}
