//! Random rules on random series, beside a real Prometheus: promtool runs its rule engine over the same samples.
//!
//! Our answers are written down as what promtool is to expect; it fails where its own differ.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use jiff::Timestamp;
use ms_alerts::{Alert, AlertManager, Compat, State, parse_exposition};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

const INTERVAL: u64 = 15;
const STEPS: usize = 12;
/// Cases a run of promtool; it takes as long for one as for many.
const BATCH: usize = 25;
const BATCHES: usize = 12;

/// Everything that a text may hold.
const TEXT: &str = "{{ $value }} of {{ $labels.a }}, {{ $labels.nothing }}. {{ $labels }} {{ $value | humanize }} \
    {{humanize1024 $value}} {{ $value|humanizeDuration }} {{ $value | humanizePercentage }} {{ printf \"%.2f\" $value }} \
    {{ $value | printf \"%.0f\" }}";

#[derive(Debug, Clone)]
struct Case {
    /// What the recording rule `r:x` gives, which the others may read.
    recorded: String,
    rules: Vec<Rule>,
    series: Vec<Series>,
}

#[derive(Debug, Clone)]
struct Rule {
    expr: String,
    hold: u64,
    keep_firing: u64,
    label: &'static str,
}

#[derive(Debug, Clone)]
struct Series {
    name: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    values: Vec<Option<f64>>,
}

impl Series {
    fn selector(&self) -> String {
        let labels: Vec<_> = self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{}{{{}}}", self.name, labels.join(","))
    }
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => prop::sample::select(vec![0.0, 1.0, 2.0, 5.0, -1.0, 0.5]),
        2 => -10.0..10.0_f64,
        1 => prop::sample::select(vec![1e6, 123_456.0, 1_234_567.5, 1e21, 1e-5, 0.0001, f64::INFINITY, f64::NEG_INFINITY]),
        1 => prop::sample::select(vec![1000.5, 1001.5, 0.125, 0.375, 2.5, 3.5, 999.95, 9999.5, 99_995.0, 3599.9, 86_400.0, -90_061.0]),
        1 => (-12..18_i32, 1.0..10.0_f64).prop_map(|(power, digits)| digits * 10_f64.powi(power)),
    ]
}

fn literal(value: f64) -> String {
    if value == f64::INFINITY {
        "Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        format!("{value:?}")
    }
}

fn series() -> impl Strategy<Value = Vec<Series>> {
    let labels = (
        prop::option::of(prop::sample::select(vec!["", "x", "y", "xx", "a.b", "10", "x|y"])),
        prop::option::of(prop::sample::select(vec!["ü", "4\"2", "back\\slash", "y"])),
        prop::option::of(Just("own")),
    );
    let values = prop::collection::vec(
        prop_oneof![8 => number().prop_map(Some), 1 => Just(Some(f64::NAN)), 2 => Just(None)],
        STEPS,
    );
    let one = (prop::sample::select(vec!["m", "m_total", "n:x"]), labels, values).prop_map(
        |(name, labels, values)| {
            let labels = [("a", labels.0), ("b", labels.1), ("sev", labels.2)];
            let labels = labels.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            Series { name, labels, values }
        },
    );
    let bucket = (
        prop::sample::select(vec!["0.5", "2", "7", "2.0", "+Inf", "+Inf", "x", "-1"]),
        prop::option::of(Just("x")),
        prop::collection::vec(prop::option::weighted(0.9, (0..9_u8).prop_map(f64::from)), STEPS),
    );
    let bucket = bucket.prop_map(|(bound, label, values)| {
        let labels = label.map(|label| ("a", label)).into_iter().chain([("le", bound)]).collect();
        Series { name: "h", labels, values }
    });
    let all = (prop::collection::vec(one, 1..7), prop::collection::vec(bucket, 0..8));
    all.prop_map(|(mut all, buckets)| {
        all.extend(buckets);
        // One series is one line of the file; an empty label is none.
        let identity = |series: &Series| {
            let labels = series.labels.iter().filter(|(_, value)| !value.is_empty());
            (series.name, labels.copied().collect::<Vec<_>>())
        };
        all.sort_by_key(identity);
        all.dedup_by_key(|series| identity(series));
        all
    })
}

