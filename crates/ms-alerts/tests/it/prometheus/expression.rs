//! Random expressions, of all that is evaluated.
//!
//! What depends on the order of series that compare equal is not asked for, nor what Prometheus takes for the same at each step
//! of a subquery, where there is `@` beside what changes: it does not look at the argument of an aggregation.

use proptest::prelude::*;
use proptest::sample::select;

/// Moments of `@` are those of a world that begins at `beginning`.
pub(super) fn vector(beginning: i64) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => (selector(), modifier(beginning)).prop_map(|(selector, modifier)| format!("{selector}{modifier}")),
        4 => of_range(beginning),
        1 => select(vec![
            "vector(time() % 100)",
            "vector(3)",
            "histogram_quantile(0.9, h_bucket)",
            "histogram_quantile(0.5, sum by (le) (rate(h_bucket[2m])))",
            "histogram_quantile(0.3, sum without (b) (increase(h_bucket[90s] offset 1m)))",
            "absent(nothing{a=\"x\", b!=\"y\"})",
            "absent_over_time(m{a=\"x\"}[20s])",
            "vector(minute() + hour() * 100)",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 10, 2, move |inner| {
        let function = (select(FUNCTIONS.to_vec()), inner.clone());
        let function = function.prop_map(|(function, inner)| function.replace('$', &inner));
        let aggregate = (select(AGGREGATES.to_vec()), grouping(), inner.clone())
            .prop_map(|(form, grouping, inner)| form.replace('#', &grouping).replace('$', &inner));
        let scalar = (
            operator(),
            select(vec!["2", "-0.5", "scalar(m)", "(time() % 7)"]),
            inner.clone(),
            any::<bool>(),
        );
        let scalar = scalar.prop_map(|(operator, number, inner, is_left)| {
            if is_left {
                format!("({number} {operator} {inner})")
            } else {
                format!("({inner} {operator} {number})")
            }
        });
        let subquery = (
            select(vec!["max", "min", "sum", "count", "last", "present", "avg", "stddev"]),
            inner.clone(),
            select(vec!["1m:15s", "2m:20s", "90s:", "3m:1m", "50s:7s"]),
            modifier(beginning),
        )
            .prop_map(|(function, inner, range, modifier)| {
                // If it begins where the one around it does, Prometheus forgets to set the moment of `@` anew.
                let may_meet = modifier.contains("offset -") || modifier.contains('@');
                let modifier = if may_meet && inner.contains('@') { "" } else { &modifier };
                format!("{function}_over_time(({inner})[{range}]{modifier})")
            });
        let counted = (
            select(vec!["rate", "increase", "delta", "changes", "resets", "deriv", "idelta"]),
            inner.clone(),
        )
            .prop_map(|(function, inner)| format!("{function}(({inner})[3m:30s])"));
        prop_oneof![
            3 => function,
            3 => aggregate,
            2 => scalar,
            4 => pair(inner.clone()),
            2 => subquery,
            1 => counted,
            1 => inner.prop_map(|inner| format!("-({inner})")),
        ]
    })
    .boxed()
}

/// Of what no date is, Go makes one of the platform's. Of large numbers the last bit, in which libraries differ, is all that a sine
/// shows.
const FUNCTIONS: &[&str] = &[
    "abs($)",
    "ceil($)",
    "floor($)",
    "sqrt($)",
    "exp($)",
    "ln($)",
    "log2($)",
    "log10($)",
    "sgn($)",
    "round($)",
    "round($, 0.3)",
    "clamp($, -1, 2)",
    "clamp($, 2, 1)",
    "clamp_min($, 0)",
    "clamp_max($, 3)",
    "sin(clamp($, -1e3, 1e3))",
    "cos(clamp($, -1e3, 1e3))",
    "tan(clamp($, -1e3, 1e3))",
    "asin($)",
    "acos($)",
    "atan($)",
    "sinh($)",
    "cosh($)",
    "tanh($)",
    "asinh($)",
    "acosh($)",
    "atanh($)",
    "deg($)",
    "rad($)",
    "timestamp($)",
    "absent($)",
    "sort($)",
    "sort_desc($)",
    "scalar($)",
    "vector(scalar($))",
    "day_of_month(clamp($ == $, -1e6, 1e6) * 9973)",
    "day_of_week(clamp($ == $, -1e6, 1e6) * 9973)",
    "day_of_year(clamp($ == $, -1e6, 1e6) * 9973)",
    "days_in_month(clamp($ == $, -1e6, 1e6) * 9973)",
    "hour(clamp($ == $, -1e6, 1e6) * 9973)",
    "minute(clamp($ == $, -1e6, 1e6) * 9973)",
    "month(clamp($ == $, -1e6, 1e6) * 9973)",
    "year(clamp($ == $, -1e6, 1e6) * 9973)",
    "year(timestamp($))",
    "label_replace($, \"d\", \"<$1>\", \"a\", \"(x).*\")",
    "label_replace($, \"a\", \"\", \"b\", \".*\")",
    "label_replace($, \"__name__\", \"new\", \"a\", \"x\")",
    "label_join($, \"d\", \"-\", \"a\", \"b\")",
    "label_join($, \"a\", \"\")",
];

