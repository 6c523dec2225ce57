//! Conditions and sources that call the manager which evaluates them.

use std::pin::pin;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, State, above, exposition};

/// A check is done at the first poll.
fn check(manager: &AlertManager, value: f64) -> Option<usize> {
    let metrics = [("x", value)];
    let mut check = pin!(manager.check_alerts(&metrics));
    match check.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(changes) => Some(changes.len()),
        Poll::Pending => None,
    }
}

/// Whoever waits for himself would wait for ever.
fn within_a_minute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = channel();
    std::thread::spawn(move || tell.send(work()));
    told.recv_timeout(Duration::from_secs(60)).expect("an end")
}

#[test]
fn a_condition_may_ask_its_manager_and_add_rules() {
    within_a_minute(|| {
        let manager = AlertManager::new();
        let (asked, seen) = (manager.clone(), Arc::new(Mutex::new(Vec::new())));
        let told = Arc::clone(&seen);
        let condition = move |value: f64, threshold: f64| {
            let added = asked.add_rule(AlertRule::new("y", above(), 1.0).metric("x"));
            let answers = (asked.alerts().len(), asked.rules().len(), check(&asked, 9.0), added.is_ok());
            told.lock().unwrap().push(answers);
            value > threshold
        };
        manager.add_rule(AlertRule::new("x", condition, 1.0)).unwrap();
        assert_eq!(check(&manager, 2.0), Some(1));
        assert_eq!(check(&manager, 2.0), Some(1), "the rule that was added meanwhile");
        assert_eq!(*seen.lock().unwrap(), [(0, 2, Some(0), true), (1, 2, Some(0), false)]);
        assert_eq!(manager.rules().iter().map(|rule| rule.state).collect::<Vec<_>>(), [State::Firing; 2]);
    });
}

#[cfg(feature = "rules")]
#[test]
fn a_condition_cannot_reload_its_rules_though_another_thread_does() {
    within_a_minute(|| {
        let manager = AlertManager::builder().rules_text("a.yml", "groups: []").unwrap().build().unwrap();
        let asked = manager.clone();
        let (entered, inside) = channel();
        let (waits, reloading) = channel::<()>();
        let both = Mutex::new((entered, reloading));
        let condition = move |_: f64, _: f64| {
            let both = both.lock().unwrap();
            both.0.send(()).unwrap();
            both.1.recv().unwrap();
            matches!(asked.reload(), Err(ms_alerts::RuleFileError::Evaluating))
        };
        manager.add_rule(AlertRule::new("x", condition, 1.0)).unwrap();
        let other = manager.clone();
        let reload = std::thread::spawn(move || {
            inside.recv().unwrap();
            waits.send(()).unwrap();
            other.reload().unwrap().len()
        });
        assert_eq!(check(&manager, 2.0), Some(1), "the condition was refused its reload");
        assert_eq!(reload.join().unwrap(), 0);
    });
}

#[tokio::test]
async fn a_source_may_ask_its_manager_and_add_rules() {
    let alerts: Arc<OnceLock<ms_alerts::AlertHandle>> = Arc::default();
    let asked = Arc::clone(&alerts);
    let source = exposition(move || {
        let Some(alerts) = asked.get() else { return String::new() };
        let _ = alerts.add_rule(AlertRule::new("rules", above(), 0.0));
        format!("rules {}\n", alerts.rules().len() + alerts.alerts().len())
    });
    let builder = AlertManager::builder().source(source).interval(Duration::from_millis(1));
    alerts.set(builder.spawn().unwrap()).unwrap();
    while alerts.get().unwrap().alerts().is_empty() {
        tokio::task::yield_now().await;
    }
}
