use jiff::SignedDuration;
use jiff::Timestamp;

use super::*;
use crate::condition::above;
use crate::rule::AlertRule;
use crate::tracked::Tracked;

fn alert(labels: &[(&str, &str)], state: State) -> Alert {
    let fired = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(60);
    Alert {
        rule: "R".to_owned(),
        state,
        value: 1.0,
        labels: labels.iter().copied().collect(),
        annotations: Labels::of_texts([("summary".to_owned(), String::new())].into()),
        active_at: fired,
        fired_at: Some(fired),
        resolved_at: (state == State::Resolved).then_some(fired),
        generator_url: String::new(),
    }
}

fn grouped(alerts: Vec<Alert>, occasion: u64) -> Grouped {
    Grouped {
        receiver: "duty".into(),
        key: "{}:{alertname=\"R\"}".into(),
        labels: [("alertname", "R")].into_iter().collect(),
        alerts,
        external_url: "http://alerts".into(),
        occasion,
    }
}

fn group(alerts: Vec<Alert>, occasion: u64) -> Notification {
    Notification::group(grouped(alerts, occasion)).unwrap()
}

#[test]
fn a_group_tells_what_its_alerts_have_alike() {
    let both = [
        alert(&[("alertname", "R"), ("team", "icu"), ("bed", "2")], State::Firing),
        alert(&[("alertname", "R"), ("team", "icu"), ("bed", "1")], State::Resolved),
    ];
    let told = group(both.to_vec(), 0);
    assert_eq!(told.receiver(), "duty");
    assert_eq!(told.common_labels(), &Labels::from_iter([("alertname", "R"), ("team", "icu")]));
    assert_eq!(told.common_annotations(), &both[0].annotations);
    assert_eq!(told.alerts(), [both[1].clone(), both[0].clone()]);
    assert_eq!(told.alert(), &told.alerts()[0]);
    assert!(!told.is_resolved(), "one still fires");
    assert!(group(vec![both[1].clone()], 0).is_resolved());
    assert_eq!(Notification::group(grouped(Vec::new(), 0)), None);
}

#[test]
fn alerts_stand_in_the_order_of_alertmanager() {
    // As AlertSlice.Less and LabelSet.Before have it.
    let sorted: [&[(&str, &str)]; 8] = [
        &[("job", "a"), ("instance", "2"), ("x", "1")],
        &[("job", "a"), ("x", "1")],
        &[("job", "b"), ("instance", "1")],
        &[("instance", "1"), ("x", "1")],
        &[("z", "1")],
        &[("a", "1")],
        &[("a", "2")],
        &[("a", "1"), ("b", "1")],
    ];
    let mut alerts: Vec<_> = sorted.iter().rev().map(|labels| alert(labels, State::Firing)).collect();
    alerts.swap(1, 5);
    let told = group(alerts, 0);
    let labels: Vec<Labels> = sorted.iter().map(|labels| labels.iter().copied().collect()).collect();
    assert_eq!(told.alerts().iter().map(|alert| alert.labels.clone()).collect::<Vec<_>>(), labels);
}

#[test]
fn the_id_is_that_of_the_same_alerts_in_the_same_states() {
    let one = |state| alert(&[("bed", "1")], state);
    let two = |state| alert(&[("bed", "2")], state);
    let (firing, resolved) = (State::Firing, State::Resolved);
    let first = group(vec![one(firing), two(firing)], 0);
    assert_eq!(first.id(), group(vec![two(firing), one(firing)], 0).id());
    let others = [
        group(vec![one(firing), two(resolved)], 0),
        group(vec![one(firing)], 0),
        group(vec![one(firing), two(firing)], 1),
    ];
    for other in others {
        assert_ne!(first.id(), other.id());
        assert_eq!((first.key(), first.group_key()), (other.key(), other.group_key()));
    }
}

#[test]
fn an_alert_that_is_not_routed_is_a_group_of_its_own() {
    let rule = Tracked::new(AlertRule::new("R", above(), 1.0).compile().unwrap());
    let labels = [("alertname", "R"), ("bed", "1")];
    let told = Notification::new(alert(&labels, State::Firing), Arc::clone(rule.identity()), "".into());
    let labels: Labels = labels.into_iter().collect();
    assert_eq!((told.receiver(), told.truncated(), told.alerts().len()), ("", 0, 1));
    assert_eq!((told.group_labels(), told.common_labels()), (&labels, &labels));
    assert_eq!(told.group_key(), format!("{{}}:{}", labels.fingerprint()));
    assert!(told.id().starts_with(&labels.fingerprint()), "{}", told.id());
}
