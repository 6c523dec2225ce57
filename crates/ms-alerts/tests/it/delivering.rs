//! From a change to the sinks: nothing is lost, nobody waits for another.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, Notification, SendError, SendFuture, Sink, above};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What a scripted sink does with an attempt.
#[derive(Debug, Clone, Copy)]
enum Act {
    Accept,
    Fail,
    FailFor(u64),
    Refuse,
    Hang,
    Panic,
    /// Before there is a future.
    PanicAtOnce,
}

/// Does as told, then accepts; reports each attempt.
struct Scripted {
    name: &'static str,
    acts: Mutex<VecDeque<Act>>,
    attempts: mpsc::UnboundedSender<(Instant, Arc<Notification>)>,
}

type Attempts = mpsc::UnboundedReceiver<(Instant, Arc<Notification>)>;

fn scripted(name: &'static str, acts: &[Act]) -> (Scripted, Attempts) {
    let (attempts, seen) = mpsc::unbounded_channel();
    (Scripted { name, acts: Mutex::new(acts.iter().copied().collect()), attempts }, seen)
}

impl Sink for Scripted {
    fn name(&self) -> &str {
        self.name
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        let act = self.acts.lock().unwrap().pop_front().unwrap_or(Act::Accept);
        self.attempts.send((Instant::now(), notification)).unwrap();
        assert!(!matches!(act, Act::PanicAtOnce), "as told");
        Box::pin(async move {
            match act {
                Act::Accept | Act::PanicAtOnce => Ok(()),
                Act::Fail => Err(SendError::temporary("down")),
                Act::FailFor(seconds) => {
                    Err(SendError::temporary("busy").retry_after(Duration::from_secs(seconds)))
                }
                Act::Refuse => Err(SendError::permanent("go away")),
                Act::Hang => std::future::pending().await,
                Act::Panic => panic!("as told"),
            }
        })
    }
}

fn manager(sinks: impl IntoIterator<Item = Scripted>) -> AlertManager {
    let rule = AlertRule::new("cpu", above(), 90.0).window(Duration::ZERO);
    let builder = AlertManager::builder().rule(rule);
    sinks.into_iter().fold(builder, |builder, sink| builder.sink(sink)).build().unwrap()
}

const HIGH: [(&str, f64); 1] = [("cpu", 95.0)];
const LOW: [(&str, f64); 1] = [("cpu", 5.0)];
const LONG: Duration = Duration::from_secs(48 * 3600);

#[tokio::test(start_paused = true)]
async fn a_failing_sink_loses_nothing() {
    let acts = [Act::Fail, Act::Hang, Act::Panic, Act::PanicAtOnce, Act::Fail];
    let (sink, mut seen) = scripted("pager", &acts);
    let manager = manager([sink]);
    let start = Instant::now();
    manager.check_alerts(&HIGH).await;
    let mut attempts = Vec::new();
    for _ in 0..=acts.len() {
        attempts.push(seen.recv().await.unwrap());
    }
    let ids: Vec<_> = attempts.iter().map(|(_, notification)| notification.id().to_owned()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "a repeat has the same id: {ids:?}");
    // 1, 2, 4, 8 and 16 s, each up to half shorter, and 30 s for the one that hung.
    let took = attempts[acts.len()].0 - start;
    assert!(
        took >= Duration::from_millis(30_000 + 15_500) && took <= Duration::from_secs(30 + 31),
        "{took:?}"
    );
    assert_eq!(manager.shutdown(LONG).await.undelivered, 0);
    drop(manager);
    assert!(seen.recv().await.is_none(), "and is accepted once");
}