fn matcher() -> impl Strategy<Value = String> {
    let plain = (
        prop::sample::select(vec!["a", "b", "c", "sev"]),
        prop::sample::select(vec!["=", "!="]),
        prop::sample::select(vec!["", "x", "ü", "a.b"]),
    );
    let whole = prop::sample::select(vec![
        "", "x", ".*", ".+", "x|y", "x.*", "a.b", "^x$", "(?i)X", "[xy]+", "[^x]*", "\\d+", "(x|y){2}", "x?",
        "4\"2|ü", "a\\.b", "[a&&b].b",
    ]);
    // What means different things in other dialects. Much of what comes out is refused, by both.
    let pieces = prop::sample::select(vec![
        "x", "y", "xx", "a", ".", "|", "*", "+", "?", "(", ")", "[xy]", "[^x]", "[a-y]", "\\d", "\\w", "\\.",
        "{2}", "{,2}", "{1,}", "(?i)", "^", "$", "[]x]", "[x\\]]", "[x-]", "10", "Y", "(?:x|y)", "[[x]",
        "&&", "[x&&y]", "ü", "\\S", "\\b", "{", "}",
    ]);
    let pattern = prop_oneof![
        3 => whole.prop_map(str::to_owned),
        1 => prop::collection::vec(pieces, 1..5).prop_map(|pieces| pieces.concat()),
    ];
    let regex = (
        prop::sample::select(vec!["a", "b", "c", "__name__"]),
        prop::sample::select(vec!["=~", "!~"]),
        pattern,
    );
    prop_oneof![
        plain.prop_map(|(name, op, value)| format!("{name}{op}{value:?}")),
        regex.prop_map(|(name, op, value)| format!("{name}{op}{value:?}")),
    ]
}

