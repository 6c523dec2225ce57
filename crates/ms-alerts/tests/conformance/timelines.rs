//! Alerts over time, beside those of a Prometheus server on the same samples.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use ms_alerts::{AlertManager, Labels, State, parse_exposition};
use serde_json::Value;

use super::{data, files};

/// A server still sees a sample that is this old; an exposition has no old ones, so they are written again.
const LOOK_BACK_SECONDS: u64 = 300;

/// Gives what a scrape would have shown at this step, series by series.
fn exposition(series: &serde_json::Map<String, Value>, step: usize, interval: u64) -> String {
    let mut text = String::new();
    for (name, values) in series {
        let values = values.as_array().unwrap();
        let last = values.iter().take(step + 1).rposition(|value| !value.is_null());
        let Some(at) = last.filter(|at| (step - at) as u64 * interval <= LOOK_BACK_SECONDS) else { continue };
        match &values[at] {
            Value::String(marker) if marker == "stale" => {}
            Value::String(word) => writeln!(text, "{name} {word}").unwrap(),
            number => writeln!(text, "{name} {number}").unwrap(),
        }
    }
    text
}

/// Labels without `alertname`, in the words of the file: `{a="b",c="d"}`.
fn parse_labels(text: &str) -> Labels {
    let line = format!("x{text} 1\n");
    let samples = parse_exposition(&line).unwrap();
    samples.iter().next().unwrap().labels().filter(|(name, _)| *name != "alertname").collect()
}

fn without_name(labels: &Labels) -> Labels {
    labels.iter().filter(|(name, _)| *name != "alertname").collect()
}

#[tokio::test(start_paused = true)]
async fn alerts_are_those_of_a_prometheus_server_at_every_step() {
    let mut compared = 0;
    for (name, path) in files(&data("alert-timelines")) {
        if path.extension().is_none_or(|kind| kind != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| !line.trim().is_empty()) {
            let case: Value = serde_json::from_str(line).unwrap();
            compared += usize::from(replay(&name, &case).await);
        }
    }
    assert!(compared > 0, "no timeline found whose rule loads");
}

/// Gives whether the rule could be loaded; refusing it is no wrong answer.
async fn replay(file: &str, case: &Value) -> bool {
    let rules = serde_json::json!({"groups": [{"name": "timeline", "rules": [case["rule"]]}]}).to_string();
    let Ok(builder) = AlertManager::builder().rules_text("timeline", &rules) else { return false };
    let manager = builder.build().unwrap();
    let interval = case["interval_s"].as_u64().unwrap();
    for (step, expected) in case["steps"].as_array().unwrap().iter().enumerate() {
        let text = exposition(case["series"].as_object().unwrap(), step, interval);
        manager.check_samples(&parse_exposition(&text).unwrap()).await;
        let at = format!("{file}, {}, step {step}", case["id"]);
        let ours: BTreeMap<Labels, String> = manager
            .alerts()
            .iter()
            .map(|alert| (without_name(&alert.labels), alert.state.as_str().to_owned()))
            .collect();
        let theirs: BTreeMap<Labels, String> = expected["alerts"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(labels, state)| (parse_labels(labels), state.as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(ours, theirs, "{at}");
        // A rule without keep_firing_for has an alert exactly where the expression has a value.
        let mut ours: Vec<f64> = manager.alerts().iter().map(|alert| alert.value).collect();
        let mut theirs: Vec<f64> = expected["value"]
            .as_object()
            .unwrap()
            .values()
            .map(|value| value.as_f64().unwrap_or(f64::NAN))
            .collect();
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        assert_eq!(ours.len(), theirs.len(), "{at}");
        assert!(ours.iter().zip(&theirs).all(|(ours, theirs)| ours == theirs || ours.is_nan()), "{at}");
        assert!(
            manager.rules().iter().all(|rule| rule.error.is_none() && rule.state != State::NoData),
            "{at}"
        );
        tokio::time::advance(Duration::from_secs(interval)).await;
    }
    true
}