#[tokio::test(start_paused = true)]
async fn a_slow_sink_delays_neither_the_others_nor_the_evaluation() {
    let (hanging, mut hung) = scripted("hanging", &[Act::Hang; 100]);
    let (prompt, mut seen) = scripted("prompt", &[]);
    let manager = manager([hanging, prompt]);
    let start = Instant::now();
    for metrics in [HIGH, LOW, HIGH, LOW] {
        manager.check_alerts(&metrics).await;
        seen.recv().await.unwrap();
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    hung.recv().await.unwrap();
    let left = manager.shutdown(Duration::from_secs(3)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(3), "a shutdown is over in time");
    assert!(left.undelivered >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_asks_for_time_gets_it_within_bounds() {
    let (sink, mut seen) = scripted("busy", &[Act::FailFor(7), Act::FailFor(0), Act::FailFor(u64::MAX)]);
    let manager = manager([sink]);
    manager.check_alerts(&HIGH).await;
    let mut times = Vec::new();
    for _ in 0..4 {
        times.push(seen.recv().await.unwrap().0);
    }
    let waits: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert_eq!(waits, [7, 1, 900]);
}

#[tokio::test(start_paused = true)]
async fn the_newest_state_is_what_is_sent_when_the_sink_is_back() {
    let (sink, mut seen) = scripted("pager", &[Act::Fail, Act::Fail]);
    let manager = manager([sink]);
    manager.check_alerts(&HIGH).await;
    seen.recv().await.unwrap();
    for metrics in [LOW, HIGH, LOW] {
        manager.check_alerts(&metrics).await;
    }
    assert_eq!(manager.shutdown(LONG).await.undelivered, 0);
    drop(manager);
    let mut sent = Vec::new();
    while let Some((_, notification)) = seen.recv().await {
        sent.push((notification.is_resolved(), notification.id().to_owned()));
    }
    // The second firing, once more after a failure, and its end; the first is out of date.
    assert_eq!(sent.iter().map(|(resolved, _)| *resolved).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(sent[0].1, sent[1].1);
    assert_ne!(sent[1].1, sent[2].1, "another change has another id");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_given_up_and_so_is_its_end() {
    let (sink, mut seen) = scripted("pager", &[Act::Refuse]);
    let manager = manager([sink]);
    manager.check_alerts(&HIGH).await;
    assert!(!seen.recv().await.unwrap().1.is_resolved());
    manager.check_alerts(&LOW).await;
    assert_eq!(manager.shutdown(LONG).await.undelivered, 0);
    drop(manager);
    assert!(seen.recv().await.is_none(), "nobody hears of the end of what he never heard of");
}

#[tokio::test(start_paused = true)]
async fn a_notification_is_given_up_after_its_time() {
    let (sink, mut seen) = scripted("down", &[Act::Fail; 10_000]);
    let rule = AlertRule::new("cpu", above(), 90.0);
    let builder = AlertManager::builder().rule(rule).sink(sink).give_up_after(Duration::from_secs(3600));
    let manager = builder.build().unwrap();
    let start = Instant::now();
    manager.check_alerts(&HIGH).await;
    assert_eq!(manager.shutdown(LONG).await.undelivered, 0, "given up, so nothing is left");
    assert!(
        start.elapsed() >= Duration::from_secs(3600) && start.elapsed() <= Duration::from_secs(3600 + 300)
    );
    drop(manager);
    let mut attempts = 0;
    while seen.recv().await.is_some() {
        attempts += 1;
    }
    assert!((18..=40).contains(&attempts), "backs off: {attempts}");
}

#[tokio::test(start_paused = true)]
async fn a_storm_with_the_sink_down_stays_within_the_queue() {
    let (sink, _seen) = scripted("down", &[Act::Fail; 1_000_000]);
    let rule = AlertRule::new("r", above(), 1.0).window(Duration::ZERO);
    let manager = AlertManager::builder().rule(rule).sink(sink).queue_capacity(100).build().unwrap();
    for round in 0..10 {
        let text: String =
            (0..500).map(|series| format!("r{{s=\"{series}\"}} {}\n", 2 * (round % 2))).collect();
        manager.check_samples(&ms_alerts::parse_exposition(&text).unwrap()).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let left = manager.shutdown(Duration::ZERO).await.undelivered;
    assert!(left > 0 && left <= 200, "{left}");
}

#[tokio::test]
async fn two_sinks_of_one_name_are_refused() {
    let build =
        |one, two| AlertManager::builder().sink(scripted(one, &[]).0).sink(scripted(two, &[]).0).build();
    assert!(build("a", "b").is_ok());
    assert!(matches!(build("a", "a"), Err(ms_alerts::BuildError::DuplicateSink { sink }) if sink == "a"));
}
