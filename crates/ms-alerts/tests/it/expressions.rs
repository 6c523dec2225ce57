//! Expressions by themselves: where versions differ, and that nothing written in one is ever worse than an error.

use std::time::Duration;

use jiff::Timestamp;
use ms_alerts::{Answer, Compat, Element, Expression, Labels, SeriesStore};
use proptest::prelude::*;

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn store() -> SeriesStore {
    let mut store = SeriesStore::new();
    for (number, values) in
        [[1.0, 2.0, 4.0], [f64::NAN, f64::INFINITY, -1.0], [5.0, 1.0, 0.0]].iter().enumerate()
    {
        let series = Labels::from_iter([("__name__", "m".to_owned()), ("a", number.to_string())]);
        for (place, value) in values.iter().enumerate() {
            store.push(&series, second(place as i64 * 30), *value);
        }
        store.end(&series, second(100 + number as i64 * 100));
    }
    store
}

fn vector(expression: &str, compat: Compat, at: i64) -> Vec<Element> {
    let answer = Expression::parse(expression, compat).unwrap().evaluate(&store(), second(at)).unwrap();
    let Answer::Vector(vector) = answer else { panic!("{expression} is no vector") };
    vector
}

#[test]
fn what_is_alone_in_its_group_deviates_by_nothing_in_version_2() {
    for (compat, expected) in [(Compat::V2_42, Some(0.0)), (Compat::V3, None)] {
        for expression in ["stddev by (a) (m{a=\"1\"})", "stdvar by (a) (m{a=\"1\"})"] {
            for moment in [0, 30] {
                let value = vector(expression, compat, moment)[0].value;
                assert_eq!(
                    Some(value).filter(|value| !value.is_nan()),
                    expected,
                    "{expression} of {compat:?}"
                );
            }
        }
    }
}

/// As a real Prometheus answers: NaN where nothing was observed, and nothing where the buckets are none.
#[test]
fn a_histogram_without_observations_is_above_and_below_nothing() {
    let mut store = SeriesStore::new();
    for (name, bounds) in [("empty_bucket", &["0.1", "1", "+Inf"][..]), ("endless_bucket", &["0.1", "1"])] {
        for bound in bounds {
            let series = Labels::from_iter([("__name__", name), ("le", bound)]);
            (0..3).for_each(|minute| store.push(&series, second(minute * 60), 0.0));
        }
    }
    let of = |expression: &str| {
        let expression = Expression::parse(expression, Compat::V3).unwrap();
        match expression.evaluate(&store, second(120)).unwrap() {
            Answer::Vector(vector) => vector.iter().map(|element| element.value).collect::<Vec<_>>(),
            answer => panic!("{answer:?}"),
        }
    };
    let quantile = |name: &str| format!("histogram_quantile(0.95, rate({name}[2m]))");
    for name in ["empty_bucket", "endless_bucket"] {
        let value = of(&quantile(name));
        assert!(value.len() == 1 && value[0].is_nan(), "{name}: {value:?}");
        assert!(of(&format!("{} > 0.5", quantile(name))).is_empty());
        assert!(of(&format!("{} <= 0.5", quantile(name))).is_empty());
    }
    assert!(of(&quantile("missing_bucket")).is_empty());
}

#[test]
fn atan2_keeps_the_name_of_the_metric_in_version_2() {
    for (compat, expected) in [(Compat::V2_42, Some("m")), (Compat::V3, None)] {
        for expression in ["m{a=\"0\"} atan2 2", "2 atan2 m{a=\"0\"}", "m{a=\"0\"} atan2 m"] {
            let found = vector(expression, compat, 0);
            assert_eq!(found[0].labels.get("__name__"), expected, "{expression} of {compat:?}");
        }
    }
}

#[test]
fn metrics_that_lose_their_names_collide_over_a_whole_subquery() {
    let mut store = SeriesStore::new();
    for (name, from) in [("early", 0), ("late", 600)] {
        let series = Labels::from_iter([("__name__", name)]);
        (0..10).for_each(|step| store.push(&series, second(from + step * 15), step as f64));
        store.end(&series, second(from + 150));
    }
    for inner in ["rate({__name__=~\"early|late\"}[1m])", "-{__name__=~\"early|late\"}"] {
        let of =
            |text: String| Expression::parse(&text, Compat::V2_42).unwrap().evaluate(&store, second(750));
        assert!(of(inner.to_owned()).is_ok(), "{inner} at one moment");
        let error = of(format!("max_over_time(({inner})[15m:15s])")).unwrap_err();
        assert_eq!(error.to_string(), "two elements of a vector have the same labels", "{inner}");
        assert!(of(format!("max_over_time(({inner})[1m:15s])")).is_ok(), "{inner} of one metric");
    }
}

