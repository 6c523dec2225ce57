//! Rules made in code that look at more than one evaluation: hysteresis, m of n, no data.

use std::time::Duration;

use ms_alerts::{
    Alert, AlertManager, AlertRule, BuildError, NoData, Over, State, above, below, equal, parse_exposition,
};
use proptest::prelude::*;
use tokio::time::advance;

const MINUTE: Duration = Duration::from_secs(60);

fn manager(rule: AlertRule) -> AlertManager {
    let manager = AlertManager::new();
    manager.add_rule(rule).unwrap();
    manager
}

async fn check(manager: &AlertManager, text: &str) -> Vec<(State, String)> {
    let changes = manager.check_samples(&parse_exposition(text).unwrap()).await;
    let host = |alert: &Alert| alert.labels.get("host").unwrap_or("-").to_owned();
    changes.iter().map(|alert| (alert.state, host(alert))).collect()
}

fn of(state: State, host: &str) -> Vec<(State, String)> {
    vec![(state, host.to_owned())]
}

#[tokio::test(start_paused = true)]
async fn an_alert_fires_at_one_value_and_clears_at_another() {
    let manager = manager(AlertRule::new("x", above(), 90.0).clear_at(80.0));
    let mut told = Vec::new();
    for value in ["85", "91", "85", "80.5", "80", "85", "91"] {
        advance(10 * MINUTE).await;
        told.extend(
            check(&manager, &format!("x {value}\n")).await.into_iter().map(|(state, _)| (value, state)),
        );
    }
    use State::{Firing, Resolved};
    let reminders = [("91", Firing), ("85", Firing), ("80.5", Firing), ("80", Resolved), ("91", Firing)];
    assert_eq!(told, reminders);
}

