mod reference;

use std::cell::RefCell;
use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::condition::above;
use crate::delivery::Fate;
use crate::rule::AlertRule;
use crate::tracked::Tracked;
use reference::Reference;

const FILE: &str = "
route:
  receiver: all
  group_by: [team]
  group_wait: 10s
  group_interval: 20s
  repeat_interval: 2m
  routes:
    - matchers: [severity=page]
      receiver: pager
      group_wait: 0s
      group_interval: 15s
      repeat_interval: 45s
      continue: true
    - matchers: [severity=page]
      group_by: [alertname]
    - matchers: [team=b]
      receiver: night
      group_by: ['...']
      mute_time_intervals: [early]
      active_time_intervals: [first]
receivers: [{name: all}, {name: pager}, {name: night}]
inhibit_rules:
  - source_matchers: [severity=page]
    target_matchers: [severity=low]
    equal: [team]
time_intervals:
  - {name: early, time_intervals: [{times: [{start_time: '00:01', end_time: '00:03'}]}]}
  - {name: first, time_intervals: [{times: [{start_time: '00:00', end_time: '00:07'}]}]}
";

fn routes() -> Arc<Routes> {
    Arc::new(Routes::parse("routes.yml", FILE).unwrap_or_else(|error| panic!("{error}")))
}

fn groups(sinks: &[&str]) -> Groups {
    let sink = |name: &&str| Addressee { name: (*name).into(), hears_ends: *name != "deaf to ends" };
    let sinks: Vec<_> = sinks.iter().map(sink).collect();
    let receivers = ["all", "pager", "night"].map(|name| (name.to_owned(), sinks.clone()));
    Groups::new(routes(), receivers.into_iter().collect(), "".into())
}

fn rule() -> Arc<Identity> {
    Arc::clone(Tracked::new(AlertRule::new("R", above(), 1.0).compile().unwrap()).identity())
}

fn labels(number: usize) -> Labels {
    let severity = ["page", "low", "low"][number % 3];
    let team = ["a", "b"][number % 2];
    let name = format!("n{}", number / 4);
    let number = number.to_string();
    let pairs = [("alertname", name.as_str()), ("severity", severity), ("team", team), ("number", &number)];
    pairs.into_iter().collect()
}

fn at(start: Instant, second: u64) -> Now {
    let midnight: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    Now {
        at: start + Duration::from_secs(second),
        wall: midnight + SignedDuration::from_secs(i64::try_from(second).unwrap()),
    }
}

fn change(number: usize, fired: Timestamp, resolved: Option<Timestamp>) -> Alert {
    Alert {
        rule: "R".to_owned(),
        state: if resolved.is_some() { State::Resolved } else { State::Firing },
        value: 1.0,
        labels: labels(number),
        annotations: Labels::default(),
        active_at: fired,
        fired_at: Some(fired),
        resolved_at: resolved,
        generator_url: String::new(),
    }
}

/// Who is told what: receiver, group, what fires, what was resolved.
type Told = (String, String, Vec<Labels>, Vec<Labels>);

fn told(notification: &Notification) -> Told {
    let of = |resolved: bool| {
        let these = notification.alerts().iter().filter(|alert| (alert.state == State::Resolved) == resolved);
        let mut labels: Vec<_> = these.map(|alert| alert.labels.clone()).collect();
        labels.sort();
        labels
    };
    let (receiver, key) = (notification.receiver().to_owned(), notification.group_key().to_owned());
    (receiver, key, of(false), of(true))
}

