//! Why an expression gives what it gives.

use jiff::Timestamp;
use ms_alerts::{Compat, Explanation, Expression, RuleKind, SeriesStore, explain_rules, parse_exposition};

const SAMPLES: &str = "\
up{job=\"api\",instance=\"a\"} 1\n\
up{job=\"api\",instance=\"b\"} 0\n\
up{job=\"web\",instance=\"a\"} 1\n\
limit{job=\"api\"} 2\n\
old 1 1000\n\
hits_total{path=\"/\"} 5\n\
hits_total{path=\"/b\"} 1 940000\n\
hits_total{path=\"/b\"} 9\n";

fn at() -> Timestamp {
    Timestamp::from_second(1000).unwrap()
}

fn store() -> SeriesStore {
    let mut store = SeriesStore::new();
    store.push_samples(&parse_exposition(SAMPLES).unwrap(), at());
    store
}

fn why(expression: &str) -> Explanation {
    Expression::parse(expression, Compat::V3).unwrap().explain(&store(), at())
}

/// All notes, those of the whole first.
fn notes(part: &Explanation) -> Vec<String> {
    part.notes.iter().cloned().chain(part.parts.iter().flat_map(notes)).collect()
}

#[test]
fn each_part_says_what_stands_out() {
    for (expression, expected) in [
        ("up", &[][..]),
        ("nothing > 0", &["no series is called `nothing`"]),
        ("up{job=\"db\"}", &["`job=\"db\"` matches none of 3 series of this name"]),
        (
            "up{job=\"web\",instance=~\"b|c\"}",
            &["each matcher takes some of 3 series of this name, but all of them take none"],
        ),
        ("old", &["1 of 1 series have no sample of the 5 minutes before, or have gone"]),
        ("up == 0", &["it holds for 1 of 3 elements"]),
        ("0 > up", &["it holds for 0 of 3 elements"]),
        (
            "up < on (job) group_left () limit",
            &[
                "no partner on the right for 1 of 3 elements on the left, such as {job=\"web\"}; there one is {job=\"api\"}",
            ],
        ),
        (
            "up and limit",
            &[
                "no partner on the right for 3 of 3 elements on the left, such as {instance=\"a\", job=\"api\"}; there one is {job=\"api\"}",
            ],
        ),
        ("up and nothing", &["its right side is empty", "no series is called `nothing`"]),
        ("up or nothing", &["no series is called `nothing`"]),
        ("up unless on (job) limit", &["2 of 3 elements on the left have a partner on the right, and go"]),
        ("up unless nothing", &["no series is called `nothing`"]),
        ("sum by (job) (up)", &["made of 3 elements"]),
        (
            "rate(hits_total[5m])",
            &[
                "1 of 2 series have too few samples for it",
                "2 of 2 series have samples in the range, 3 in all",
                "where there is only one, nothing can be said of how it changes",
            ],
        ),
        ("absent(up)", &["it is there, so nothing is absent"]),
        ("histogram_quantile(0.5, up)", &["no element is a bucket: none has a label `le`"]),
        ("max_over_time(up[5m:1m])", &["its part is shown as of the last moment"]),
    ] {
        assert_eq!(notes(&why(expression)), expected, "{expression}");
    }
}

#[test]
fn the_whole_is_answered_as_without_an_explanation() {
    for expression in [
        "up == 0",
        "sum(up) by (job) * 2",
        "-up",
        "1 + 1",
        "rate(hits_total[5m]) > 0",
        "vector(3)",
        "up * 1_000",
    ] {
        let explained = why(expression);
        let mut answer = Expression::parse(expression, Compat::V3).unwrap().evaluate(&store(), at()).unwrap();
        if let ms_alerts::Answer::Vector(vector) = &mut answer {
            vector.sort_by(|one, other| one.labels.cmp(&other.labels));
        }
        assert_eq!(explained.answer, Some(answer), "{expression}");
        assert!(explained.error.is_none());
    }
}

#[test]
fn a_part_that_fails_says_so_and_the_others_are_shown() {
    let explained = why("sum(up * on (job) limit) + 1");
    assert!(explained.error.is_some());
    let product = &explained.parts[0].parts[0];
    assert!(product.error.as_deref().is_some_and(|error| error.contains("group_left")), "{product:?}");
    assert_eq!(product.parts.iter().map(Explanation::elements).collect::<Vec<_>>(), [3, 1]);
}

#[test]
fn rules_of_a_file_are_explained_and_those_that_find_nothing_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    let text = "groups:\n- name: g\n  rules:\n  - {alert: Down, expr: up == 0, for: 5m}\n  - {alert: Blind, expr: nothing > limit}\n  \
                - {record: 'job:up', expr: sum by (job) (up)}\n  - {alert: Always, expr: vector(1)}\n  - {alert: None, expr: nothing}\n";
    std::fs::write(&file, text).unwrap();
    let rules = explain_rules(&file, &store(), at(), Compat::V2_42).unwrap();
    let shown: Vec<_> = rules
        .iter()
        .map(|rule| {
            (rule.name.as_str(), rule.kind, rule.explanation.elements(), rule.explanation.selects_nothing())
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("Down", RuleKind::Alerting, 1, false),
            ("Blind", RuleKind::Alerting, 0, false),
            ("job:up", RuleKind::Recording, 2, false),
            ("Always", RuleKind::Alerting, 1, false),
            ("None", RuleKind::Alerting, 0, true),
        ]
    );
    assert_eq!(rules[0].hold.as_secs(), 300);
    std::fs::write(&file, "groups: [{name: g, rules: [{alert: A, expr: up >}]}]").unwrap();
    assert!(explain_rules(&file, &store(), at(), Compat::V3).is_err());
}
