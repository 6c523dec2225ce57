use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::alert::Alert;
use crate::condition::above;
use crate::rule::AlertRule;
use crate::state::State;
use crate::tracked::Tracked;

fn change(alert: usize, serial: i64, state: State) -> Arc<Notification> {
    let fired = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(serial);
    let alert = Alert {
        rule: "R".to_owned(),
        state,
        value: serial as f64,
        labels: [("alertname", "R".to_owned()), ("alert", alert.to_string())].into_iter().collect(),
        annotations: Default::default(),
        active_at: fired,
        fired_at: Some(fired),
        resolved_at: None,
        generator_url: String::new(),
    };
    let rule = AlertRule::new("R", above(), 1.0).compile().unwrap();
    Arc::new(Notification::new(alert, Arc::clone(Tracked::new(rule).identity()), "".into()))
}

fn fired(alert: usize, serial: i64) -> Arc<Notification> {
    change(alert, serial, State::Firing)
}

fn resolved(alert: usize, serial: i64) -> Arc<Notification> {
    change(alert, serial, State::Resolved)
}

fn shown(item: &Item) -> String {
    let kind = if item.notification.is_resolved() { 'R' } else { 'F' };
    format!("{kind}{}", item.notification.alert().value)
}

#[test]
fn a_firing_is_followed_by_its_resolve() {
    let (mut queue, now) = (Queue::new(10), Instant::now());
    assert_eq!(queue.push(fired(1, 1), now), Pushed::Queued);
    assert_eq!(queue.push(resolved(1, 1), now), Pushed::Queued);
    let first = queue.take(now).unwrap();
    assert_eq!(shown(&first), "F1");
    assert!(queue.take(now).is_none(), "never two about one alert at once");
    queue.accepted(&first, now);
    let second = queue.take(now).unwrap();
    assert_eq!(shown(&second), "R1");
    queue.accepted(&second, now);
    assert_eq!((queue.len(), queue.alerts.len(), queue.due.len()), (0, 0, 0));
}

#[test]
fn the_newest_state_wins() {
    let (mut queue, now) = (Queue::new(10), Instant::now());
    queue.push(fired(1, 1), now);
    queue.push(resolved(1, 1), now);
    assert_eq!(queue.push(fired(1, 2), now), Pushed::Superseding(2));
    let taken = queue.take(now).unwrap();
    queue.push(resolved(1, 2), now);
    queue.push(fired(1, 3), now);
    // What failed is out of date by now.
    assert!(queue.put_back(taken, now));
    let taken = queue.take(now).unwrap();
    assert_eq!(shown(&taken), "F3");
    assert_eq!(queue.len(), 1);
}

#[test]
fn a_firing_that_failed_goes_before_its_resolve() {
    let (mut queue, now) = (Queue::new(10), Instant::now());
    queue.push(fired(1, 1), now);
    let taken = queue.take(now).unwrap();
    queue.push(resolved(1, 1), now);
    let later = now + Duration::from_secs(9);
    assert!(!queue.put_back(taken, later));
    assert!(queue.take(now).is_none(), "not before its time");
    assert_eq!(queue.next_due(), Some(later));
    assert_eq!(shown(&queue.take(later).unwrap()), "F1");
}

#[test]
fn nobody_hears_of_the_end_of_what_he_never_heard_of() {
    let (mut queue, now) = (Queue::new(1), Instant::now());
    assert_eq!(queue.push(resolved(1, 1), now), Pushed::Unannounced);
    assert_eq!(queue.push(fired(1, 1), now), Pushed::Queued);
    assert_eq!(queue.push(fired(2, 1), now), Pushed::Full);
    assert_eq!(queue.push(resolved(2, 1), now), Pushed::Unannounced);
    let taken = queue.take(now).unwrap();
    queue.push(resolved(1, 1), now);
    assert_eq!(queue.give_up(&taken, now), 2, "with the firing goes the resolve");
    assert_eq!((queue.len(), queue.alerts.len()), (0, 0));
}

#[test]
fn a_reminder_of_what_is_over_is_not_sent() {
    let (mut queue, now) = (Queue::new(10), Instant::now());
    let announced = |queue: &mut Queue| {
        queue.push(fired(1, 1), now);
        let taken = queue.take(now).unwrap();
        queue.accepted(&taken, now);
    };
    announced(&mut queue);
    assert_eq!(queue.push(fired(1, 2), now), Pushed::Queued);
    assert_eq!(queue.push(fired(1, 3), now), Pushed::Superseding(1));
    assert_eq!(queue.push(resolved(1, 3), now), Pushed::Superseding(1));
    let taken = queue.take(now).unwrap();
    assert_eq!((shown(&taken).as_str(), queue.len()), ("R3", 1));

    // While its end is on its way the receiver may soon know of nothing: what fires then is told, though it is over too.
    queue.push(fired(1, 4), now);
    assert_eq!(queue.push(resolved(1, 4), now), Pushed::Queued);
    queue.accepted(&taken, now);
    for expected in ["F4", "R4"] {
        let taken = queue.take(now).unwrap();
        assert_eq!(shown(&taken), expected);
        queue.accepted(&taken, now);
    }

    announced(&mut queue);
    queue.push(fired(1, 5), now);
    let taken = queue.take(now).unwrap();
    queue.push(resolved(1, 5), now);
    assert!(queue.put_back(taken, now), "a reminder that failed is over by now");
    assert_eq!(shown(&queue.take(now).unwrap()), "R5");
}

