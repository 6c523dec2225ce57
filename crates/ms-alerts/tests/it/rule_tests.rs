//! Unit tests of rules, beside promtool.

use std::fs;
use std::path::Path;
use std::process::Command;

use ms_alerts::{Compat, RuleTestFailure, RuleTestReport, run_rule_tests};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// The verdicts of promtool on files of a folder.
fn promtool(folder: &Path, files: &[String]) -> Vec<bool> {
    let output = Command::new("promtool").args(["test", "rules"]).args(files).current_dir(folder).output();
    let output = output.expect("promtool; install it with: apt-get install prometheus");
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let of_files: Vec<&str> = said.split("Unit Testing:").skip(1).collect();
    assert_eq!(of_files.len(), files.len(), "{said}");
    of_files.iter().map(|said| said.contains("\n  SUCCESS")).collect()
}

fn run(folder: &Path, name: &str, text: &str, compat: Compat) -> RuleTestReport {
    fs::write(folder.join(name), text).unwrap();
    run_rule_tests(folder.join(name), compat)
}

const RULES: &str = r#"
groups:
- name: first
  interval: 7m
  rules:
  - {record: "job:up:sum", expr: sum by (job) (up)}
  - {record: "job:up:sum", expr: "m * 2", labels: {job: m}}
  - alert: Down
    expr: up == 0
    for: 1m
    labels: {severity: page, of: '{{ $externalLabels.cluster }}', empty: '{{ $labels.none }}'}
    annotations: {text: '{{ $labels.job }} at {{ $value }}: {{ with query "sum(job:up:sum)" }}{{ . | first | value }}{{ end }}', url: '{{ $externalURL }}', none: ''}
- name: second
  rules:
  - {record: seen, expr: "count_over_time(m[2m]) + on () group_left () count(ALERTS)"}
  - {alert: Down, expr: "job:up:sum < 1", labels: {severity: ticket}}
  - {alert: Long, expr: "m > 2", for: 90s, keep_firing_for: 2m}
  - {alert: State, expr: "count(ALERTS_FOR_STATE) > 0"}
  - {alert: Gone, expr: "absent(m)"}
  - {record: "over:sub", expr: "max_over_time(m[3m:])"}
"#;

fn values() -> impl Strategy<Value = String> {
    let item = select(vec![
        "0", "1", "2", "3", "_", "stale", "0x3", "1x2", "5-1x5", "0+1x6", "_x2", "1x0", "-1", "010", "1e1",
    ]);
    prop::collection::vec(item, 0..12).prop_map(|items| items.join(" "))
}

fn moment() -> impl Strategy<Value = String> {
    select(vec!["0", "30s", "1m", "90s", "2m", "2m30s", "3m", "4m", "5m", "6m10s", "7m", "10m", "15m"])
        .prop_map(str::to_owned)
}

