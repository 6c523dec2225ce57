//! Rules made in code, checked by hand: the origin's API, and its faults.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use ms_alerts::{
    Alert, AlertManager, AlertRule, BuildError, Comparison, State, above, at_least, at_most, below, equal,
    not_equal, parse_exposition,
};
use tokio::time::advance;

const HOUR: Duration = Duration::from_secs(3600);

fn manager(rules: impl IntoIterator<Item = AlertRule>) -> AlertManager {
    let manager = AlertManager::new();
    rules.into_iter().for_each(|rule| manager.add_rule(rule).unwrap());
    manager
}

fn names(alerts: &[Alert]) -> Vec<(&str, State)> {
    alerts.iter().map(|alert| (alert.rule.as_str(), alert.state)).collect()
}

fn state(manager: &AlertManager, rule: &str) -> State {
    manager.rules().iter().find(|status| status.name == rule).unwrap().state
}

#[tokio::test(start_paused = true)]
async fn a_rule_fires_once_a_window_and_resolves_once() {
    let manager = manager([AlertRule::new("cpu", above(), 90.0)]);
    assert!(manager.check_alerts(&[("cpu", 90.0)]).await.is_empty(), "the threshold itself is not above it");
    let first = manager.check_alerts(&[("cpu", 90.1)]).await;
    assert_eq!(names(&first), [("cpu", State::Firing)]);
    advance(Duration::from_secs(299)).await;
    assert!(manager.check_alerts(&[("cpu", 99.0)]).await.is_empty(), "still firing is no news");
    assert_eq!(manager.alerts()[0].value, 99.0);
    advance(Duration::from_secs(1)).await;
    let again = manager.check_alerts(&[("cpu", 98.0)]).await;
    assert_eq!(names(&again), [("cpu", State::Firing)]);
    assert_eq!((again[0].active_at, again[0].value), (first[0].active_at, 98.0));
    assert_eq!(names(&manager.check_alerts(&[("cpu", 10.0)]).await), [("cpu", State::Resolved)]);
    assert!(manager.alerts().is_empty());
}

#[tokio::test]
async fn without_a_window_every_check_fires() {
    let manager = manager([AlertRule::new("cpu", above(), 90.0).window(Duration::ZERO)]);
    for _ in 0..3 {
        assert_eq!(names(&manager.check_alerts(&[("cpu", 95.0)]).await), [("cpu", State::Firing)]);
    }
}

#[tokio::test]
async fn every_usual_comparison_and_any_closure_is_a_condition() {
    let over = |value: f64, threshold: f64| value.abs() > threshold;
    let rules = [
        AlertRule::new("above", above(), 1.0),
        AlertRule::new("at_least", at_least(), 1.0),
        AlertRule::new("below", below(), 1.0),
        AlertRule::new("at_most", at_most(), 1.0),
        AlertRule::new("equal", equal(), 1.0),
        AlertRule::new("not_equal", not_equal(), 1.0),
        AlertRule::new("comparison", Comparison::AtLeast, 1.0),
        AlertRule::new("closure", over, 0.5),
    ];
    for (value, expected) in [
        (1.0, vec!["at_least", "at_most", "equal", "comparison", "closure"]),
        (2.0, vec!["above", "at_least", "not_equal", "comparison", "closure"]),
        (-2.0, vec!["below", "at_most", "not_equal", "closure"]),
    ] {
        let manager = manager(rules.clone().map(|rule| rule.metric("x")));
        let fired = manager.check_alerts(&[("x", value)]).await;
        assert_eq!(fired.iter().map(|alert| alert.rule.as_str()).collect::<Vec<_>>(), expected, "{value}");
    }
}