#[test]
fn a_reminder_takes_the_place_of_a_firing_that_nobody_heard_of() {
    let (mut queue, now) = (Queue::new(1), Instant::now());
    queue.push(fired(1, 1), now);
    let taken = queue.take(now).unwrap();
    assert_eq!(queue.push(fired(1, 2), now), Pushed::Full, "the one on its way has the only place");
    assert!(!queue.put_back(taken, now));
    assert_eq!(queue.push(fired(1, 3), now), Pushed::Superseding(1));
    queue.push(resolved(1, 3), now);
    let taken = queue.take(now).unwrap();
    assert_eq!(shown(&taken), "F3", "an end is no news to whoever knows of no beginning");
    queue.accepted(&taken, now);
    assert_eq!(shown(&queue.take(now).unwrap()), "R3");
}

#[test]
fn other_alerts_do_not_wait_for_one_that_fails() {
    let (mut queue, now) = (Queue::new(10), Instant::now());
    queue.push(fired(1, 1), now);
    queue.push(fired(2, 2), now);
    let taken = queue.take(now).unwrap();
    queue.put_back(taken, now + Duration::from_secs(60));
    assert_eq!(shown(&queue.take(now).unwrap()), "F2");
}

#[derive(Debug, Clone)]
enum Step {
    Change(usize),
    Remind(usize),
    Take,
    Accept,
    Fail,
    GiveUp,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..4_usize).prop_map(Step::Change),
        2 => (0..4_usize).prop_map(Step::Remind),
        4 => Just(Step::Take),
        2 => Just(Step::Accept),
        2 => Just(Step::Fail),
        1 => Just(Step::GiveUp),
    ];
    prop::collection::vec(step, 0..120)
}

proptest! {
    /// What the receivers hear of each alert makes sense, and nothing is lost without a count.
    #[test]
    fn any_order_of_events_keeps_the_account(steps in steps()) {
        let (mut queue, mut now) = (Queue::new(3), Instant::now());
        let mut firing: HashMap<usize, i64> = HashMap::new();
        let mut heard: HashMap<String, Vec<(bool, i64)>> = HashMap::new();
        let mut in_flight: Vec<Item> = Vec::new();
        let (mut pushed, mut lost, mut accepted, mut serial) = (0, 0, 0, 0);
        for step in steps {
            now += Duration::from_millis(700);
            match step {
                Step::Change(alert) => {
                    let notification = match firing.remove(&alert) {
                        Some(serial) => resolved(alert, serial),
                        None => {
                            serial += 1;
                            firing.insert(alert, serial);
                            fired(alert, serial)
                        }
                    };
                    pushed += 1;
                    lost += match queue.push(notification, now) {
                        Pushed::Queued => 0,
                        Pushed::Superseding(outdated) => outdated,
                        Pushed::Full | Pushed::Unannounced => 1,
                    };
                }
                Step::Remind(alert) => {
                    let Some(before) = firing.get_mut(&alert) else { continue };
                    serial += 1;
                    *before = serial;
                    pushed += 1;
                    lost += match queue.push(fired(alert, serial), now) {
                        Pushed::Queued => 0,
                        Pushed::Superseding(outdated) => outdated,
                        Pushed::Full | Pushed::Unannounced => 1,
                    };
                }
                Step::Take => in_flight.extend(queue.take(now)),
                Step::Accept => {
                    let Some(item) = in_flight.pop() else { continue };
                    queue.accepted(&item, now);
                    accepted += 1;
                    let alert = item.notification.alert();
                    let key = alert.labels.get("alert").unwrap().to_owned();
                    heard.entry(key).or_default().push((item.notification.is_resolved(), alert.value as i64));
                }
                Step::Fail => {
                    let Some(item) = in_flight.pop() else { continue };
                    prop_assert!(queue.failed(&item) >= 1);
                    lost += usize::from(queue.put_back(item, now + Duration::from_secs(1)));
                }
                Step::GiveUp => {
                    let Some(item) = in_flight.pop() else { continue };
                    lost += queue.give_up(&item, now);
                }
            }
            prop_assert_eq!(pushed, accepted + lost + queue.len());
            let keys: std::collections::HashSet<_> =
                in_flight.iter().map(|item| item.notification.key().clone()).collect();
            prop_assert_eq!(keys.len(), in_flight.len(), "two about one alert in flight");
        }
        for changes in heard.values() {
            let mut told = None;
            for (is_resolved, serial) in changes {
                if *is_resolved {
                    // A later firing may have found no room; the alert's end is news all the same.
                    prop_assert!(told.is_some_and(|told| told <= *serial), "nothing fired: {:?}", changes);
                    told = None;
                } else {
                    prop_assert!(told.is_none_or(|before| before < *serial), "out of order: {:?}", changes);
                    told = Some(*serial);
                }
            }
        }
    }
}