/// A file whose expectations are that nothing is there.
fn file() -> impl Strategy<Value = Value> {
    let series = (
        select(vec![
            "up{job=\"a\"}",
            "up{job='b', instance=\"x\"}",
            "m",
            "m{job=\"a\"}",
            "{__name__=\"m\",z=`1`}",
            "up",
            "n",
            "up{instance=\"y\"}",
            "m{z=\"2\"}",
            "job:up:sum{job=\"a\"}",
            "ALERTS{alertname=\"Down\"}",
        ]),
        values(),
    );
    let series = series.prop_map(|(series, values)| json!({"series": series, "values": values}));
    let alert = (moment(), select(vec!["Down", "Long", "State", "Gone", "Nobody"]))
        .prop_map(|(at, name)| json!({"eval_time": at, "alertname": name, "exp_alerts": []}));
    let expression = (
        moment(),
        select(vec![
            "m",
            "up",
            "job:up:sum",
            "seen",
            "over:sub",
            "ALERTS",
            "ALERTS_FOR_STATE",
            "count(up)",
            "timestamp(m)",
            "1 + 1",
            "sum_over_time(m[3m])",
            "max_over_time(m[4m:])",
            "m offset 1m",
            "up offset -1m",
            "time()",
        ]),
    );
    let expression = expression
        .prop_map(|(at, expression)| json!({"eval_time": at, "expr": expression, "exp_samples": []}));
    let test = (
        prop::collection::vec(series, 0..5),
        prop::collection::vec(alert, 0..4),
        prop::collection::vec(expression, 0..5),
        select(vec!["1m", "30s", "45s", "2m", ""]),
    );
    let test = test.prop_map(|(series, alerts, expressions, interval)| {
        json!({
            "interval": interval, "input_series": series, "alert_rule_test": alerts,
            "promql_expr_test": expressions, "external_labels": {"cluster": "eu"}, "external_url": "http://x/",
        })
    });
    let order = select(vec![json!(["first", "second"]), json!(["second", "first"])]);
    let interval = select(vec!["1m", "30s", "40s", "0s"]);
    (prop::collection::vec(test, 1..3), order, interval).prop_map(|(mut tests, order, interval)| {
        for test in &mut tests {
            if test["interval"] == "" {
                test.as_object_mut().unwrap().remove("interval");
            }
        }
        json!({
            "rule_files": ["rules.yml"], "evaluation_interval": interval, "group_eval_order": order, "tests": tests,
        })
    })
}

/// Puts what we find in the place of the expectations; gives how many of them there are then.
fn fill(file: &mut Value, report: &RuleTestReport) -> usize {
    let mut filled = 0;
    for failure in &report.failures {
        let (kind, key, name, at, found): (_, _, _, _, Vec<Value>) = match failure {
            RuleTestFailure::Alerts { alertname, at, unexpected, test, .. } => {
                let alert = |alert: &ms_alerts::FiringAlert| json!({"exp_labels": alert.labels, "exp_annotations": alert.annotations});
                (
                    ("alert_rule_test", "exp_alerts"),
                    "alertname",
                    (alertname, test),
                    at,
                    unexpected.iter().map(alert).collect(),
                )
            }
            RuleTestFailure::Samples { expression, at, unexpected, test, .. } => {
                let sample = |element: &ms_alerts::Element| {
                    let labels = element.labels.iter().map(|(name, value)| format!("{name}={value:?}"));
                    json!({"labels": format!("{{{}}}", labels.collect::<Vec<_>>().join(",")), "value": element.value})
                };
                (
                    ("promql_expr_test", "exp_samples"),
                    "expr",
                    (expression, test),
                    at,
                    unexpected.iter().map(sample).collect(),
                )
            }
            _ => continue,
        };
        let tests = file["tests"].as_array_mut().unwrap().iter_mut();
        let test = tests.into_iter().find(|test| test["name"].as_str() == name.1.as_deref()).unwrap();
        let same = |item: &Value| item[key] == **name.0 && duration(&item["eval_time"]) == at.as_secs();
        for item in test[kind.0].as_array_mut().unwrap().iter_mut().filter(|item| same(item)) {
            item[kind.1] = json!(found);
            filled += found.len();
        }
    }
    filled
}

fn duration(text: &Value) -> u64 {
    let text = text.as_str().unwrap();
    let (minutes, seconds) = text.split_once('m').unwrap_or(("0", text));
    let number = |text: &str| text.trim_end_matches('s').parse::<u64>().unwrap_or(0);
    number(minutes) * 60 + number(seconds)
}

