//! Rule files: what loads, and what an operator is told about what does not.

use ms_alerts::{AlertManager, RuleFileError, parse_exposition};

fn refused(text: &str) -> Vec<String> {
    let error = AlertManager::builder().rules_text("rules.yml", text).unwrap_err();
    let text = error.to_string();
    assert_eq!(text.lines().count(), error.problems().len());
    text.lines().map(str::to_owned).collect()
}

/// A file with one rule of this expression.
fn rule(expr: &str) -> String {
    format!("groups:\n  - name: g\n    rules:\n      - alert: A\n        expr: {expr}\n")
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_where() {
    let text = r#"groups:
  - name: a
    interval: soon
    query_offset: a minute
    rules:
      - record: job x sum
        expr: sum(x)
      - alert: A
        expr: sort_by_label(http_requests_total, 'a') > 5
        for: 5 minutes
      - alert: B
        expr: |
          up == 0
            and on(job) limitk(1, x)
        labels:
          severity: "{{ $value | toTimes }}"
          bad-name: x
      - alert: C
        expr: "foo{a=\"b\"} offset 200y > 1"
        annotations:
          summary: >
            folded text and
            {{ call "x" }} more
      - alert: D
        expr: ""
      - expr: up
  - name: a
"#;
    let problems = refused(text);
    let expected = [
        ("3:15: \"soon\" is not a duration; expected one like `30s`, `5m` or `1h30m`"),
        ("4:19: \"a minute\" is not a duration"),
        ("6:17: rule `job x sum`: \"job x sum\" is not a name for metrics"),
        ("9:15: rule `A`: expr: `sort_by_label` is not supported"),
        ("10:14: rule `A`: \"5 minutes\" is not a duration"),
        ("14:25: rule `B`: expr: `limitk` is not supported"),
        ("16:34: rule `B`: label `severity`: template: `toTimes` is not supported"),
        ("17:21: rule `B`: \"bad-name\" is not a name for labels"),
        ("19:29: rule `C`: expr: a span of more than 100 years"),
        ("23:16: rule `C`: annotation `summary`: template: `call` is not supported"),
        ("25:15: rule `D`: `expr` is empty; expected a PromQL expression"),
        ("26:15: a rule needs `alert` or `record`"),
        ("27:11: group `a` is repeated in this file"),
    ];
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(&format!("rules.yml:{expected}")), "{problem}\n{expected}");
    }
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
}

#[test]
fn what_is_not_the_shape_of_a_rule_file_is_refused_where_it_is() {
    for (text, expected) in [
        ("groups:\n  - name: a\n    rulez: []\n", "3:5: unknown field `rulez`, expected one of name"),
        (
            "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up\n        fro: 5m\n",
            "6:9: unknown field `fro`",
        ),
        (
            "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up\n        for: [1]\n",
            "6:14: expected string",
        ),
        ("groups:\n  - name: a\n    limit: x\n", "3:12: expected a whole number"),
        ("groups:\n  - name: a\n    limit: \"1\"\n", "3:12: expected a whole number, without quotes"),
        (&format!("groups:\n{}", "  - name: a\n".repeat(130_000)), "83334:5: the file is too large"),
        ("groups:\n  - name: a\n    rules:\n      - alert: A\n", "4:9: missing field `expr`"),
        (
            "groups:\n  - name: a\n    rules:\n      - alert: A\n        alert: B\n        expr: up\n",
            "5:9: duplicate mapping key: alert",
        ),
        ("groups:\n  - name: a\n   rules: []\n", "3:4: "),
        ("groups:\n  - name: \"a\\/b\"\n", "2:11: `\\/` is no escape"),
        ("groups:\n  - name: >-\n      \ta\n", "3:7: a block begins with a tab"),
        ("groups:\n  - name: ü # \u{2028}\n", "2:15: this line break"),
        ("- a\n", "1:1: "),
        ("nonsense: 1\n", "1:1: unknown field `nonsense`"),
    ] {
        let problems = refused(text);
        assert!(problems[0].starts_with(&format!("rules.yml:{expected}")), "{problems:?}\n{expected}");
    }
}

