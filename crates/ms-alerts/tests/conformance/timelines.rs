//! Alerts over time, beside those of a Prometheus server on the same samples.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use jiff::Timestamp;
use ms_alerts::{AlertManager, Compat, Labels, State, parse_exposition};
use serde_json::Value;

use super::{data, files};

/// Gives what a scrape would have shown at this step, series by series: a sample that is not of this step has its own time.
fn exposition(series: &serde_json::Map<String, Value>, step: usize, interval: u64) -> String {
    let mut text = String::new();
    for (name, values) in series {
        let values = values.as_array().unwrap();
        let Some(at) = values.iter().take(step + 1).rposition(|value| !value.is_null()) else { continue };
        let stamp = if at == step { String::new() } else { format!(" {}", at as u64 * interval * 1000) };
        match &values[at] {
            Value::String(marker) if marker == "stale" => {}
            Value::String(word) => writeln!(text, "{name} {word}{stamp}").unwrap(),
            number => writeln!(text, "{name} {number}{stamp}").unwrap(),
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

/// But for the last digits: a server adds series in no order.
fn is_same(ours: f64, theirs: f64) -> bool {
    ours == theirs || (ours.is_nan() && theirs.is_nan()) || (ours - theirs).abs() <= 1e-9 * theirs.abs()
}

#[tokio::test]
async fn alerts_are_those_of_a_prometheus_server_at_every_step() {
    let (mut compared, mut all) = (0, 0);
    for (name, path) in files(&data("alert-timelines")) {
        if path.extension().is_none_or(|kind| kind != "jsonl") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines().filter(|line| !line.trim().is_empty()) {
            let case: Value = serde_json::from_str(line).unwrap();
            all += 1;
            compared += usize::from(replay(&name, &case).await);
        }
    }
    println!("{compared} of {all} timelines compared");
    assert!(compared > 0, "no timeline found whose rule loads");
}

/// Gives whether the rule could be loaded; refusing it is no wrong answer.
async fn replay(file: &str, case: &Value) -> bool {
    let rules = serde_json::json!({"groups": [{"name": "timeline", "rules": [case["rule"]]}]}).to_string();
    let Ok(builder) = AlertManager::builder().rules_text("timeline", &rules) else { return false };
    let manager = builder.compat(Compat::V2_42).build().unwrap();
    let interval = case["interval_s"].as_u64().unwrap();
    for (step, expected) in case["steps"].as_array().unwrap().iter().enumerate() {
        let text = exposition(case["series"].as_object().unwrap(), step, interval);
        let moment = Timestamp::from_second((step as u64 * interval) as i64).unwrap();
        manager.check_samples_at(&parse_exposition(&text).unwrap(), moment).await;
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
        assert!(ours.iter().zip(&theirs).all(|(ours, theirs)| is_same(*ours, *theirs)), "{at}");
        assert!(
            manager.rules().iter().all(|rule| rule.error.is_none() && rule.state != State::NoData),
            "{at}"
        );
    }
    true
}
