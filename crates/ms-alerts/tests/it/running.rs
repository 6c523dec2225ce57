//! A manager that evaluates by itself.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, BuildError, State, above, exposition, log_sink, values};
use tokio::time::Instant;

fn high_cpu() -> AlertRule {
    AlertRule::new("HighCpu", above(), 90.0).metric("cpu_usage_percent")
}

#[tokio::test]
async fn the_wiring_of_the_readme_evaluates_delivers_and_ends() {
    let alerts = AlertManager::builder()
        .rule(high_cpu())
        .source(exposition(|| "cpu_usage_percent 97\n".to_owned()))
        .sink(log_sink())
        .interval(Duration::from_millis(1))
        .spawn()
        .unwrap();
    while alerts.alerts().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(alerts.alerts()[0].state, State::Firing);
    assert_eq!(alerts.shutdown(Duration::from_secs(5)).await.undelivered, 0);
}

/// Runs until the source was read `readings` times; gives when that was, in seconds from the start.
async fn reading_times(readings: usize, builder: ms_alerts::AlertManagerBuilder) -> Vec<u64> {
    let start = Instant::now();
    let (read, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let source = exposition(move || {
        read.send(()).unwrap();
        String::new()
    });
    let alerts = builder.source(source).spawn().unwrap();
    let mut times = Vec::new();
    for _ in 0..readings {
        seen.recv().await.unwrap();
        times.push(start.elapsed().as_secs());
    }
    drop(alerts);
    assert!(seen.recv().await.is_none(), "evaluation ends with the last handle");
    times
}

#[tokio::test(start_paused = true)]
async fn rules_are_evaluated_every_interval_from_the_start() {
    assert_eq!(reading_times(4, AlertManager::builder().rule(high_cpu())).await, [0, 15, 30, 45]);
    let often = AlertManager::builder().rule(high_cpu()).interval(Duration::from_secs(2));
    assert_eq!(reading_times(3, often).await, [0, 2, 4]);
}

#[cfg(feature = "rules")]
#[tokio::test(start_paused = true)]
async fn groups_keep_their_own_intervals_and_share_a_reading() {
    let text = "groups:\n  - name: a\n    interval: 10s\n  - name: b\n    interval: 20s\n";
    let builder =
        AlertManager::builder().rules_text("rules.yml", text).unwrap().interval(Duration::from_secs(25));
    assert_eq!(reading_times(7, builder).await, [0, 10, 20, 25, 30, 40, 50]);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_fails_changes_nothing() {
    let answers = Arc::new(AtomicUsize::new(0));
    let states = Arc::new(Mutex::new(Vec::new()));
    let (counted, told) = (Arc::clone(&answers), Arc::clone(&states));
    let handle: Arc<Mutex<Option<ms_alerts::AlertHandle>>> = Arc::default();
    let asked = Arc::clone(&handle);
    let source = exposition(move || {
        if let Some(handle) = asked.lock().unwrap().as_ref() {
            told.lock().unwrap().push(handle.rules()[0].state);
        }
        match counted.fetch_add(1, Ordering::Relaxed) {
            0 => "cpu_usage_percent 97\n".to_owned(),
            1 => "cpu_usage_percent 1\n}{ nonsense".to_owned(),
            2 => panic!("a bug of somebody's"),
            3 => "cpu_usage_percent NaN\n".to_owned(),
            _ => "cpu_usage_percent 1\n".to_owned(),
        }
    });
    let alerts = AlertManager::builder().rule(high_cpu()).source(source).spawn().unwrap();
    *handle.lock().unwrap() = Some(alerts.clone());
    while answers.load(Ordering::Relaxed) < 6 {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    alerts.shutdown(Duration::from_secs(1)).await;
    let states = states.lock().unwrap().clone();
    let last_five = &states[states.len() - 5..];
    use State::{Firing, Resolved};
    assert_eq!(last_five, [Firing, Firing, Firing, Firing, Resolved]);
}

#[tokio::test]
async fn a_source_that_hangs_does_not_keep_the_service_from_ending() {
    let (release, hung) = std::sync::mpsc::channel::<()>();
    let hung = Mutex::new(hung);
    let (entered, mut inside) = tokio::sync::mpsc::unbounded_channel();
    let source = exposition(move || {
        entered.send(()).unwrap();
        let _ = hung.lock().unwrap().recv();
        String::new()
    });
    let alerts = AlertManager::builder().rule(high_cpu()).source(source).spawn().unwrap();
    inside.recv().await.unwrap();
    alerts.shutdown(Duration::from_millis(10)).await;
    drop(release);
}

#[tokio::test]
async fn a_map_and_a_text_are_looked_at_together() {
    let rules = [high_cpu(), AlertRule::new("queue", above(), 5.0)];
    let builder = rules.into_iter().fold(AlertManager::builder(), |builder, rule| builder.rule(rule));
    let alerts = builder
        .source(exposition(|| "cpu_usage_percent 97\n".to_owned()))
        .source(values(|| [("queue", 9.0)]))
        .interval(Duration::from_millis(1))
        .spawn()
        .unwrap();
    while alerts.alerts().len() < 2 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn what_cannot_run_is_refused() {
    let build = || AlertManager::builder().rule(high_cpu());
    let source = || exposition(String::new);
    assert_eq!(build().source(source()).spawn().unwrap_err(), BuildError::NoRuntime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    assert_eq!(build().spawn().unwrap_err(), BuildError::NoSource);
    let zero = build().source(source()).interval(Duration::ZERO).spawn();
    assert_eq!(zero.unwrap_err(), BuildError::ZeroInterval);
}

#[cfg(feature = "rules")]
#[test]
fn the_rules_of_the_example_service_load() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/medschedule/deploy/alerts.yml");
    let manager = AlertManager::builder().rules_file(path).unwrap().build().unwrap();
    let rules = std::fs::read_to_string(path).unwrap().matches("- alert: ").count();
    assert_eq!((manager.rules().len(), rules > 0), (rules, true));
}