/// Operators, matching and aggregations. Where the last digit depends on the order of the series, or on the platform, the
/// answer is made 0 or 1.
fn compound() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["m", "m_total", "n:x", "m{a=\"x\"}", "{__name__=~\"m.*\"}"])
            .prop_map(str::to_owned),
        // What rules before this one have written.
        prop::sample::select(vec![
            "r:x",
            "{__name__=~\"[mr].*\"}",
            "label_replace(ALERTS, \"a\", \"$1\", \"alertname\", \".*(.)\")",
            "(ALERTS_FOR_STATE >= bool 30)",
            "count by (alertstate) (ALERTS)",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec!["2", "-1", "Inf", "(0.5)"]).prop_map(|number| format!("(n:x + {number})")),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let labels = || prop::sample::select(vec!["", "a", "a, b", "sev, b", "__name__", "none"]);
        let by = (prop::sample::select(vec!["by", "without"]), labels());
        let exact = prop::sample::select(vec!["min", "max", "count", "group"]);
        let inexact = prop::sample::select(vec!["sum", "avg", "stddev", "stdvar"]);
        let matching = (prop::sample::select(vec!["on", "ignoring"]), labels());
        let sides = prop::sample::select(vec![
            "",
            "",
            "group_left",
            "group_right",
            "group_left (c)",
            "group_right (c)",
        ]);
        let operator =
            prop::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "> bool", "!= bool"]);
        let set = prop::sample::select(vec!["and", "or", "unless"]);
        let function = prop::sample::select(vec![
            "abs($)",
            "ceil($)",
            "floor($)",
            "sqrt($)",
            "sgn($)",
            "round($)",
            "round($, 5)",
            "clamp($, -1, 2)",
            "clamp($, 2, 1)",
            "clamp_min($, 0)",
            "clamp_max($, NaN)",
            "(ln($) > bool 0.1)",
            "(log2($) >= bool 1)",
            "(log10($) >= bool 1)",
            "(exp($) > bool 3)",
            "(sin($) > bool 0.1)",
            "(acosh($) > bool 0.1)",
            "(atanh($) < bool 0.1)",
            "(deg($) > bool 50)",
            "absent($)",
            "absent(m{a=\"x\", b=\"y\", b=\"z\"})",
            "absent((n:x{a=\"x\", b!=\"y\", sev=\"\"}))",
            "min(topk(2, $))",
            "min by (a) (topk by (a) (1.9, $))",
            "count(bottomk without (a) (2, $))",
            "max(bottomk(1, $))",
            "topk(-1, $)",
            "topk(99, $)",
            "count(topk(scalar($), $))",
            "(quantile by (a) (0.3, $) > bool 0.7123)",
            "quantile(1.1, $)",
            "(scalar($) < bool 1)",
            "vector(scalar($))",
            "($ * pi() > bool 3)",
            "count_values(\"v\", $)",
            "count_values by (a) (\"a\", $)",
            "count_values without (a) (\"b\", $)",
            "label_replace($, \"c\", \"<$1|${2}x|$2x>\", \"a\", \"(.)(.*)\")",
            "label_replace($, \"a\", \"$1\", \"b\", \"(x|ü)?.*\")",
            "label_replace($, \"__name__\", \"renamed\", \"a\", \"x\")",
            "label_replace($, \"a\", \"\", \"a\", \"x.*\")",
            "label_join($, \"a\", \"-\", \"b\", \"a\", \"none\")",
            "label_join($, \"b\", \"\")",
            "timestamp($)",
            "timestamp(m)",
            "timestamp((m offset 15s))",
            "sort($)",
            "sort_desc($)",
            "minute(timestamp($) * 60)",
            // What no whole number of seconds is, Go turns into a date of the platform's.
            "hour(clamp($ == $, -1e6, 1e6) * 3600)",
            "day_of_week(clamp($ == $, -1e6, 1e6) * 86400)",
            "day_of_month(clamp(m == m, -1e6, 1e6) * 1e6)",
            "day_of_year(clamp(m == m, -1e6, 1e6) * 12345)",
            "days_in_month(clamp(m == m, -1e6, 1e6) * 2e6)",
            "month(clamp(m == m, -1e6, 1e6) * 3e6)",
            "year(clamp(m == m, -1e3, 1e3) * 1e7)",
            "(minute() >= hour() + day_of_week())",
            "(m @ end() == m)",
            "(m @ start() offset 15s)",
            "m @ 0",
            "max_over_time(m[1m] @ end())",
        ]);
        prop_oneof![
            (exact, by.clone(), inner.clone())
                .prop_map(|(op, (by, labels), inner)| format!("{op} {by} ({labels}) ({inner})")),
            (inexact, by, inner.clone())
                .prop_map(|(op, (by, labels), inner)| format!("({op} {by} ({labels}) ({inner}) > bool 0.7)")),
            (operator.clone(), matching.clone(), sides, inner.clone(), inner.clone()).prop_map(
                |(op, (on, labels), sides, left, right)| {
                    // A server writes a rule anew before it evaluates it, and version 2.42 forgets such sides.
                    let sides = if (on, labels) == ("ignoring", "") { "" } else { sides };
                    format!("({left} {op} {on} ({labels}) {sides} {right})")
                }
            ),
            (set.clone(), matching, inner.clone(), inner.clone())
                .prop_map(|(op, (on, labels), left, right)| format!("({left} {op} {on} ({labels}) {right})")),
            (set, inner.clone(), inner.clone())
                .prop_map(|(op, left, right)| format!("({left} {op} {right})")),
            (function, inner.clone()).prop_map(|(function, inner)| function.replace('$', &inner)),
            (operator, inner.clone()).prop_map(|(op, inner)| format!("(2 {op} {inner})")),
            inner.clone().prop_map(|inner| format!("-{inner}")),
            inner.prop_map(|inner| format!("(abc or {inner} ^ 2 >= bool 1 atan2 2)")),
        ]
    })
}