#[derive(Debug, Clone)]
enum Step {
    Toggle(usize),
    /// Silences what belongs to a team, or no longer.
    Silence(&'static str),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..12_usize).prop_map(Step::Toggle),
        1 => prop::sample::select(vec!["a", "b"]).prop_map(Step::Silence),
        6 => (1..25_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// With sinks that accept at once, the groups are told what a slow transcript of Alertmanager tells, second by second.
    #[test]
    fn who_is_told_what_and_when_is_what_the_reference_says(steps in steps()) {
        let (mut ours, mut reference, rule) = (groups(&["one"]), Reference::new(routes()), rule());
        let (start, mut second) = (Instant::now(), 0);
        let mut firing: HashMap<usize, Timestamp> = HashMap::new();
        let mut silenced: HashSet<&str> = HashSet::new();
        for step in steps.into_iter().chain([Step::Wait(200)]) {
            match step {
                Step::Toggle(number) => {
                    let now = at(start, second);
                    let alert = match firing.remove(&number) {
                        Some(fired) => change(number, fired, Some(now.wall)),
                        None => change(number, *firing.entry(number).or_insert(now.wall), None),
                    };
                    ours.insert(&alert, &rule, now);
                    reference.insert(&alert, second);
                }
                Step::Silence(team) => {
                    if !silenced.remove(team) {
                        silenced.insert(team);
                    }
                }
                Step::Wait(seconds) => for _ in 0..seconds {
                    let now = at(start, second);
                    let is_silenced = |labels: &Labels| labels.get("team").is_some_and(|team| silenced.contains(team));
                    let scene = Scene { now, current: HashMap::new(), is_silenced: &is_silenced, suppressed: &|_| {} };
                    let mut heard = Vec::new();
                    for sending in ours.flush(&scene) {
                        heard.push(told(&sending.notification));
                        ours.settled(&sending.slot, &sending.notification, Fate::Accepted, now);
                    }
                    let mut expected = reference.flush(second, now.wall, &is_silenced);
                    heard.sort();
                    expected.sort();
                    prop_assert_eq!(heard, expected, "at second {}", second);
                    second += 1;
                },
            }
        }
    }

    /// Sinks that take their time or refuse hear of every beginning before its end, and in the end know what is true.
    #[test]
    fn a_slow_sink_hears_everything_in_order(
        steps in prop::collection::vec((prop::option::of(0..6_usize), 0..3_u8), 1..200)
    ) {
        let (mut ours, rule, start) = (groups(&["slow", "slower"]), rule(), Instant::now());
        let mut firing: HashMap<usize, Timestamp> = HashMap::new();
        let mut on_their_way: Vec<Sending> = Vec::new();
        let mut known: HashMap<(Slot, Labels), bool> = HashMap::new();
        let settle_all = steps.len();
        let calm = std::iter::repeat_n((None, 0), 60);
        for (number, (toggled, act)) in steps.into_iter().chain(calm).enumerate() {
            let now = at(start, 7 * number as u64 + 600);
            if let Some(number) = toggled {
                let alert = match firing.remove(&number) {
                    Some(fired) => change(number, fired, Some(now.wall)),
                    None => change(number, *firing.entry(number).or_insert(now.wall), None),
                };
                ours.insert(&alert, &rule, now);
            }
            let is_silenced = |_: &Labels| false;
            let scene = Scene { now, current: HashMap::new(), is_silenced: &is_silenced, suppressed: &|_| {} };
            for sending in ours.flush(&scene) {
                // As a queue does: what is newer takes the place of what waits.
                on_their_way.retain(|older| older.slot != sending.slot);
                on_their_way.push(sending);
            }
            let settled = match act {
                _ if number >= settle_all => std::mem::take(&mut on_their_way),
                1 if !on_their_way.is_empty() => vec![on_their_way.remove(0)],
                2 => on_their_way.pop().into_iter().collect(),
                _ => Vec::new(),
            };
            for sending in settled {
                for alert in sending.notification.alerts() {
                    let slot = (sending.slot.clone(), alert.labels.clone());
                    if alert.state == State::Resolved {
                        known.insert(slot, false);
                    } else {
                        known.insert(slot, true);
                    }
                }
                ours.settled(&sending.slot, &sending.notification, Fate::Accepted, now);
            }
        }
        prop_assert!(on_their_way.is_empty());
        for ((slot, alert), fires) in &known {
            let number: usize = alert.get("number").unwrap().parse().unwrap();
            let inhibited = alert.get("severity") == Some("low");
            prop_assert!(inhibited || *fires == firing.contains_key(&number), "{:?} {:?}", slot, alert);
        }
        for number in firing.keys().filter(|number| *number % 3 == 0) {
            let told = known.iter().filter(|((_, alert), fires)| *alert == labels(*number) && **fires).count();
            // By each sink of the pager and of the default receiver.
            prop_assert_eq!(told, 4, "{}", number);
        }
    }
}

#[test]
fn what_is_refused_is_told_again_with_the_next_change_and_not_before() {
    let (mut ours, rule, start) = (groups(&["one"]), rule(), Instant::now());
    let heard = RefCell::new(Vec::new());
    let flush = |ours: &mut Groups, second: u64, fate: Fate| {
        let now = at(start, second);
        let scene = Scene { now, current: HashMap::new(), is_silenced: &|_| false, suppressed: &|_| {} };
        for sending in ours.flush(&scene) {
            heard.borrow_mut().push((second, told(&sending.notification).0));
            ours.settled(&sending.slot, &sending.notification, fate, now);
        }
    };
    // Of the team a and low: goes to `all`, of which a repeat is due after two minutes.
    ours.insert(&change(2, at(start, 0).wall, None), &rule, at(start, 0));
    (0..100).for_each(|second| flush(&mut ours, second, Fate::GivenUp));
    assert_eq!(heard.take(), [(10, "all".to_owned())]);
    ours.insert(&change(4, at(start, 100).wall, None), &rule, at(start, 100));
    (100..140).for_each(|second| flush(&mut ours, second, Fate::GivenUp));
    assert_eq!(heard.take(), [(110, "all".to_owned())]);
    // Whoever heard of neither need not hear of their end.
    for (number, fired) in [(2, 0), (4, 100)] {
        let resolved = Some(at(start, 140).wall);
        ours.insert(&change(number, at(start, fired).wall, resolved), &rule, at(start, 140));
    }
    (140..200).for_each(|second| flush(&mut ours, second, Fate::Accepted));
    assert_eq!(heard.take(), []);
    assert_eq!((ours.groups.len(), ours.waiting()), (0, 0));
}

#[test]
fn who_hears_of_no_end_is_not_told_of_the_others_again() {
    let (mut ours, rule, start) = (groups(&["one", "deaf to ends"]), rule(), Instant::now());
    let mut heard = Vec::new();
    let fired = at(start, 0).wall;
    for second in 0..100 {
        let now = at(start, second);
        match second {
            0 => [2, 4].iter().for_each(|number| ours.insert(&change(*number, fired, None), &rule, now)),
            40 => ours.insert(&change(2, fired, Some(now.wall)), &rule, now),
            80 => ours.insert(&change(4, fired, Some(now.wall)), &rule, now),
            _ => {}
        }
        let scene = Scene { now, current: HashMap::new(), is_silenced: &|_| false, suppressed: &|_| {} };
        for sending in ours.flush(&scene) {
            heard.push((second, sending.slot.sink.to_string()));
            ours.settled(&sending.slot, &sending.notification, Fate::Accepted, now);
        }
        let fires = |sink: &str| ours.told("all", sink).len();
        let expected = match second {
            0..10 => 0,
            10..40 => 2,
            _ => usize::from(second < 80),
        };

        assert_eq!((fires("one"), fires("deaf to ends")), (expected, expected), "at second {second}");
    }
    let one = |second: u64| (second, "one".to_owned());
    let deaf = |second: u64| (second, "deaf to ends".to_owned());
    // Of the end of them all it is told, like every sink, and sends nothing of it.
    assert_eq!(heard, [one(10), deaf(10), one(50), one(90), deaf(90)]);
}

#[test]
fn an_alert_of_two_rules_goes_on_while_one_of_them_says_so() {
    let (mut ours, one, start) = (groups(&["one"]), rule(), Instant::now());
    let other = AlertRule::new("Other", above(), 1.0).compile().unwrap();
    let other = Arc::clone(Tracked::new(other).identity());
    let now = at(start, 0);
    ours.insert(&change(2, now.wall, None), &one, now);
    ours.insert(&change(2, now.wall, None), &other, now);
    ours.insert(&change(2, now.wall, Some(now.wall)), &one, now);
    let now = at(start, 10);
    let scene = Scene { now, current: HashMap::new(), is_silenced: &|_| false, suppressed: &|_| {} };
    let sent = ours.flush(&scene);
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].notification.is_resolved());
}

#[test]
fn texts_are_those_of_the_moment() {
    let (mut ours, rule, start) = (groups(&["one"]), rule(), Instant::now());
    ours.insert(&change(2, at(start, 0).wall, None), &rule, at(start, 0));
    let mut newer = change(2, at(start, 5).wall, None);
    newer.annotations = Labels::from_iter([("summary", "9 of 10")]);
    let current = HashMap::from([(&newer.labels, &newer)]);
    let scene = Scene { now: at(start, 10), current, is_silenced: &|_| false, suppressed: &|_| {} };
    let sent = ours.flush(&scene);
    let alert = sent[0].notification.alert();
    assert_eq!(alert.annotations.get("summary"), Some("9 of 10"));
    assert_eq!(alert.fired_at, Some(at(start, 0).wall), "it fired when it fired");
}