const AGGREGATES: &[&str] = &[
    "sum# ($)",
    "avg# ($)",
    "min# ($)",
    "max# ($)",
    "count# ($)",
    "group# ($)",
    "stddev# ($)",
    "stdvar# ($)",
    "quantile# (0.3, $)",
    "quantile# (scalar(m @ end()), $)",
    "quantile# (1.5, $)",
    "count_values# (\"v\", round($, 0.125))",
    "count_values# (\"a\", round($, 0.5))",
    "max# (topk# (2, $))",
    "min# (bottomk# (1, $))",
    "count# (topk# (3, $))",
];

fn grouping() -> impl Strategy<Value = String> {
    let labels = select(vec!["a", "b", "a, b", "", "le", "__name__", "nothing, c"]);
    (select(vec![" by", " without", ""]), labels).prop_map(|(word, labels)| match word {
        "" => String::new(),
        word => format!("{word} ({labels})"),
    })
}

fn operator() -> impl Strategy<Value = &'static str> {
    select(vec![
        "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", ">", "<=", ">=", "> bool", "== bool",
        "!= bool", "<= bool",
    ])
}

fn pair(inner: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> {
    let on = (select(vec!["on", "ignoring"]), select(vec!["a", "b", "a, b", "", "c", "a, b, c, le"]));
    let sides = select(vec!["", "", "group_left", "group_right", "group_left (c)", "group_right (b)"]);
    let matched = (operator(), on.clone(), sides, inner.clone(), inner.clone()).prop_map(
        |(operator, (on, labels), sides, left, right)| {
            format!("({left} {operator} {on} ({labels}) {sides} {right})")
        },
    );
    let plain = (operator(), inner.clone(), inner.clone())
        .prop_map(|(operator, left, right)| format!("({left} {operator} {right})"));
    let set = (select(vec!["and", "or", "unless"]), prop::option::of(on), inner.clone(), inner);
    let set = set.prop_map(|(operator, on, left, right)| {
        let on = on.map_or_else(String::new, |(on, labels)| format!("{on} ({labels})"));
        format!("({left} {operator} {on} {right})")
    });
    prop_oneof![matched, plain, set]
}

fn selector() -> impl Strategy<Value = String> {
    let matchers = prop::collection::vec(
        select(vec![
            "a=\"x\"",
            "a!=\"x\"",
            "b=\"\"",
            "b!=\"\"",
            "a=~\"x|y\"",
            "a=~\"x.*\"",
            "a!~\".+\"",
            "b=~\".*\"",
            "c=\"only\"",
            "b!~\"1|ü\"",
        ]),
        0..3,
    );
    let name = select(vec!["m", "m", "n:x", "m_total", "m_total", "odd", "{__name__=~\"m|n:x\""]);
    (name, matchers).prop_map(|(name, matchers)| match name.strip_prefix('{') {
        Some(first) => format!("{{{}}}", [&[first], matchers.as_slice()].concat().join(",")),
        None => format!("{name}{{{}}}", matchers.join(",")),
    })
}

fn modifier(beginning: i64) -> impl Strategy<Value = String> {
    let at = (0..9600_i64).prop_map(move |eighths| beginning + eighths * 125);
    prop_oneof![
        6 => Just(String::new()),
        2 => select(vec![" offset 30s", " offset -45s", " offset 2m", " offset -1m"]).prop_map(str::to_owned),
        1 => at.clone().prop_map(|at| format!(" @ {}.{:03}", at / 1000, at % 1000)),
        1 => select(vec![" @ start()", " @ end() offset 1m", " offset -20s @ end()"]).prop_map(str::to_owned),
        1 => at.prop_map(|at| format!(" @ {}.{:03} offset 1m", at / 1000, at % 1000)),
    ]
}

fn of_range(beginning: i64) -> impl Strategy<Value = String> {
    let function = select(vec![
        "rate($)",
        "increase($)",
        "irate($)",
        "delta($)",
        "idelta($)",
        "deriv($)",
        "predict_linear($, 60)",
        "predict_linear($, scalar(m))",
        "changes($)",
        "resets($)",
        "avg_over_time($)",
        "min_over_time($)",
        "max_over_time($)",
        "sum_over_time($)",
        "count_over_time($)",
        "last_over_time($)",
        "present_over_time($)",
        "absent_over_time($)",
        "stddev_over_time($)",
        "stdvar_over_time($)",
        "quantile_over_time(0.3, $)",
        "quantile_over_time(scalar(m), $)",
    ]);
    let range = select(vec!["15s", "30s", "40s", "1m", "95s", "2m", "5m"]);
    (function, selector(), range, modifier(beginning)).prop_map(|(function, selector, range, modifier)| {
        // Within a subquery, Prometheus moves the range of `@` with the steps if the call itself changes with them.
        let changes = function.starts_with("predict_linear") || function.contains("scalar");
        let is_held = modifier.contains('@') && changes;
        let modifier = if is_held { "" } else { &modifier };
        function.replace('$', &format!("{selector}[{range}]{modifier}"))
    })
}