/// Functions of a range, and selectors with `offset`.
fn looking_back() -> impl Strategy<Value = String> {
    let selector = prop::sample::select(vec![
        "m",
        "m_total",
        "n:x",
        "m{a=\"x\"}",
        "{__name__=~\"m.*\"}",
        "r:x",
        "ALERTS",
    ]);
    let range = prop::sample::select(vec!["15s", "30s", "40s", "1m", "2m"]);
    let offset = prop::sample::select(vec!["", "", " offset 15s", " offset 20s", " offset 1m"]);
    let function = prop::sample::select(vec![
        "$ offset 15s",
        "$ offset 40s",
        "count_over_time($#)",
        "min_over_time($#)",
        "max_over_time($#)",
        "last_over_time($#)",
        "present_over_time($#)",
        "absent_over_time($#)",
        "changes($#)",
        "resets($#)",
        "idelta($#)",
        "(rate($#) > bool 0.0123)",
        "(increase($#) > bool 0.123)",
        "(increase($#) > 0.123) ^ 0",
        "(delta($#) < bool 0.123)",
        "(irate($#) >= bool 0.0123)",
        "(deriv($#) > bool 0.0123)",
        "(predict_linear($#, 60) > bool 3.123)",
        "(avg_over_time($#) > bool 1.123)",
        "(sum_over_time($#) > bool 4.123)",
        "(stddev_over_time($#) > bool 0.7123)",
        "(stdvar_over_time($#) > bool 0.7123)",
        "(quantile_over_time(0.3, $#) > bool 1.123)",
        "(histogram_quantile(0.3, h) > bool 1.123)",
        "(histogram_quantile(0.9, increase(h#)) > bool 2.123)",
        "(histogram_quantile(0, sum by (le, a) (h)) < bool 1.123)",
        "histogram_quantile(scalar(m), h) == Inf",
        "(histogram_quantile(1, h) == 7 or histogram_quantile(1, h) == 2)",
        "quantile_over_time(1, $#)",
        "quantile_over_time(-1, $#)",
        "quantile_over_time(scalar(m), $#)  < bool 1.123",
        "max_over_time(($ > 1)?)",
        "count_over_time((-$)?)",
        "last_over_time(abs($)?)",
        "min_over_time(vector(time())?)",
        "min_over_time(timestamp($)?)",
        "absent_over_time($?)",
        "count_over_time(count_values(\"v\", $)?)",
        "max_over_time((sum by (a) ($) > bool 0.7)?)",
        "sum_over_time((rate($[1m]) > bool 0.0123)?)",
        "(rate($?) > bool 0.0123)",
        "(increase($?) > bool 0.123)",
        "max_over_time(min_over_time($?)[1m:20s])",
        "changes(($ @ end())?)",
        "max_over_time(m[2m:15s] @ 0)",
        "max_over_time((m offset 15s)[1m:])",
        "count_over_time(($ and m)[2m:])",
    ]);
    let step = prop::sample::select(vec!["10s", "15s", "25s", "1m"]);
    (function, selector, range, offset, step).prop_map(|(function, selector, range, offset, step)| {
        let function = function.replace('?', &format!("[{range}:{step}]{offset}"));
        function.replace('#', &format!("[{range}]{offset}")).replace('$', selector)
    })
}

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![2 => simple(), 1 => looking_back(), 2 => compound()]
}

fn simple() -> impl Strategy<Value = String> {
    let selector =
        (prop::sample::select(vec!["m", "m_total", "n:x", ""]), prop::collection::vec(matcher(), 0..3));
    let comparison = prop::sample::select(vec!["==", "!=", ">", "<", ">=", "<="]);
    (selector, comparison, number(), 0..4_u8).prop_map(|((name, matchers), comparison, number, form)| {
        // Prometheus wants a selector that does not match everything.
        let anchor = if name.is_empty() { vec!["__name__=~\"m.*\"".to_owned()] } else { Vec::new() };
        // The name cannot be matched twice.
        let allowed = |matcher: &String| name.is_empty() || !matcher.starts_with("__name__");
        let matchers: Vec<_> = anchor.into_iter().chain(matchers).filter(allowed).collect();
        let selector =
            if matchers.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", matchers.join(", ")) };
        let number = literal(number);
        match form {
            0 => format!("{number} {comparison} {selector}"),
            1 => format!("({selector}) {comparison} (({number}))"),
            2 => format!("{selector} # all of them"),
            _ => format!("{selector} {comparison} {number}"),
        }
    })
}

fn case() -> impl Strategy<Value = Case> {
    let seconds = || prop::sample::select(vec![0_u64, 0, 15, 20, 45]);
    let label = prop::sample::select(vec![
        "page",
        "",
        "{{ $labels.a }}-{{ $value }}",
        "{{$labels.sev}}{{ $labels.__name__ }}",
    ]);
    let rule = (expression(), seconds(), seconds(), label)
        .prop_map(|(expr, hold, keep_firing, label)| Rule { expr, hold, keep_firing, label });
    let recorded = prop_oneof![
        Just("n:x".to_owned()),
        Just("sum by (a) (m)".to_owned()),
        Just("m > 1 or vector(time())".to_owned()),
        expression(),
    ];
    let all = (recorded, prop::collection::vec(rule, 1..5), series());
    all.prop_map(|(recorded, rules, series)| Case { recorded, rules, series })
}