/// Changes one expectation of a file; `which` chooses it and how.
fn spoil(file: &Value, which: usize) -> Value {
    let mut file = file.clone();
    let mut items: Vec<&mut Value> = Vec::new();
    for test in file["tests"].as_array_mut().unwrap() {
        let test = test.as_object_mut().unwrap();
        for (kind, tests) in test.iter_mut() {
            if kind.ends_with("_test") {
                items.extend(tests.as_array_mut().unwrap());
            }
        }
    }
    let count = items.len();
    let item = &mut items[which % count];
    let (list, extra) = match item.get("exp_alerts") {
        Some(_) => ("exp_alerts", json!({"exp_labels": {"more": "1"}})),
        None => ("exp_samples", json!({"labels": "{more=\"1\"}", "value": 1})),
    };
    let list = item[list].as_array_mut().unwrap();
    match (list.is_empty(), which / count % 4) {
        (true, _) | (_, 0) => list.push(extra),
        (_, 1) => drop(list.remove(0)),
        (_, 2) => match list[0].get_mut("value") {
            Some(value) => *value = json!(value.as_f64().unwrap() + 0.5),
            None => list[0]["exp_annotations"]["text"] = json!("another"),
        },
        _ => match list[0].get_mut("labels") {
            Some(labels) => *labels = json!("{another=\"1\"}"),
            None => list[0]["exp_labels"]["severity"] = json!("another"),
        },
    }
    file
}

#[test]
#[expect(clippy::print_stdout, reason = "says how much was compared")]
fn random_tests_have_the_verdict_of_promtool() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.yml"), RULES).unwrap();
    let cases = std::env::var("MS_ALERTS_CASES").map_or(40, |cases| cases.parse().unwrap());
    let mut runner = TestRunner::deterministic();
    let (mut names, mut ours, mut filled) = (Vec::new(), Vec::new(), 0);
    for case in 0..cases {
        let mut file = file().new_tree(&mut runner).unwrap().current();
        for (number, test) in file["tests"].as_array_mut().unwrap().iter_mut().enumerate() {
            test["name"] = json!(format!("{number}"));
        }
        let mut add = |kind: &str, file: &Value| {
            let name = format!("{case}-{kind}.yml");
            let report = run(folder.path(), &name, &file.to_string(), Compat::V2_42);
            names.push(name);
            ours.push(report.passed());
            report
        };
        let report = add("empty", &file);
        filled += fill(&mut file, &report);
        add("filled", &file);
        if report.expectations > 0 {
            add("spoilt", &spoil(&file, case));
        }
    }
    let theirs = promtool(folder.path(), &names);
    let differing = names.iter().zip(ours.iter().zip(&theirs)).filter(|(_, (ours, theirs))| ours != theirs);
    let differing: Vec<_> = differing.map(|(name, (ours, _))| format!("{name}: ours {ours}")).collect();
    if !differing.is_empty() {
        panic!("in {}: {differing:?}", folder.keep().display());
    }
    let passed = theirs.iter().filter(|passed| **passed).count();
    println!("{} files, {passed} pass, {filled} alerts and samples expected", names.len());
    assert!(
        passed * 10 > names.len() && passed * 10 < names.len() * 9 && filled > cases,
        "{passed}, {filled}"
    );
}

