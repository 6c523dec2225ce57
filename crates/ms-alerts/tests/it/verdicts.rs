//! Rule files that promtool refuses load nowhere.

use std::fs;
use std::process::Command;

use ms_alerts::{AlertManager, Compat, Expression};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// What once loaded here alone, and its like.
const ODD: [&str; 69] = [
    "m{\"a\"=\"b\"}",
    "{\"m\"}",
    "m > 5m",
    "m > 1h30m",
    "m > 1e400",
    "m > 0x1p3",
    "m > 1_000",
    "m > 1e",
    "m > 010",
    "m > 5.",
    "m{a=`x\\ny`}",
    "m{a=\"\\q\"}",
    "m{,}",
    "m{a=\"b\",}",
    "{a=~\".*\"}",
    "{a!=\"b\"}",
    "m + on(a) group_left(a) n",
    "m + on(a) group_left(b) n",
    "1 and m",
    "m or 1",
    "m and on(a) group_left n",
    "sum(1)",
    "sum(m) > bool 1",
    "m == bool n",
    "1 == 2",
    "1 == bool 2",
    "-m ^ 2",
    "sum by (a,) (m)",
    "sum(m) by (a) without (b)",
    "m + bool 1",
    "m atan2 n",
    "group(m)",
    "sum by (on) (m)",
    "sum by (1) (m)",
    "m and ignoring() n",
    "m > on(a) fill(0) n",
    "sum m",
    "sum()",
    "sum(m, n)",
    "-(m)",
    "--m",
    "1",
    "'a'",
    "m and 'a'",
    "m == on(__name__) n",
    "sum by (__name__) (m)",
    "sum by (a.b) (m)",
    "sum by ('a') (m)",
    "m + on(a) 1",
    "1 + ignoring(a) 2",
    "m > 1e-400",
    "abs(1)",
    "abs(m, 1)",
    "clamp(m, 1)",
    "clamp(m, m, 1)",
    "round(m, 2)",
    "round()",
    "time()",
    "time(m)",
    "vector(m)",
    "scalar(1)",
    "absent(1)",
    "pi() > m",
    "scalar(m)",
    "abs",
    "abs{a='b'}",
    "ln(m) by (a)",
    "sgn(-m)",
    "vector('a')",
];

fn expression() -> impl Strategy<Value = String> {
    let one_of = |words: &'static [&'static str]| prop::sample::select(words);
    let name =
        one_of(&["m", "n:x", "", "le", "sum", "count", "min", "by", "bottomk", "inf", "start", "bool"]);
    let label =
        one_of(&["a", "le", "sum", "by", "on", "__name__", "offset", "and", "nan", "end", "1x", "x:y"]);
    let operator = one_of(&["=", "!=", "=~", "!~", "=="]);
    let value =
        one_of(&["\"x\"", "\"\"", "\".*\"", "\".+\"", "'y'", "`z`", "\"x|y\"", "\"[a-c]+\"", "\"(\""]);
    let matchers = prop::collection::vec((label, operator, value), 0..3);
    let comparison = one_of(&[">", "<", ">=", "<=", "==", "!=", "=", "> bool"]);
    let number = one_of(&[
        "1", "-1", "+1", ".5", "Inf", "-inf", "NaN", "0x10", "1e9", "(1)", "-(1)", "1d", "1.2.3", "a",
    ]);
    let selector = (name, matchers).prop_map(|(name, matchers)| {
        let matchers: Vec<_> = matchers.into_iter().map(|(a, b, c)| format!("{a}{b}{c}")).collect();
        format!("{name}{{{}}}", matchers.join(","))
    });
    let word = one_of(&[
        "m",
        "n:x",
        "{",
        "}",
        "(",
        ")",
        "\"a\"",
        "=",
        "=~",
        ",",
        "a",
        "1",
        "-",
        "Inf",
        "bool",
        ">",
        "==",
        "sum",
        "by",
        "and",
        "or",
        "on",
        "ignoring",
        "(a)",
        "(m)",
        "group_left",
        "+",
        "/",
        "^",
    ]);
    prop_oneof![
        3 => (selector.clone(), comparison, number).prop_map(|(s, c, n)| format!("{s} {c} {n}")),
        1 => selector,
        1 => prop::collection::vec(word, 1..7).prop_map(|words| words.join(" ")),
    ]
}

#[test]
fn nothing_loads_that_promtool_refuses() {
    let directory = tempfile::tempdir().unwrap();
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let random = (0..400).map(|_| expression().new_tree(&mut runner).unwrap().current());
    let expressions: Vec<String> = ODD.into_iter().map(str::to_owned).chain(random).collect();
    let cases: Vec<_> = expressions
        .iter()
        .enumerate()
        .map(|(number, expr)| {
            let path = directory.path().join(format!("{number:04}.yml"));
            let text = format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: |-\n      {expr}\n");
            fs::write(&path, text).unwrap();
            (expr, path)
        })
        .collect();
    let output = Command::new("promtool")
        .args(["check", "rules", "--lint=none"])
        .args(cases.iter().map(|(_, path)| path))
        .output()
        .expect("promtool is needed: apt-get install -y prometheus");
    let complaints = String::from_utf8_lossy(&output.stderr);
    let mut both = [0, 0];
    for (expr, path) in cases {
        let refused_there = complaints.contains(path.to_str().unwrap());
        let here = AlertManager::builder().rules_file(&path);
        // The only thing that a file may have of version 3.
        let quoted = Expression::parse(expr, Compat::V2_42)
            .is_err_and(|why| why.to_string().contains("a name in quotes is one of version 3"));
        if refused_there {
            assert!(here.is_err() || quoted, "loads: {expr}");
        }
        if refused_there == here.is_err() {
            both[usize::from(refused_there)] += 1;
        }
    }
    assert!(both.iter().all(|cases| *cases > 50), "accepted and refused by both: {both:?}");
}