#[test]
fn each_part_of_promql_that_is_not_evaluated_is_named_where_it_stands() {
    for (expr, column, what) in [
        ("x * holt_winters(a[5m], 0.5, 0.5)", 15, "not valid PromQL"),
        ("count_values('x y', c)", 28, "\"x y\" is not a name"),
        ("label_join(a, 'b', '-', 'c', '')", 44, "\"\" is not a name"),
        ("label_replace(a, 'b', '$1', 'c', '(')", 15, "regular expression of `label_replace`"),
        ("a == on(b) fill(0) c", 26, "`fill`"),
        ("sum(a) by (b) > sort_by_label(a, 'b')", 31, "`sort_by_label`"),
        ("max_over_time(a[1h:5]) > 3", 33, "a number is no duration"),
        ("a[1h:5m]", 16, "a range"),
        ("a[5m]", 16, "a range"),
        ("limitk(2, a)", 15, "`limitk`"),
        ("rate(a[200y])", 21, "more than 100 years"),
        ("a @ 1e15", 17, "10,000 years from 1970"),
        ("'a'", 15, "a string alone"),
        ("a / on(b) c + group_left d", 15, "not valid PromQL"),
        ("abs(m) + mad_over_time(m[5m])", 24, "`mad_over_time`"),
        ("1 > 2", 15, "not valid PromQL"),
        ("a{b=~\"[[:alpha:]]\"}", 17, "regular expression of `b`"),
        ("a >", 15, "not valid PromQL"),
        ("{a=~\".*\"}", 15, "not valid PromQL"),
    ] {
        let problems = refused(&rule(&format!("{expr:?}")));
        // One further for the quote, and as many as there are escapes before it.
        let at = format!("rules.yml:5:{}: rule `A`: expr: ", column + 1);
        let escaped = expr.contains('"');
        assert!(
            problems[0].contains(what) && (escaped || problems[0].starts_with(&at)),
            "{expr}: {problems:?}"
        );
    }
}

#[test]
fn input_too_deep_for_the_parser_is_refused() {
    let deep = |open: &str, close: &str, count| format!("{}a{}", open.repeat(count), close.repeat(count));
    for expr in [
        deep("-", "", 20_000),
        deep("(", ")", 20_000),
        deep("1+", "", 20_000),
        deep("sum(", ")", 500),
        format!("a{{b=\"{}\"}} > 1 {}", "x".repeat(100_000), "and a".repeat(2000)),
    ] {
        let problems = refused(&rule(&format!("{expr:?}")));
        assert!(problems[0].contains("nested deeper") || problems[0].contains("longer than"), "{problems:?}");
    }
}

#[tokio::test]
async fn the_deepest_input_that_is_allowed_does_no_harm() {
    let chain = format!("a{}", " + 1".repeat(499));
    let nested = format!("{}a{}", "(".repeat(50), ")".repeat(50));
    let steep = format!("a{}", " ^ a".repeat(499));
    for expr in [chain, nested, steep] {
        let text = rule(&format!("{expr:?}"));
        let manager = AlertManager::builder().rules_text("rules.yml", &text).unwrap().build().unwrap();
        manager.check_samples(&parse_exposition("a 1\n").unwrap()).await;
        assert_eq!(manager.alerts().len(), 1);
    }
}

#[tokio::test]
async fn numbers_and_missing_values_are_texts_as_in_prometheus() {
    let text = "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up\n        labels: {a: 1, b: true, c: 1.50, d: , e: ~}\n        annotations: {a: 1, b: \"\", c: , d: ~, e: \"{{ $labels.none }}\"}\n        for: 0\n";
    let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
    let fired = manager.check_samples(&parse_exposition("up{d=\"x\"} 1\n").unwrap()).await;
    let labels: Vec<_> = fired[0].labels.iter().collect();
    assert_eq!(
        labels,
        [("a", "1"), ("alertname", "A"), ("b", "true"), ("c", "1.50")],
        "an empty one takes away"
    );
    let annotations: Vec<_> = fired[0].annotations.iter().collect();
    assert_eq!(annotations, [("a", "1"), ("b", ""), ("c", ""), ("d", ""), ("e", "")], "an empty one stays");
}

#[tokio::test]
async fn two_alerts_of_the_same_labels_are_an_error_of_that_rule() {
    let text = "groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: up == 0\n        labels: {instance: all}\n      - alert: B\n        expr: up == 0\n";
    let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
    let samples = "up{instance=\"a\"} 0\nup{instance=\"b\"} 0\n";
    let fired = manager.check_samples(&parse_exposition(samples).unwrap()).await;
    assert_eq!(fired.iter().map(|alert| alert.rule.as_str()).collect::<Vec<_>>(), ["B", "B"]);
    assert!(manager.rules()[0].error.as_deref().is_some_and(|error| error.contains("same labels")));
    assert_eq!((manager.rules()[0].group.as_str(), manager.rules()[1].error.as_deref()), ("a", None));
}

