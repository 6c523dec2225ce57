//! Expressions that nobody writes by accident: they are refused, fail or have an answer, and soon.

use std::time::Duration;

use jiff::Timestamp;
use ms_alerts::{AlertManager, Compat, Expression, ExpressionError, Labels, SeriesStore, parse_exposition};

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn store() -> SeriesStore {
    let mut store = SeriesStore::new();
    for at in 0..20 {
        store.push(&Labels::from_iter([("__name__", "m"), ("a", "xy")]), second(at * 15), at as f64);
    }
    store
}

fn failure(expression: &str) -> Option<String> {
    let expression = match Expression::parse(expression, Compat::V3) {
        Ok(expression) => expression,
        Err(error) => return Some(error.to_string()),
    };
    expression.evaluate(&store(), second(300)).err().map(|error| error.to_string())
}

#[test]
fn labels_that_double_with_each_call_end() {
    let replaced = (0..45)
        .fold("m".to_owned(), |inner, _| format!("label_replace({inner}, \"a\", \"$1$1\", \"a\", \"(.*)\")"));
    let joined =
        (0..45).fold("m".to_owned(), |inner, _| format!("label_join({inner}, \"a\", \"\", \"a\", \"a\")"));
    for expression in [replaced, joined] {
        assert_eq!(failure(&expression).as_deref(), Some("it makes a label of more than 64 KiB"));
    }
}

#[test]
fn moments_spans_and_steps_of_any_size_are_refused_or_have_an_answer() {
    for at in [
        "1e300",
        "-1e300",
        "9223372036854775807",
        "-9223372036854775808",
        "1e18",
        "9e15",
        "NaN",
        "Inf",
        "-Inf",
    ] {
        for expression in
            ["m @ X", "rate(m[5m] @ X)", "max_over_time(m[5m:1m] @ X)", "max_over_time((m @ X)[5m:1m])"]
        {
            failure(&expression.replace('X', at));
        }
    }
    for span in [
        "100y",
        "292y",
        "9999y",
        "99999999999999999999y",
        "1ms",
        "0s",
        "1e300",
        "1e11",
        "Inf",
        "NaN",
        "0",
        "9223372036854775807ms",
    ] {
        for expression in [
            "m offset X",
            "m offset -X",
            "rate(m[X])",
            "rate(m[5m] offset -X)",
            "max_over_time(m[X:30d])",
            "max_over_time(m[X:1s])",
            "max_over_time(m[1s:X])",
            "max_over_time(m[5m:1m] offset -X)",
        ] {
            failure(&expression.replace('X', span));
        }
    }
}

#[test]
fn the_longest_chains_fit_a_small_stack() {
    let long = |operator: &str| vec!["m"; 500].join(operator);
    let expressions = ["+", "^", " and ", " or ", " > ", " unless "].map(long);
    let nested = [
        format!("{}m{}", "abs(".repeat(49), ")".repeat(49)),
        format!("{}m{}", "max_over_time(".repeat(24), "[1m:1m])".repeat(24)),
        format!("{}1", "1 ^ -".repeat(300)),
        format!("{}1", "1 + -".repeat(300)),
    ];
    let all = expressions.into_iter().chain(nested);
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let checked = thread.spawn(move || all.map(|expression| failure(&expression)).collect::<Vec<_>>().len());
    assert_eq!(checked.unwrap().join().unwrap(), 10);
}

#[test]
fn a_range_of_the_whole_calendar_has_too_many_steps() {
    let expression = Expression::parse("m", Compat::V3).unwrap();
    let steps = |step| expression.evaluate_range(&store(), Timestamp::MIN, Timestamp::MAX, step);
    for step in [Duration::ZERO, Duration::from_nanos(1), Duration::from_millis(1), Duration::MAX] {
        assert_eq!(steps(step), Err(ExpressionError::Steps), "{step:?}");
    }
    assert!(steps(Duration::from_secs(10_000_000_000)).is_ok());
}

#[test]
fn the_steps_of_a_range_are_bounded_together() {
    let mut store = SeriesStore::new();
    for at in 0..10_000 {
        store.push(&Labels::from_iter([("__name__", "m")]), second(at), at as f64);
    }
    let expression = Expression::parse("count_over_time(m[3h])", Compat::V3).unwrap();
    let range = |last| {
        let found = expression.evaluate_range(&store, second(10_000), second(last), Duration::from_secs(1));
        found.map(|lines| lines[0].points.len()).map_err(|error| error.to_string())
    };
    assert_eq!(range(12_000), Ok(2_001));
    let error = "its steps together look at more than 50 million samples or take more than 500 million steps";
    assert_eq!(range(20_999), Err(error.to_owned()));
}

#[tokio::test]
async fn what_is_asked_for_at_the_end_of_the_evaluation_is_not_kept_for_ever() {
    let manager = |expr: &str| {
        let text = format!("groups: [{{name: g, rules: [{{alert: A, expr: '{expr}'}}]}}]");
        let builder = AlertManager::builder().rules_text("rules.yml", &text).unwrap();
        builder.history_bytes(4096).build().unwrap()
    };
    for expr in
        ["count_over_time(a[1m] @ end()) > 0", "a offset 1m @ start()", "max_over_time((a @ end())[1m:])"]
    {
        let manager = manager(expr);
        for reading in 0..1000 {
            let moment = second(1_700_000_000 + reading * 15);
            manager.check_samples_at(&parse_exposition("a 1\n").unwrap(), moment).await;
        }
        assert_eq!(manager.rules()[0].error, None, "{expr}");
        assert_eq!(manager.alerts().len(), 1, "{expr}");
    }
}

#[tokio::test]
async fn alerts_are_written_as_of_the_moment_that_they_were_looked_for() {
    let text = "groups:\n  - name: g\n    query_offset: 2m\n    rules:\n      - {alert: A, expr: 'x == 1'}\n  - name: h\n    rules:\n      - {alert: B, expr: 'timestamp(ALERTS{alertname=\"A\"})'}\n";
    let manager = AlertManager::builder().rules_text("rules.yml", text).unwrap().build().unwrap();
    for reading in 0..20 {
        let moment = second(1_700_000_000 + reading * 15);
        manager.check_samples_at(&parse_exposition("x 1\n").unwrap(), moment).await;
    }
    let alerts = manager.alerts();
    let written = alerts.iter().find(|alert| alert.rule == "B").map(|alert| alert.value);
    assert_eq!(written, Some(1_700_000_000.0 + 19.0 * 15.0 - 120.0));
}