#[tokio::test]
async fn any_map_of_metrics_will_do() {
    let rule = || manager([AlertRule::new("cpu", above(), 90.0)]);
    let owned = "cpu".to_owned();
    assert_eq!(rule().check_alerts(&HashMap::from([(owned.clone(), 95.0)])).await.len(), 1);
    assert_eq!(rule().check_alerts(&BTreeMap::from([("cpu", Some(95.0))])).await.len(), 1);
    assert_eq!(rule().check_alerts(&vec![(owned, 95.0)]).await.len(), 1);
    assert_eq!(rule().check_alerts([("cpu", 95.0)].as_slice()).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_cool_down_does_not_forget_whole_days() {
    let manager = manager([AlertRule::new("cpu", above(), 90.0).window(2 * HOUR)]);
    assert_eq!(manager.check_alerts(&[("cpu", 95.0)]).await.len(), 1);
    manager.check_alerts(&[("cpu", 1.0)]).await;
    advance(HOUR).await;
    assert!(manager.check_alerts(&[("cpu", 95.0)]).await.is_empty());
    assert_eq!(state(&manager, "cpu"), State::Pending);
    manager.check_alerts(&[("cpu", 1.0)]).await;
    advance(24 * HOUR).await;
    // 25 hours, of which Python's `timedelta.seconds` shows one.
    assert_eq!(names(&manager.check_alerts(&[("cpu", 95.0)]).await), [("cpu", State::Firing)]);
}

#[tokio::test(start_paused = true)]
async fn what_flaps_for_a_day_fires_once_a_window() {
    let manager = manager([AlertRule::new("cpu", above(), 90.0)]);
    let (mut firings, mut changes) = (0, 0);
    for step in 0..24 * 3600 / 15 {
        let value = if step % 2 == 0 { 95.0 } else { 1.0 };
        let changed = manager.check_alerts(&[("cpu", value)]).await;
        firings += changed.iter().filter(|alert| alert.state == State::Firing).count();
        changes += changed.len();
        advance(Duration::from_secs(15)).await;
    }
    assert!(firings <= 24 * 3600 / 300 && firings > 24 * 3600 / 330, "{firings}");
    assert_eq!(changes, 2 * firings);
}

#[tokio::test]
async fn a_missing_metric_is_no_data_of_its_own_rule_and_ends_nothing() {
    let manager = manager([
        AlertRule::new("gone", above(), 1.0),
        AlertRule::new("cpu", above(), 90.0),
        AlertRule::new("nan", not_equal(), 1.0),
    ]);
    let fired = manager.check_alerts(&[("cpu", 95.0), ("nan", f64::NAN)]).await;
    assert_eq!(names(&fired), [("cpu", State::Firing)]);
    assert_eq!((state(&manager, "gone"), state(&manager, "nan")), (State::NoData, State::NoData));
    assert_eq!(state(&manager, "cpu"), State::Firing);
}

#[tokio::test]
async fn what_cannot_be_seen_neither_fires_nor_resolves() {
    let manager = manager([AlertRule::new("cpu", above(), 90.0)]);
    manager.check_alerts(&[("cpu", 95.0)]).await;
    for metrics in [vec![], vec![("cpu", None)], vec![("cpu", Some(f64::NAN))]] {
        assert!(manager.check_alerts(&metrics).await.is_empty());
        assert_eq!(state(&manager, "cpu"), State::Firing);
    }
    assert_eq!(manager.check_alerts(&[("cpu", 1.0)]).await.len(), 1);
    manager.check_alerts(&[("other", 1.0)]).await;
    assert_eq!(state(&manager, "cpu"), State::NoData);
}

#[tokio::test]
async fn a_condition_that_panics_fails_its_own_rule_only() {
    let broken = |value: f64, _: f64| if value > 1.0 { panic!("a bug of somebody's") } else { value > 0.5 };
    let manager =
        manager([AlertRule::new("broken", broken, 0.0).metric("cpu"), AlertRule::new("cpu", above(), 90.0)]);
    assert_eq!(manager.check_alerts(&[("cpu", 0.7)]).await.len(), 1);
    let fired = manager.check_alerts(&[("cpu", 95.0)]).await;
    assert_eq!(names(&fired), [("cpu", State::Firing)]);
    let status = manager.rules().remove(0);
    assert_eq!((status.state, status.error.as_deref()), (State::Firing, Some("the condition panicked")));
    let resolved = manager.check_alerts(&[("cpu", 0.1)]).await;
    assert_eq!(names(&resolved), [("broken", State::Resolved), ("cpu", State::Resolved)]);
    assert_eq!(manager.rules()[0].error, None);
}

#[tokio::test]
async fn each_series_of_a_metric_has_an_alert_of_its_own() {
    let rule = AlertRule::new("Conflicts", above(), 3.0)
        .metric("conflicts")
        .severity("page")
        .label("department", "all of {{ $labels.department }}")
        .annotation("summary", "{{ $value }} conflicts in {{ $labels.department }}");
    let manager = manager([rule]);
    let text = "conflicts{department=\"ER\",site=\"a\"} 5\nconflicts{department=\"ICU\",site=\"a\"} 2\n";
    let fired = manager.check_samples(&parse_exposition(text).unwrap()).await;
    assert_eq!(fired.len(), 1);
    let labels: Vec<_> = fired[0].labels.iter().collect();
    let expected =
        [("alertname", "Conflicts"), ("department", "all of ER"), ("severity", "page"), ("site", "a")];
    assert_eq!(labels, expected);
    assert_eq!(fired[0].annotations.get("summary"), Some("5 conflicts in ER"));
    assert_eq!(fired[0].severity(), Some("page"));
    let other = "conflicts{department=\"ICU\",site=\"a\"} 4\n";
    assert_eq!(manager.check_samples(&parse_exposition(other).unwrap()).await.len(), 1);
    assert_eq!(manager.alerts().len(), 2, "a series that vanished is not resolved");
}

#[tokio::test(start_paused = true)]
async fn an_alert_waits_until_its_condition_held_for_long_enough() {
    let second = Duration::from_secs(1);
    let rule = AlertRule::new("cpu", above(), 90.0).for_(60 * second).keep_firing_for(30 * second);
    let manager = manager([rule]);
    assert!(manager.check_alerts(&[("cpu", 95.0)]).await.is_empty());
    advance(59 * second).await;
    assert!(manager.check_alerts(&[("cpu", 95.0)]).await.is_empty());
    advance(second).await;
    let fired = manager.check_alerts(&[("cpu", 95.0)]).await;
    assert_eq!(names(&fired), [("cpu", State::Firing)]);
    assert!(fired[0].fired_at >= Some(fired[0].active_at));
    assert!(manager.check_alerts(&[("cpu", 1.0)]).await.is_empty());
    advance(30 * second).await;
    let resolved = manager.check_alerts(&[("cpu", 1.0)]).await;
    assert_eq!(names(&resolved), [("cpu", State::Resolved)]);
    assert!(resolved[0].resolved_at >= resolved[0].fired_at);
}

#[test]
fn what_cannot_be_a_rule_is_refused_when_it_is_added() {
    let manager = AlertManager::new();
    let rule = |name: &str| AlertRule::new(name, above(), 1.0);
    assert_eq!(manager.add_rule(rule(" ")), Err(BuildError::EmptyName));
    assert!(matches!(
        manager.add_rule(AlertRule::new("x", above(), f64::NAN)),
        Err(BuildError::NotANumber { rule }) if rule == "x"
    ));
    for label in ["", "a-b", "alertname", "__name__", "ä"] {
        assert!(
            matches!(manager.add_rule(rule("x").label(label, "v")), Err(BuildError::LabelName { .. })),
            "{label}"
        );
    }
    for text in ["{{ call \"up\" }}", "{{ $value", "{{ $nothing }}", "{{}}", "{{ humanize$value }}"] {
        let refused = manager.add_rule(rule("x").annotation("summary", text));
        assert!(matches!(refused, Err(BuildError::Template { .. })), "{text}");
    }
    let refused = manager.add_rule(rule("x").annotation("summary", "{{ $value }} {{ $value | shout }}"));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "rule `x`: template action `$value | shout`: `shout` is not supported; expected a function of Prometheus or Go"
    );
    assert!(manager.rules().is_empty());
    manager.add_rule(rule("x")).unwrap();
    assert!(matches!(manager.add_rule(rule("x")), Err(BuildError::Duplicate { .. })));
    assert_eq!(manager.rules().len(), 1);
}

#[tokio::test]
async fn no_rules_and_ten_thousand_rules_are_checked() {
    assert!(AlertManager::new().check_alerts(&[("cpu", 1.0)]).await.is_empty());
    let many = manager((0..10_000).map(|rule| AlertRule::new(format!("r{rule}"), above(), 1.0)));
    let metrics: HashMap<String, f64> =
        (0..10_000).map(|rule| (format!("r{rule}"), f64::from(rule % 3))).collect();
    assert_eq!(many.check_alerts(&metrics).await.len(), 3333);
}

#[tokio::test]
async fn past_the_limit_whoever_was_told_is_told_of_the_end_reminded_or_not() {
    for window in [Duration::ZERO, Duration::from_secs(300)] {
        let manager = manager([AlertRule::new("load", above(), 1.0).window(window)]);
        let hosts = |count| (0..count).map(|host| format!("load{{host=\"{host}\"}} 2\n")).collect::<String>();
        let (all, more) = (hosts(10_000), hosts(10_001));
        assert_eq!(manager.check_samples(&parse_exposition(&all).unwrap()).await.len(), 10_000);
        let changes = manager.check_samples(&parse_exposition(&more).unwrap()).await;
        assert!(
            changes.iter().all(|alert| alert.state == State::Resolved),
            "nobody is told of what is forgotten"
        );
        assert_eq!((changes.len(), manager.alerts().len()), (10_000, 0));
    }
}

#[tokio::test]
async fn an_infinite_value_is_one_and_decides_as_any_other() {
    for (value, state) in [(f64::INFINITY, State::Firing), (f64::NEG_INFINITY, State::Inactive)] {
        let manager = manager([AlertRule::new("x", above(), 1e308)]);
        manager.check_alerts(&[("x", value)]).await;
        assert_eq!(manager.rules()[0].state, state, "{value}");
    }
}