#[tokio::test]
async fn past_the_limit_a_rule_forgets_its_alerts_and_says_so() {
    let text = "groups:\n  - name: a\n    limit: 2\n    rules:\n      - alert: A\n        expr: up == 0\n";
    let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
    let down = |count| (0..count).map(|host| format!("up{{host=\"{host}\"}} 0\n")).collect::<String>();
    assert_eq!(manager.check_samples(&parse_exposition(&down(2)).unwrap()).await.len(), 2);
    let changes = manager.check_samples(&parse_exposition(&down(3)).unwrap()).await;
    let resolved = changes.iter().filter(|alert| alert.state == ms_alerts::State::Resolved).count();
    assert_eq!((changes.len(), resolved, manager.alerts().len()), (2, 2, 0));
    assert_eq!(manager.rules()[0].error.as_deref(), Some("more than 2 alerts or series"));
}

#[tokio::test]
async fn time_is_that_of_the_evaluation() {
    let manager = AlertManager::builder()
        .rules_text("rules.yml", &rule("time() - backup_seconds > 3600"))
        .unwrap()
        .build()
        .unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let backup = |age: u64| format!("backup_seconds {}\n", now - age);
    assert!(manager.check_samples(&parse_exposition(&backup(3000)).unwrap()).await.is_empty());
    let fired = manager.check_samples(&parse_exposition(&backup(4000)).unwrap()).await;
    assert!((4000.0..4100.0).contains(&fired[0].value), "{fired:?}");
}

