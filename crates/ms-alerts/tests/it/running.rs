//! A manager that evaluates by itself.

use std::time::Duration;

use ms_alerts::{AlertManager, AlertRule, State, above, exposition, log_sink};

#[tokio::test]
async fn the_wiring_of_the_readme_evaluates_delivers_and_ends() {
    let alerts = AlertManager::builder()
        .rule(AlertRule::new("HighCpu", above(), 90.0).metric("cpu_usage_percent"))
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

#[cfg(feature = "rules")]
#[test]
fn the_rules_of_the_example_service_load() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/medschedule/deploy/alerts.yml");
    let manager = AlertManager::builder().rules_file(path).unwrap().build().unwrap();
    assert_eq!(manager.rules().len(), 7);
}