fn rule_file(number: usize, case: &Case) -> Value {
    let rules = case.rules.iter().enumerate().map(|(place, rule)| {
        json!({
            "alert": format!("Case{number}Rule{place}"),
            "expr": rule.expr,
            "for": format!("{}s", rule.hold),
            "keep_firing_for": format!("{}s", rule.keep_firing),
            "labels": {"sev": rule.label, "b": ""},
            "annotations": {"text": TEXT},
        })
    });
    let recording = json!({"record": "r:x", "expr": case.recorded, "labels": {"sev": "recorded", "b": ""}});
    let rules: Vec<_> = [recording].into_iter().chain(rules).collect();
    json!({"groups": [{"name": format!("case{number}"), "rules": rules}]})
}

fn expected(alerts: &[Alert], name: &str) -> Value {
    let firing = alerts.iter().filter(|alert| alert.rule == name && alert.state == State::Firing);
    let alerts = firing.map(|alert| {
        let labels: serde_json::Map<_, _> = alert
            .labels
            .iter()
            .filter(|(name, _)| *name != "alertname")
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        json!({"exp_labels": labels, "exp_annotations": alert.annotations})
    });
    alerts.collect()
}

/// Runs our engine over a case; gives the test that promtool is to pass, or nothing where a rule is refused, or two alerts
/// have the same labels, which both call an error.
async fn ours(number: usize, case: &Case, rules: &Value) -> Option<Value> {
    let manager = AlertManager::builder().rules_text("random", &rules.to_string()).ok()?;
    let manager = manager.compat(Compat::V2_42).build().unwrap();
    let mut tests = Vec::new();
    for step in 0..STEPS {
        let mut text = String::new();
        for series in &case.series {
            if let Some(value) = series.values[step] {
                writeln!(text, "{} {value:?}", series.selector()).unwrap();
            }
        }
        let moment = Timestamp::from_second((step as u64 * INTERVAL) as i64).unwrap();
        manager.check_samples_at(&parse_exposition(&text).unwrap(), moment).await;
        if manager.rules().iter().any(|rule| rule.error.is_some()) {
            return None;
        }
        let alerts = manager.alerts();
        for place in 0..case.rules.len() {
            let name = format!("Case{number}Rule{place}");
            tests.push(json!({
                "eval_time": format!("{}s", step as u64 * INTERVAL),
                "alertname": name,
                "exp_alerts": expected(&alerts, &name),
            }));
        }
    }
    let input = case.series.iter().map(|series| {
        let values = series.values.iter().map(|value| value.map_or_else(|| "stale".to_owned(), literal));
        json!({"series": series.selector(), "values": values.collect::<Vec<_>>().join(" ")})
    });
    Some(json!({
        "name": format!("case{number}"),
        "interval": format!("{INTERVAL}s"),
        "input_series": input.collect::<Vec<_>>(),
        "alert_rule_test": tests,
    }))
}

#[tokio::test]
async fn alerts_of_random_rules_are_those_of_prometheus() {
    // The seed of the day is printed with every failure; set it to see that failure again.
    let seed: u64 =
        std::env::var("MS_ALERTS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64
        });
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for _ in 0..BATCHES {
        let mut suites = Vec::new();
        for number in 0..BATCH {
            let case = case().new_tree(&mut runner).unwrap().current();
            let rules = rule_file(number, &case);
            let Some(test) = ours(number, &case, &rules).await else { continue };
            let (rule_file, suite_file) = (format!("rules{number}.yml"), format!("test{number}.yml"));
            fs::write(folder.path().join(&rule_file), rules.to_string()).unwrap();
            let interval = format!("{INTERVAL}s");
            let suite = json!({"rule_files": [rule_file], "evaluation_interval": interval, "tests": [test]});
            suites.push(folder.path().join(suite_file));
            fs::write(suites.last().unwrap(), serde_json::to_string_pretty(&suite).unwrap()).unwrap();
        }
        compared += suites.len();
        let output = Command::new("promtool").arg("test").arg("rules").args(&suites).output();
        let output =
            output.unwrap_or_else(|error| panic!("promtool: {error}; apt-get install -y prometheus"));
        if !output.status.success() {
            let kept = folder.keep();
            panic!(
                "MS_ALERTS_SEED={seed}, files in {}:\n{}{}",
                kept.display(),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    assert!(compared > BATCHES * BATCH / 4, "only {compared} cases could be compared");
}