/// What each of these does is only known by trying.
const ODD: &[&str] = &[
    // The values of a block end the reading.
    "tests: [{interval: 1m, input_series: [{series: a, values: \"1\\n\"}, {series: b, values: 1}], promql_expr_test: [{expr: a or b, exp_samples: [{labels: a, value: 1}]}]}]",
    "tests: [{interval: 1m, input_series: [{series: a, values: \"1\\n1\"}]}]",
    "tests: [{interval: 1m, input_series: [{series: '# a', values: 1}, {series: b, values: 1}], promql_expr_test: [{expr: b, exp_samples: []}]}]",
    // The second replaces the first.
    "tests: [{interval: 1m, input_series: [{series: a, values: 1 2}, {series: a, values: 5}], promql_expr_test: [{expr: a, exp_samples: [{labels: a, value: 5}]}]}]",
    "tests: [{interval: 1m, input_series: [{series: '{}', values: 1}]}]",
    "tests: [{interval: 1m, input_series: [{series: 'a{b=\"1\",b=\"1\"}', values: 1}]}]",
    "tests: [{interval: 1m, input_series: [{series: 'a{b=\"\"}', values: 1}], promql_expr_test: [{expr: a, exp_samples: [{labels: a, value: 1}]}]}]",
    "tests: [{interval: 1m, input_series: [{series: ' a {b=\"1\"}', values: 1}]}]",
    "tests: [{interval: 1m, input_series: [{series: a, values: '1 2'}], promql_expr_test: [{expr: a, eval_time: 90s, exp_samples: [{labels: a, value: 2}]}]}]",
    // All at one moment.
    "tests: [{input_series: [{series: a, values: '1 2'}], promql_expr_test: [{expr: a, eval_time: 90s, exp_samples: [{labels: a, value: 1}]}]}]",
    "tests: [{input_series: [{series: a, values: '_ 2 stale'}], promql_expr_test: [{expr: a, eval_time: 90s, exp_samples: [{labels: a, value: 2}]}]}]",
    // Labels as they are written, numbers as YAML has them.
    "tests: [{promql_expr_test: [{expr: '1', exp_samples: [{value: 1}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(8), exp_samples: [{labels: '{}', value: 010}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(8), exp_samples: [{value: '8'}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(0), exp_samples: [{}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(0), exp_samples: [null]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(0)}]}]",
    "tests: [{promql_expr_test: [{expr: vector(1 / 0), exp_samples: [{value: .inf}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(0 / 0), exp_samples: [{value: .nan}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(-0), exp_samples: [{value: 0}]}]}]",
    "tests: [{promql_expr_test: [{expr: '\"a\"', exp_samples: []}]}]",
    "tests: [{promql_expr_test: [{expr: 'a[5m]', exp_samples: []}]}]",
    "tests: [{promql_expr_test: [{expr: 'label_replace(vector(1), \"a\", \"1\", \"\", \"\")', exp_samples: [{labels: '{a=\"1\",b=\"\"}', value: 1}]}]}]",
    "tests: [{promql_expr_test: [{expr: 'a', exp_samples: [{labels: 'a{', value: 1}]}]}]",
    "tests: [{promql_expr_test: [{expr: vector(1), exp_samples: [{labels: ' ', value: 1}]}]}]",
    "tests: [{promql_expr_test: [{}]}]",
    // What is not there.
    "",
    "tests:",
    "tests: [null]",
    "rule_files: [none.yml, 'n*.yml', '']\ntests: [{}]",
    "rule_files: ['[.yml']\ntests: [{}]",
    "rule_files: [broken.yml]",
    "rule_files: [broken.yml]\ntests: [{}]",
    "rule_files: [rules.yml, rules.yml]\ntests: [{}]",
    "group_eval_order: [a, a]\ntests: [{}]",
    "tests: [{alert_rule_test: [{eval_time: 1m, exp_alerts: []}]}]",
    "tests: [{alert_rule_test: [{alertname: A}]}]",
    "tests: [{alert_rule_test: [{alertname: A, exp_alerts: [{}]}]}]",
    "test: []",
    "tests: [{interval: 1 m}]",
    "tests: [{interval: 60}]",
    "tests: [{alert_rule_test: [{eval_time: '', alertname: A}]}]",
    "tests: [{name: a, name: b}]",
    "tests: [{external_labels: [a]}]",
    "tests: {}",
    // Only version 3 has these.
    "fuzzy_compare: true\ntests: [{}]",
    "tests: [{start_timestamp: 0}]",
    "tests: [{promql_expr_test: [{expr: a, exp_samples: [{histogram: '{{count:1}}'}]}]}]",
    "tests: [{interval: 1m, input_series: [{series: a, values: '{{count:1}}'}]}]",
    "tests: [{interval: 1m, input_series: [{series: '{\"a\"}', values: '1'}]}]",
    "tests: [{promql_expr_test: [{expr: 'vector(5m)', exp_samples: [{value: 300}]}]}]",
];