/// Words and signs in any order; most are refused, all must come back.
fn text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "m",
        "m{a=\"0\"}",
        "m[1m]",
        "m[1m:10s]",
        "rate(",
        "sum(",
        "quantile(",
        "topk(",
        "label_replace(",
        "vector(",
        "histogram_quantile(",
        "predict_linear(",
        "count_values(",
        "absent(",
        "round(",
        "clamp(",
        "scalar(",
        "time()",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\"\"",
        "\"$1\"",
        "\"a\"",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "==",
        "> bool",
        "and",
        "or",
        "unless",
        "on (a)",
        "ignoring (a)",
        "group_left",
        "by (a)",
        "without (le)",
        "offset",
        "offset -1m",
        "@",
        "@ end()",
        "@ -1e9",
        "@ 9e15",
        "1e308",
        "-1",
        "0",
        "NaN",
        "Inf",
        "0x7f",
        "5m",
        "1ms",
        "99999y",
        "ü",
        "#",
    ]);
    prop::collection::vec(word, 1..14).prop_map(|words| words.join(" "))
}

/// What is read, with numbers that are none of what is expected.
fn odd() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![
        "NaN",
        "Inf",
        "-Inf",
        "1e308",
        "-1e308",
        "1e-308",
        "0",
        "-1",
        "9e18",
        "scalar(m)",
        "time() * 1e300",
        "1e15",
    ]);
    let form = prop::sample::select(vec![
        "topk($, m)",
        "bottomk($, m)",
        "quantile($, m)",
        "quantile_over_time($, m[1m])",
        "round(m, $)",
        "m % $",
        "clamp(m, $, $)",
        "predict_linear(m[1m], $)",
        "histogram_quantile($, m)",
        "day_of_month(vector($))",
        "days_in_month(m * $)",
        "year(vector($))",
        "m atan2 $",
        "m ^ $",
        "count_values(\"a\", m * $)",
        "vector($)",
        "sum(m * $) / avg(m)",
        "stddev_over_time((m * $)[2m:1s])",
        "rate((m - $)[1m:7s])",
        "m offset 100y",
        "m @ 1e12 offset -99y",
        "max_over_time(m[100y])",
        "deriv((m * $)[1m:])",
        "hour(m + $)",
        "label_replace(m, \"b\", \"$1${x}$$\", \"a\", \"(?P<x>.)\")",
        "sort(m * $)",
        "timestamp(m) * $",
    ]);
    (form, number).prop_map(|(form, number)| form.replace('$', number))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_expression_is_answered_or_refused(
        text in prop_oneof![text(), odd()],
        compat in prop::sample::select(vec![Compat::V2_42, Compat::V3]),
        at in prop::sample::select(vec![0_i64, 45, 90, 250, -1_000_000_000, 253_402_000_000]),
    ) {
        if let Ok(expression) = Expression::parse(&text, compat) {
            let store = store();
            let answer = expression.evaluate(&store, second(at));
            let lines = expression.evaluate_range(&store, second(at), second(at + 60), Duration::from_secs(30));
            if let (Ok(answer), Ok(lines)) = (answer, lines) {
                let elements = match answer {
                    Answer::Vector(vector) => vector.len(),
                    _ => 1,
                };
                prop_assert!(expression.to_string().contains("end()") || lines.len() >= elements);
            }
        }
    }
}

#[test]
fn a_span_that_no_duration_can_hold_is_refused() {
    for span in ["NaN", "nan", "Inf", "1e300", "99999999999999999999999", "1e999"] {
        for text in [
            "m offset $",
            "m offset -$",
            "m OFFSET + $",
            "rate(m[$])",
            "max_over_time(m[1m:$])",
            "rate(m[$:1m])",
        ] {
            let text = text.replace('$', span);
            assert!(Expression::parse(&text, Compat::V3).is_err(), "{text}");
        }
    }
    assert!(Expression::parse("m offset 5m + NaN > Inf", Compat::V3).is_ok());
}

#[test]
fn a_subquery_that_would_look_at_too_much_is_an_error() {
    let expression = Expression::parse("max_over_time(vector(1)[99y:1ms])", Compat::V3).unwrap();
    let error = expression.evaluate(&store(), second(0)).unwrap_err();
    assert_eq!(error.to_string(), "it looks at more than 10 million samples");
}
