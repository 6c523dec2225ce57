//! The expressions of rules in use, over series that satisfy their selectors, beside a real Prometheus that has the same samples.

mod series;
#[path = "../../it/prometheus/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::Timestamp;
use ms_alerts::{Answer, Compat, Expression, Labels, SeriesStore};
use promql_parser::parser;
use serde_json::Value;
use server::Prometheus;

use super::{data, files};

/// When all rules are looked at: a few moments of the last minutes of the samples.
const END: i64 = 1_700_006_400_000;
const MOMENTS: [i64; 4] = [END, END - 37_000, END - 150_000, END - 299_000];

/// How often each rule has other series.
const ROUNDS: usize = 3;

struct Rule {
    name: String,
    expression: String,
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    for (file, path) in files(&data("rules/groups")) {
        let text = fs::read_to_string(&path).unwrap();
        let content: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        // Those of an operator stand one level deeper.
        let groups = content.get("groups").or_else(|| content["spec"].get("groups"));
        for group in groups.and_then(Value::as_array).into_iter().flatten() {
            for rule in group["rules"].as_array().into_iter().flatten() {
                let name = rule["alert"].as_str().or(rule["record"].as_str()).unwrap();
                let expression =
                    rule["expr"].as_str().map_or_else(|| rule["expr"].to_string(), str::to_owned);
                rules.push(Rule { name: format!("{file}: {name}"), expression });
            }
        }
    }
    rules
}

#[test]
fn rules_in_use_are_answered_as_by_prometheus() {
    let rules = rules();
    let mut generator = fastrand::Rng::with_seed(20_261_125);
    let (mut text, mut store) = (String::new(), SeriesStore::new());
    let mut loaded = Vec::new();
    for (number, rule) in rules.iter().enumerate() {
        if Expression::parse(&rule.expression, Compat::V2_42).is_err() {
            continue;
        }
        for round in 0..ROUNDS {
            let mut tree = parser::parse(&rule.expression).unwrap();
            // Each rule has its own series, in each round.
            let world = format!("{number}-{round}");
            let selectors = series::selectors(&mut tree, &world);
            for one in &series::make(&tree, &selectors, &world, END, &mut generator) {
                one.write(&mut text);
                let labels: Labels =
                    one.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                for (at, value) in &one.points {
                    store.push(&labels, Timestamp::from_millisecond(*at).unwrap(), *value);
                }
            }
            loaded.push((&rule.name, tree.to_string()));
        }
    }
    text += "# EOF\n";
    let folder = tempfile::tempdir().unwrap();
    let server = Prometheus::start(&text, folder.path());
    let (mut compared, mut answered, mut failed) = (0, BTreeSet::new(), BTreeSet::new());
    let mut differing = Vec::new();
    for (name, expression) in &loaded {
        let ours =
            Expression::parse(expression, Compat::V2_42).unwrap_or_else(|error| panic!("{name}: {error}"));
        for at in MOMENTS {
            compared += 1;
            let moment = Timestamp::from_millisecond(at).unwrap();
            match (ours.evaluate(&store, moment), server.evaluate(expression, at)) {
                (Ok(ours), Ok(theirs)) => {
                    let ours = by_labels(ours);
                    if !are_alike(&ours, &theirs) {
                        differing.push(format!(
                            "{name} at {at}: {expression}\n  ours   {ours:?}\n  theirs {theirs:?}"
                        ));
                    }
                    if !theirs.is_empty() {
                        answered.insert(name);
                    }
                }
                (Err(_), Err(_)) => drop(failed.insert(name)),
                (ours, theirs) => {
                    differing.push(format!(
                        "{name} at {at}: {expression}\n  ours   {ours:?}\n  theirs {theirs:?}"
                    ));
                }
            }
        }
    }
    println!(
        "{} rules, {} of them loaded; {compared} answers compared; {} rules have elements, {} are an error to both",
        rules.len(),
        loaded.len() / ROUNDS,
        answered.len(),
        failed.len(),
    );
    if !differing.is_empty() {
        let kept = folder.keep();
        panic!("{} differ, samples in {}:\n{}", differing.len(), kept.display(), differing.join("\n"));
    }
    assert!(
        !loaded.is_empty() && answered.len() * 10 * ROUNDS >= loaded.len() * 7,
        "too few answers have elements"
    );
}

fn by_labels(answer: Answer) -> BTreeMap<Labels, f64> {
    match answer {
        Answer::Scalar(number) => BTreeMap::from([(Labels::default(), number)]),
        Answer::Vector(vector) => vector.into_iter().map(|element| (element.labels, element.value)).collect(),
        other => panic!("{other:?}"),
    }
}

fn are_alike(ours: &BTreeMap<Labels, f64>, theirs: &BTreeMap<Labels, f64>) -> bool {
    let close = |one: f64, other: f64| {
        one == other
            || one.is_nan() && other.is_nan()
            || (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
    };
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(ours, theirs)| ours.0 == theirs.0 && close(*ours.1, *theirs.1))
}