#[test]
fn odd_files_have_the_verdict_of_promtool() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.yml"), RULES).unwrap();
    fs::write(folder.path().join("broken.yml"), "groups: [{name: a, rules: [{}]}]").unwrap();
    let names: Vec<String> = (0..ODD.len()).map(|number| format!("{number}.yml")).collect();
    let reports = names.iter().zip(ODD).map(|(name, text)| run(folder.path(), name, text, Compat::V2_42));
    let reports: Vec<_> = reports.collect();
    let theirs = promtool(folder.path(), &names);
    let differing =
        ODD.iter().zip(&reports).zip(theirs).filter(|((_, ours), theirs)| ours.passed() != *theirs);
    let differing: Vec<String> = differing
        .map(|((text, ours), theirs)| format!("promtool {theirs}: {text}\n  {:?}", ours.failures))
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// What only version 3 has, of which there is no promtool here.
#[test]
fn version_3_knows_more_fields() {
    let folder = tempfile::tempdir().unwrap();
    let passes = |text: &str| run(folder.path(), "test.yml", text, Compat::V3).passed();
    let fuzzy = "tests: [{promql_expr_test: [{expr: vector(0.1 + 0.2), exp_samples: [{value: 0.3}]}]}]";
    assert!(!passes(fuzzy) && passes(&format!("fuzzy_compare: true\n{fuzzy}")));
    for start in ["1609459200", "1609459200.5", "2021-01-01T00:00:00Z", "'2021-01-01T01:00:00+01:00'"] {
        let text = format!(
            "evaluation_interval: 30s\ntests: [{{start_timestamp: {start}, input_series: [{{series: '{{\"a.b\"}}', values: 1 2 3}}], \
             promql_expr_test: [{{expr: 'floor(timestamp({{\"a.b\"}}))', eval_time: 1m, exp_samples: [{{value: 1609459260}}]}}]}}]"
        );
        assert!(passes(&text), "{start}");
    }
    assert!(!passes("tests: [{start_timestamp: noon}]"));
    // Ranges are open on the left.
    let range = "tests: [{input_series: [{series: a, values: 1 2 3}], promql_expr_test: [{expr: 'count_over_time(a[2m])', eval_time: 2m, exp_samples: [{value: 2}]}]}]";
    assert!(passes(range));
}

#[test]
fn failures_say_what_is_missing_and_where() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rules.yml"), RULES).unwrap();
    let text = "rule_files: [rules.yml, none.yml]\ntests:\n- name: one\n  input_series: [{series: 'up{job=\"a\"}', values: 0}]\n  \
                alert_rule_test:\n  - {eval_time: 1m, alertname: Down, exp_alerts: [{exp_labels: {job: b}}]}\n  promql_expr_test:\n  \
                - {expr: up, exp_samples: [{labels: up, value: 2}]}\n  - {expr: up >}\n";
    let report = run(folder.path(), "test.yml", text, Compat::V3);
    assert_eq!((report.expectations, report.passed(), report.unmatched.len()), (3, false, 1));
    let said: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 3, "{said:?}");
    for (said, words) in said.iter().zip([
        "6: test \"one\": alert `Down` at 1m:\n  expected, not there: {alertname=\"Down\", job=\"b\"}\n  there, not expected: {",
        "8: test \"one\": `up` at 0s:\n  expected, not there: up{} 2\n  there, not expected: up{job=\"a\"} 0",
        "9: test \"one\": `up >` at 0s: 1: not valid PromQL",
    ]) {
        assert!(said.starts_with(words), "{said}");
    }
    let series = "tests:\n- input_series:\n  - {series: 'up{a=\"1\"', values: 1}\n";
    let said = run(folder.path(), "test.yml", series, Compat::V3).failures[0].to_string();
    assert_eq!(said, "3:1: series: 10: expected `,` or `}`, not `1`");
    let long = "tests: [{promql_expr_test: [{expr: '1', eval_time: 100y}]}]\nevaluation_interval: 1ms\n";
    let said = run(folder.path(), "test.yml", long, Compat::V3).failures[0].to_string();
    assert!(said.contains("more than 10000000 evaluations"), "{said}");
    assert!(!run_rule_tests(folder.path().join("missing.yml"), Compat::V3).passed());
}
