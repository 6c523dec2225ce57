//! Objectives as rules, run by promtool.

use std::fs;
use std::process::{Command, Output};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Weekday;
use ms_alerts::{AlertManager, Compat, Slo, SloError, State, parse_exposition};
use serde_json::{Value, json};

fn promtool(arguments: &[&str], folder: &std::path::Path) -> Output {
    let output = Command::new("promtool").args(arguments).current_dir(folder).output();
    output.expect("promtool; install it with: apt-get install prometheus")
}

fn availability() -> Slo {
    Slo::availability("shifts", r#"http_requests_total{status=~"5.."}"#, "http_requests_total")
}

/// What fires at each time, severity by severity, and what the budget is, as promtool's unit tests see it.
fn passes(slo: &Slo, series: &Value, expected: &[(&str, &[&str])], budget: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let rules = slo.rules().unwrap();
    fs::write(folder.path().join("rules.yml"), &rules).unwrap();
    let checked = promtool(&["check", "rules", "rules.yml"], folder.path());
    assert!(checked.status.success(), "{rules}\n{}", String::from_utf8_lossy(&checked.stderr));
    let firing = expected.iter().map(|(time, severities)| {
        let samples = severities
            .iter()
            .map(|severity| json!({"labels": format!("{{severity={severity:?}}}"), "value": 1}));
        let expression =
            "sum by(severity) (ALERTS{alertname=\"ErrorBudgetBurn\",alertstate=\"firing\",slo=\"shifts\"})";
        json!({"expr": expression, "eval_time": time, "exp_samples": samples.collect::<Vec<_>>()})
    });
    let budgets = budget.iter().map(|(time, condition)| {
        let expression = format!("slo:error_budget:remaining_ratio{{slo=\"shifts\"}} {condition}");
        let expression = format!("count({expression})");
        json!({"expr": expression, "eval_time": time, "exp_samples": [{"labels": "{}", "value": 1}]})
    });
    let test = json!({
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": firing.chain(budgets).collect::<Vec<_>>()}],
    });
    fs::write(folder.path().join("test.yml"), test.to_string()).unwrap();
    let tested = promtool(&["test", "rules", "test.yml"], folder.path());
    let said = String::from_utf8_lossy(&tested.stdout) + String::from_utf8_lossy(&tested.stderr);
    assert!(tested.status.success(), "{rules}\n{said}");
}

/// A day without errors, an hour in which every second request fails, and then none.
fn an_hour_of_failures() -> Value {
    json!([
        {"series": r#"http_requests_total{status="200"}"#, "values": "0+60x1440 86430+30x59 88260+60x1440"},
        {"series": r#"http_requests_total{status="500"}"#, "values": "0x1440 30+30x59 1800x1440"},
    ])
}

#[test]
fn failures_page_and_resolve_when_the_short_window_is_good() {
    let expected: &[(&str, &[&str])] = &[
        ("1d", &[]),
        // Burning 14.4 times too fast is 1.44 % of an hour, which two minutes of half the requests are.
        ("1441m", &[]),
        ("1442m", &["page"]),
        ("1500m", &["page", "ticket"]),
        // The hour and the six hours are still bad, but the last five and thirty minutes are good.
        ("1535m", &["ticket"]),
        ("1870m", &[]),
    ];
    passes(&availability(), &an_hour_of_failures(), expected, &[("1d", "== 1"), ("1510m", "< 0")]);
}

#[tokio::test]
async fn the_same_failures_page_and_resolve_inside_the_process() {
    let rules = availability().rules().unwrap();
    let manager = AlertManager::builder().rules_text("slo.yml", &rules).unwrap();
    let manager = manager.compat(Compat::V2_42).build().unwrap();
    let (mut good, mut bad) = (0, 0);
    let mut seen = Vec::new();
    for minute in 0..=1870_i64 {
        let text = format!(
            "http_requests_total{{status=\"200\"}} {good}\nhttp_requests_total{{status=\"500\"}} {bad}\n"
        );
        let moment = Timestamp::from_second(minute * 60).unwrap();
        manager.check_samples_at(&parse_exposition(&text).unwrap(), moment).await;
        if [1440, 1441, 1442, 1500, 1535, 1870].contains(&minute) {
            let alerts = manager.alerts();
            let firing = alerts.iter().filter(|alert| alert.state == State::Firing);
            let mut firing: Vec<String> =
                firing.map(|alert| alert.severity().unwrap_or_default().to_owned()).collect();
            firing.sort();
            seen.push(firing.join(" "));
        }
        let failing = (1440..1500).contains(&minute);
        good += if failing { 30 } else { 60 };
        bad += if failing { 30 } else { 0 };
    }
    assert_eq!(seen, ["", "", "page", "page ticket", "ticket", ""]);
    assert!(manager.rules().iter().all(|rule| rule.error.is_none()));
}

#[test]
fn an_objective_that_allows_the_failures_is_silent() {
    let expected: &[(&str, &[&str])] = &[("1445m", &[]), ("1500m", &["page", "ticket"]), ("1870m", &[])];
    passes(&availability().objective(0.96), &an_hour_of_failures(), &[("1441m", &[])], &[("1510m", "> 0.4")]);
    passes(&availability().objective(0.99), &an_hour_of_failures(), expected, &[]);
}

#[test]
fn one_failure_of_few_requests_pages_only_without_a_minimum_of_events() {
    let series = json!([
        {"series": r#"http_requests_total{status="200"}"#, "values": "0+1x240"},
        {"series": r#"http_requests_total{status="500"}"#, "values": "0x120 1x120"},
    ]);
    passes(&availability(), &series, &[("122m", &["page", "ticket"])], &[]);
    passes(&availability().min_events(1000), &series, &[("122m", &[]), ("200m", &[])], &[]);
}

#[test]
fn maintenance_neither_pages_nor_costs_budget_nor_pages_afterwards() {
    // The first day of 1970 was a Thursday: the failures are on Friday, from 00:01 to 01:00.
    let quiet: &[(&str, &[&str])] =
        &[("1450m", &[]), ("1500m", &[]), ("1515m", &[]), ("1535m", &[]), ("1600m", &[])];
    let slo = availability().maintenance(Weekday::Friday, 0..1);
    passes(&slo, &an_hour_of_failures(), quiet, &[("1439m", "== 1"), ("1600m", "== 1")]);
    let other_day = availability().maintenance(Weekday::Saturday, 0..1);
    passes(&other_day, &an_hour_of_failures(), &[("1442m", &["page"])], &[]);
}

#[test]
fn slow_requests_page_however_the_bound_is_written() {
    for bound in ["1", "1.0"] {
        let bucket = format!(r#"request_seconds_bucket{{route="/",le="{bound}"}}"#);
        let other = r#"request_seconds_bucket{route="/",le="+Inf"}"#;
        let series = json!([
            {"series": bucket, "values": "0+60x60 3630+30x60"},
            {"series": other, "values": "0+60x120"},
            {"series": r#"request_seconds_count{route="/"}"#, "values": "0+60x120"},
            {"series": r#"request_seconds_count{route="/other"}"#, "values": "0+6000x120"},
        ]);
        let slo = Slo::latency("shifts", r#"request_seconds{route="/",}"#, Duration::from_secs(1));
        passes(&slo, &series, &[("60m", &[]), ("70m", &["page", "ticket"])], &[]);
    }
    let fraction = Slo::latency("shifts", "request_seconds", Duration::from_millis(250)).rules().unwrap();
    assert!(fraction.contains(r#"rate(request_seconds_bucket{le="0.25"}[5m])"#), "{fraction}");
}

#[test]
fn what_cannot_be_is_refused() {
    let name = |name: &str| Slo::availability(name, "bad", "total");
    for slo in [name(""), name("a\"b"), name("a\nb"), name("{{ .Values }}")] {
        assert!(matches!(slo.rules(), Err(SloError::Name { .. })), "{slo:?}");
    }
    for objective in [0.0, 1.0, -1.0, 1.5, f64::NAN, f64::INFINITY, 1.0 - 1e-14] {
        assert!(
            matches!(name("a").objective(objective).rules(), Err(SloError::Objective { .. })),
            "{objective}"
        );
    }
    for window in
        [Duration::ZERO, Duration::from_hours(24 * 6), Duration::from_hours(24 * 7 + 1), Duration::MAX]
    {
        assert!(matches!(name("a").window(window).rules(), Err(SloError::Window { .. })), "{window:?}");
    }
    for (start, end) in [(4, 2), (2, 2), (2, 25)] {
        let slo = name("a").maintenance(Weekday::Monday, start..end);
        assert_eq!(slo.rules(), Err(SloError::Maintenance { start, end }));
    }
    for bad in ["", "a[5m]", "a offset 5m", "a + b", "sum(a)", "a{", "a\nb", "a # b", "1", "{__name__=\"a\"}"]
    {
        let slo = Slo::availability("a", bad, "total");
        assert!(matches!(slo.rules(), Err(SloError::Selector { .. })), "{bad}");
    }
    assert_eq!(Slo::latency("a", "b", Duration::ZERO).rules(), Err(SloError::Limit));
}