#[tokio::test(start_paused = true)]
async fn missing_data_can_be_an_alert_of_its_own_after_its_own_time() {
    let rule = AlertRule::new("R", above(), 90.0).metric("x").no_data(NoData::Alert, 2 * MINUTE);
    let manager = manager(rule.annotation("text", "{{ $value }}"));
    assert_eq!(check(&manager, "x{host=\"a\"} 1\nx{host=\"b\"} 95\n").await, of(State::Firing, "b"));
    for text in ["x{host=\"a\"} 1\n", "", "x{host=\"a\"} NaN\n"] {
        assert_eq!(check(&manager, text).await, [], "one of two, or too early");
        advance(MINUTE).await;
    }
    assert_eq!(check(&manager, "").await, of(State::Firing, "-"));
    let absent = manager.alerts().into_iter().find(|alert| alert.labels.get("host").is_none()).unwrap();
    assert!(absent.value.is_nan());
    assert_eq!(absent.annotations.get("text"), Some("NaN"));
    assert_eq!(manager.rules()[0].state, State::Firing);
    // Of b nothing is known yet: it goes on.
    assert_eq!(check(&manager, "x{host=\"a\"} 1\n").await, of(State::Resolved, "-"));
    assert_eq!(check(&manager, "x{host=\"b\"} 1\n").await, of(State::Resolved, "b"));
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_fires_goes_on_when_its_only_series_goes() {
    let rule = AlertRule::new("x", above(), 90.0).clear_at(80.0).window(1000 * MINUTE);
    let manager = manager(rule.no_data(NoData::Alert, Duration::ZERO));
    assert_eq!(check(&manager, "x 95\n").await, of(State::Firing, "-"));
    assert_eq!(check(&manager, "").await, [], "the alert that there is none would be the same");
    assert_eq!(manager.alerts()[0].value, 95.0);
    advance(1000 * MINUTE).await;
    assert_eq!(check(&manager, "x 5\n").await, of(State::Resolved, "-"));
    assert_eq!(check(&manager, "").await, of(State::Firing, "-"));
    assert_eq!(check(&manager, "x 85\n").await, of(State::Resolved, "-"), "it never was above 90");
}

#[tokio::test(start_paused = true)]
async fn an_alert_resolves_for_want_of_data_only_if_asked_to() {
    let rule = || AlertRule::new("x", above(), 90.0).window(1000 * MINUTE).keep_firing_for(5 * MINUTE);
    let (keep, resolve) = (manager(rule()), manager(rule().no_data(NoData::Resolve, 2 * MINUTE)));
    for manager in [&keep, &resolve] {
        assert_eq!(check(manager, "x 95\n").await, of(State::Firing, "-"));
        assert_eq!(check(manager, "x NaN\n").await, []);
    }
    advance(MINUTE).await;
    check(&resolve, "x 96\n").await;
    for passed in [0, 1] {
        assert_eq!(check(&resolve, "").await, [], "{passed} min");
        advance(MINUTE).await;
    }
    assert_eq!(check(&resolve, "").await, of(State::Resolved, "-"));
    advance(999 * MINUTE).await;
    assert_eq!(check(&keep, "").await, []);
    assert_eq!(keep.alerts()[0].state, State::Firing);
}

#[test]
fn options_that_cannot_be_are_refused() {
    let add = |rule: AlertRule| AlertManager::new().add_rule(rule);
    let wrong = Err(BuildError::ClearAt { rule: "r".to_owned() });
    assert_eq!(add(AlertRule::new("r", above(), 90.0).clear_at(90.1)), wrong);
    assert_eq!(add(AlertRule::new("r", below(), 90.0).clear_at(89.0)), wrong);
    assert_eq!(add(AlertRule::new("r", equal(), 1.0).clear_at(2.0)), wrong);
    for condition in [above(), below(), equal(), (|value: f64, limit: f64| value > limit).into()] {
        assert_eq!(add(AlertRule::new("r", condition.clone(), 1.0).clear_at(f64::NAN)), wrong);
        assert_eq!(add(AlertRule::new("r", condition, 1.0).clear_at(1.0)), Ok(()));
    }
    let wrong = Err(BuildError::Range { rule: "r".to_owned() });
    for (over, range) in [
        (Over::Avg, Duration::ZERO),
        (Over::Quantile(1.1), MINUTE),
        (Over::Quantile(-0.1), MINUTE),
        (Over::Quantile(f64::NAN), MINUTE),
    ] {
        assert_eq!(add(AlertRule::new("r", above(), 1.0).over(over, range)), wrong, "{over:?}");
    }
    let wrong = Err(BuildError::Evaluations { rule: "r".to_owned() });
    for (m, n) in [(0, 1), (0, 0), (2, 1), (1, 65)] {
        assert_eq!(add(AlertRule::new("r", above(), 90.0).m_of_n(m, n)), wrong, "{m} of {n}");
    }
    assert_eq!(add(AlertRule::new("r", above(), 90.0).m_of_n(64, 64)), Ok(()));
}

/// What a rule is asked for, in seconds.
#[derive(Debug, Clone)]
struct Options {
    hold: u64,
    keep: u64,
    needed: (usize, usize),
    clear_at: f64,
    resolve_after: Option<u64>,
}

/// Looks at everything that was, each time, but for what begins with the firing.
#[derive(Default)]
struct Reference {
    held: Vec<bool>,
    firing: bool,
    held_since: Option<u64>,
    clear_since: Option<u64>,
    missing_since: Option<u64>,
}

impl Reference {
    fn step(&mut self, at: u64, value: Option<f64>, options: &Options) -> bool {
        let Some(value) = value else {
            let since = *self.missing_since.get_or_insert(at);
            if !self.firing {
                self.held.push(false);
                self.held_since = None;
            } else if options.resolve_after.is_some_and(|after| at - since >= after) {
                *self = Self { missing_since: self.missing_since, ..Self::default() };
            }
            return self.firing;
        };
        self.missing_since = None;
        self.held.push(value > if self.firing { options.clear_at } else { 50.0 });
        let (m, n) = options.needed;
        if self.held.iter().rev().take(n).filter(|held| **held).count() >= m {
            self.clear_since = None;
            let since = *self.held_since.get_or_insert(at);
            self.firing |= at - since >= options.hold;
        } else {
            self.held_since = None;
            let since = *self.clear_since.get_or_insert(at);
            self.firing &= at - since < options.keep;
        }
        if !self.firing {
            self.clear_since = None;
        }
        self.firing
    }
}

proptest! {
    #[test]
    fn every_state_is_that_of_the_reference(
        steps in prop::collection::vec((0..40_u64, prop::option::weighted(0.8, 0.0..100.0_f64)), 1..60),
        (hold, keep) in (0..60_u64, 0..60_u64),
        (m, more) in (1..4_u32, 0..4_u32),
        clear_at in 10.0..=50.0_f64,
        resolve_after in prop::option::of(0..60_u64),
    ) {
        let seconds = Duration::from_secs;
        let needed = (m as usize, (m + more) as usize);
        let options = Options { hold, keep, needed, clear_at, resolve_after };
        let mut rule = AlertRule::new("x", above(), 50.0).window(Duration::ZERO).for_(seconds(hold));
        rule = rule.keep_firing_for(seconds(keep)).m_of_n(m, m + more).clear_at(clear_at);
        if let Some(after) = resolve_after {
            rule = rule.no_data(NoData::Resolve, seconds(after));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let (manager, mut reference, mut at) = (manager(rule), Reference::default(), 0);
            for (pause, value) in steps {
                at += pause;
                advance(seconds(pause)).await;
                let text = value.map_or_else(String::new, |value| format!("x {value:?}\n"));
                check(&manager, &text).await;
                let fires = manager.alerts().iter().any(|alert| alert.state == State::Firing);
                prop_assert_eq!(fires, reference.step(at, value, &options), "at {} of {:?}", at, options);
            }
            Ok(())
        })?;
    }
}

#[tokio::test(start_paused = true)]
async fn a_range_is_judged_in_place_of_the_last_value() {
    let rule =
        AlertRule::new("x", above(), 50.0).over(Over::Avg, 3 * MINUTE).annotation("text", "{{ $value }}");
    let manager = manager(rule);
    assert_eq!(check(&manager, "x{host=\"a\"} 40\nx{host=\"b\"} 0\n").await, []);
    advance(MINUTE).await;
    assert_eq!(check(&manager, "x{host=\"a\"} 70\nx{host=\"b\"} 99\n").await, of(State::Firing, "a"));
    assert_eq!(manager.alerts()[0].value, 55.0);
    assert_eq!(manager.alerts()[0].annotations.get("text"), Some("55"));
    advance(MINUTE).await;
    assert_eq!(check(&manager, "x{host=\"a\"} NaN\n").await, [], "there is none now");
    advance(2 * MINUTE).await;
    assert_eq!(check(&manager, "x{host=\"a\"} 20\n").await, of(State::Resolved, "a"), "70 has passed");
}