#[tokio::test]
async fn series_that_do_not_pair_up_are_an_error_of_that_rule() {
    let samples = "a{x=\"1\",y=\"1\"} 1\na{x=\"1\",y=\"2\"} 1\nb{x=\"1\",y=\"1\"} 2\nb{x=\"1\",y=\"2\"} 2\n";
    for (expr, error) in [
        ("a < on(x) b", "several series of the side that must have one match a series of the other"),
        (
            "a < on(x) group_left b",
            "several series of the side that must have one match a series of the other",
        ),
        (
            "a < on(x) max by (x) (b)",
            "several series match one; say so with `group_left` or `group_right`, or match more labels",
        ),
        (
            "a + on(x) group_left(y) max by (x) (b)",
            "several series match one; say so with `group_left` or `group_right`, or match more labels",
        ),
        ("-{__name__=~\"a|b\"}", "two elements of a vector have the same labels"),
    ] {
        let text = rule(&format!("{expr:?}"));
        let manager = AlertManager::builder().rules_text("rules.yml", &text).unwrap().build().unwrap();
        manager.check_samples(&parse_exposition(samples).unwrap()).await;
        assert_eq!(manager.rules()[0].error.as_deref(), Some(error), "{expr}");
        assert!(manager.alerts().is_empty());
        manager.check_samples(&parse_exposition("c 1\n").unwrap()).await;
        assert_eq!(manager.rules()[0].error, None, "{expr}: nothing is to be paired");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = AlertManager::builder().rules_file("/no/such/rules.yml").unwrap_err();
    assert!(matches!(&error, RuleFileError::Read { .. }) && error.to_string().contains("/no/such/rules.yml"));
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn an_empty_file_has_no_rules() {
    for text in ["", "# nothing yet\n\n", "groups:\n", "groups: []\n", "groups:\n  - name: a\n"] {
        let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
        assert!(manager.rules().is_empty());
    }
}

#[tokio::test]
async fn what_a_recording_rule_writes_later_rules_of_the_round_read() {
    let text = r#"groups:
  - name: g
    labels: { team: ward, part: group }
    rules:
      - alert: Before
        expr: department:shifts:sum > 10
      - record: department:shifts:sum
        expr: sum by (department) (shifts)
        labels: { part: rule }
      - alert: After
        expr: department:shifts:sum{part="rule", team="ward"} > 10
        labels: { part: rule }
      - alert: Grown
        expr: delta(department:shifts:sum[1m]) > 0
      - alert: Firing
        expr: count(ALERTS{alertstate="firing", alertname="After"}) > 0
"#;
    let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
    let mut firing = Vec::new();
    for (second, samples) in [
        (0, "shifts{department=\"er\",kind=\"day\"} 9\n"),
        (15, "shifts{department=\"er\",kind=\"day\"} 11\n"),
        (30, ""),
    ] {
        let samples = parse_exposition(samples).unwrap();
        manager.check_samples_at(&samples, jiff::Timestamp::from_second(second).unwrap()).await;
        let alerts = manager.alerts();
        let labels: Vec<_> =
            alerts.iter().map(|alert| format!("{} {:?}", alert.rule, alert.labels)).collect();
        firing.push(labels.join(", "));
        assert!(manager.rules().iter().all(|rule| rule.error.is_none()), "{:?}", manager.rules());
    }
    let after = r#"After {"alertname": "After", "department": "er", "part": "rule", "team": "ward"}"#;
    let grown = r#"Grown {"alertname": "Grown", "department": "er", "part": "group", "team": "ward"}"#;
    let counted = r#"Firing {"alertname": "Firing", "part": "group", "team": "ward"}"#;
    assert_eq!(firing[0], "");
    assert_eq!(firing[1], format!("{after}, {grown}, {counted}"));
    // Before the recording rule the last round's series is read; then it is gone, but for the range that it was in.
    let before = r#"Before {"alertname": "Before", "department": "er", "part": "group", "team": "ward"}"#;
    assert_eq!(firing[2], format!("{before}, {grown}"));
}

#[tokio::test]
async fn a_query_offset_looks_at_the_past() {
    let text =
        "groups:\n  - name: g\n    query_offset: 30s\n    rules:\n      - alert: A\n        expr: x == 1\n";
    let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
    let mut firing = Vec::new();
    for (second, value) in [(0, 1), (15, 2), (30, 3), (45, 4)] {
        let text = format!("x {value}\n");
        let moment = jiff::Timestamp::from_second(second).unwrap();
        manager.check_samples_at(&parse_exposition(&text).unwrap(), moment).await;
        firing.push(manager.alerts().len());
    }
    assert_eq!(firing, [0, 0, 1, 0]);
}

#[test]
fn what_is_for_alerts_alone_no_recording_rule_has() {
    let problems = refused(
        r#"groups:
  - name: g
    rules:
      - record: a:b
        expr: x
        for: 5m
        keep_firing_for: 0s
        labels: { __name__: c, "d e": f }
        annotations: { summary: text }
      - record: a:b
        alert: A
        expr: x
      - record: ""
        expr: x
"#,
    );
    for (line, expected) in problems.iter().zip([
        "rules.yml:6:14: rule `a:b`: `for` is for alerts",
        "rules.yml:8:29: rule `a:b`: \"__name__\" is not a name for labels",
        "rules.yml:8:39: rule `a:b`: \"d e\" is not a name for labels",
        "rules.yml:9:33: rule `a:b`: `annotations` are for alerts",
        "rules.yml:11:16: rule `A`: a rule has either `alert` or `record`",
        "rules.yml:13:17: a rule needs a name",
    ]) {
        assert!(line.starts_with(expected), "{line}, not {expected}");
    }
    assert_eq!(problems.len(), 6, "{problems:?}");
}

#[test]
fn files_are_found_by_patterns_and_read_in_order_once() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, rule: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text =
            format!("groups:\n  - name: g\n    rules:\n      - alert: {rule}\n        expr: up == 0\n");
        std::fs::write(path, text).unwrap();
    };
    for (name, rule) in [("b.yml", "B"), ("a.yml", "A"), ("deep/er/c.yml", "C"), ("a.yaml", "D")] {
        write(name, rule);
    }
    std::fs::create_dir(folder.path().join("folder.yml")).unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let rules = |patterns: &[&str]| {
        let add = |builder: ms_alerts::AlertManagerBuilder, pattern: &&str| {
            builder.rules_files(&at(pattern)).unwrap()
        };
        let manager = patterns.iter().fold(AlertManager::builder(), add).build().unwrap();
        manager.rules().into_iter().map(|rule| rule.name).collect::<String>()
    };
    assert_eq!(rules(&["*.yml"]), "AB");
    assert_eq!(rules(&["**/*.yml"]), "ABC");
    assert_eq!(rules(&["b.yml", "[ab].y*ml"]), "BDA", "a file that is named twice is read once");
    let refused = |pattern: &str| AlertManager::builder().rules_files(&at(pattern)).unwrap_err();
    for pattern in ["*.json", "folder.yml", "absent/a.yml"] {
        let error = refused(pattern);
        assert!(matches!(error, RuleFileError::NoFile { .. }), "{error}");
        assert_eq!(error.to_string(), format!("no rule file is named like {}", at(pattern)));
    }
    let error = refused("***.yml");
    assert!(matches!(error, RuleFileError::Pattern { .. }), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    std::fs::write(folder.path().join("b.yml"), "groups: 1\n").unwrap();
    let error = refused("*.yml").to_string();
    assert!(error.starts_with(&format!("{}:1:9: ", at("b.yml"))), "{error}");
}
