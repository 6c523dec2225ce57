//! Prometheus's own tests of its engine, each folder in the semantics of its version.

mod scope;
mod script;

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use ms_alerts::{Answer, Compat, Expression, ExpressionError, Labels, SeriesStore};
use script::{Command, Evaluation, Expected, Sample, Series, Values, When};

use super::{data, files};

/// What else is refused by name, a line each: version, words of the refusal, why.
const REFUSED: &str = include_str!("refused.txt");
/// As Prometheus's own runner allows.
const EPSILON: f64 = 1e-6;

#[derive(Default)]
struct Account {
    right: usize,
    /// By why they are out of scope.
    other: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, Vec<String>>,
    wrong: Vec<String>,
}

#[test]
fn scripts_of_both_versions_give_what_they_say() {
    for (folder, compat) in [("v2.42", Compat::V2_42), ("v3", Compat::V3)] {
        let mut account = Account::default();
        for (name, path) in files(&data("promqltest")) {
            if !name.starts_with(folder) || !name.ends_with(".test") {
                continue;
            }
            run(&name, &fs::read_to_string(path).unwrap(), compat, folder, &mut account);
        }
        let refused: usize = account.refused.values().map(Vec::len).sum();
        let floats = account.right + refused + account.wrong.len();
        let others: usize = account.other.values().sum();
        println!("{folder}: {} right, {refused} refused, {others} out of scope", account.right);
        account.other.iter().for_each(|(why, count)| println!("  {count} out of scope: {why}"));
        for (why, which) in &account.refused {
            which.iter().for_each(|which| println!("  {why}: {which}"));
        }
        assert!(account.wrong.is_empty(), "{} wrong:\n{}", account.wrong.len(), account.wrong.join("\n"));
        assert!(account.right > 0 && refused * 100 <= floats * 3, "{refused} of {floats} refused");
    }
}

fn run(name: &str, text: &str, compat: Compat, folder: &str, account: &mut Account) {
    let mut store = SeriesStore::new();
    let mut others: Vec<String> = Vec::new();
    for command in script::parse(text) {
        match command {
            Command::Clear => (store, others) = (SeriesStore::new(), Vec::new()),
            Command::Load { step, series } => {
                for (labels, values) in series {
                    match values {
                        Values::Floats(samples) => load(&mut store, &labels, step, &samples),
                        Values::Other => others.push(labels.get("__name__").cloned().unwrap_or_default()),
                    }
                }
            }
            Command::Evaluate(evaluation) => {
                let what = format!("{name}:{}: {}", evaluation.line, evaluation.expression);
                let scope = scope::of(&evaluation, &others, compat);
                judge(&what, outcome(&store, &evaluation, compat), scope, folder, account);
            }
        }
    }
}

enum Outcome {
    Right,
    Refused(String),
    Wrong(String),
}

fn judge(what: &str, outcome: Outcome, scope: Option<&'static str>, folder: &str, account: &mut Account) {
    if let Some(scope) = scope {
        *account.other.entry(scope).or_default() += 1;
        return;
    }
    match outcome {
        Outcome::Right => account.right += 1,
        Outcome::Refused(why) => match listed(folder, &why) {
            Some(known) => account.refused.entry(known).or_default().push(format!("{what}: {why}")),
            None => account.wrong.push(format!("{what}: refused, and not on the list: {why}")),
        },
        Outcome::Wrong(why) => account.wrong.push(format!("{what}: {why}")),
    }
}

/// Finds a refusal on the list.
fn listed(folder: &str, why: &str) -> Option<String> {
    let lines = REFUSED.lines().filter(|line| !line.starts_with('#'));
    let mut entries = lines.map(|line| line.split(" | ").collect::<Vec<_>>());
    let entry = entries.find(|entry| entry[0] == folder && why.contains(entry[1]))?;
    Some(format!("{}: {}", entry[1], entry[2]))
}

fn load(store: &mut SeriesStore, labels: &Series, step: i64, samples: &[Sample]) {
    let labels: Labels = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (count, sample) in samples.iter().enumerate() {
        let at = moment(count as i64 * step);
        match sample {
            Sample::Missing => {}
            Sample::Stale => store.end(&labels, at),
            Sample::Value(value) => store.push(&labels, at, *value),
        }
    }
}

fn moment(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap()
}

fn outcome(store: &SeriesStore, evaluation: &Evaluation, compat: Compat) -> Outcome {
    let expression = match Expression::parse(&evaluation.expression, compat) {
        Ok(expression) => expression,
        Err(_) if evaluation.fails => return Outcome::Right,
        Err(ExpressionError::Refused { message, .. }) => return Outcome::Refused(message),
        Err(error) => return Outcome::Wrong(error.to_string()),
    };
    let ours = match evaluation.when {
        When::Instant(at) => match expression.evaluate(store, moment(at)) {
            Ok(Answer::Scalar(number)) => match evaluation.expected {
                Expected::Scalar(expected) if !evaluation.fails && same(number, expected) => {
                    return Outcome::Right;
                }
                _ => return Outcome::Wrong(format!("{number}, not {:?}", evaluation.expected)),
            },
            Ok(Answer::Vector(vector)) => {
                let line = |element: ms_alerts::Element| (series(&element.labels), vec![Some(element.value)]);
                Ok(vector.into_iter().map(line).collect())
            }
            Ok(other) => return Outcome::Wrong(format!("{other:?}")),
            Err(error) => Err(error),
        },
        When::Range { start, end, step } => {
            let length = std::time::Duration::from_millis(step as u64);
            let lines = expression.evaluate_range(store, moment(start), moment(end), length);
            lines.map(|lines| {
                let values = |points: Vec<(Timestamp, f64)>| {
                    let find = |at: i64| {
                        let at = moment(start + at * step);
                        points.iter().find(|(moment, _)| *moment == at).map(|(_, value)| *value)
                    };
                    (0..=(end - start) / step).map(find).collect::<Vec<_>>()
                };
                lines.into_iter().map(|line| (series(&line.labels), values(line.points))).collect::<Vec<_>>()
            })
        }
    };
    let ours = match ours {
        Ok(_) if evaluation.fails => return Outcome::Wrong("it does not fail".to_owned()),
        Ok(ours) => ours,
        Err(_) if evaluation.fails => return Outcome::Right,
        Err(error) => return Outcome::Wrong(error.to_string()),
    };
    let Expected::Series(expected) = &evaluation.expected else {
        return Outcome::Wrong(format!("{ours:?}, not {:?}", evaluation.expected));
    };
    compare(evaluation, ours, expected)
}

type Line = (Series, Vec<Option<f64>>);

fn compare(evaluation: &Evaluation, ours: Vec<Line>, expected: &[(Series, Values)]) -> Outcome {
    let mut theirs = Vec::new();
    for (labels, values) in expected {
        let Values::Floats(samples) = values else {
            return Outcome::Refused("histogram is not supported".to_owned());
        };
        let value = |sample: &Sample| match sample {
            Sample::Value(value) => Some(*value),
            Sample::Missing | Sample::Stale => None,
        };
        theirs.push((labels.clone(), samples.iter().map(value).collect::<Vec<_>>()));
    }
    let (mut sorted, mut expected) = (ours.clone(), theirs);
    if !evaluation.ordered {
        sorted.sort_by(|one, other| one.0.cmp(&other.0));
        expected.sort_by(|one, other| one.0.cmp(&other.0));
    }
    let fits = |one: &Line, other: &Line| {
        let length = one.1.len().max(other.1.len());
        let at = |line: &Line, place: usize| line.1.get(place).copied().flatten();
        one.0 == other.0
            && (0..length).all(|place| match (at(one, place), at(other, place)) {
                (Some(one), Some(other)) => same(one, other),
                (None, None) => true,
                _ => false,
            })
    };
    if sorted.len() == expected.len() && sorted.iter().zip(&expected).all(|(one, other)| fits(one, other)) {
        return Outcome::Right;
    }
    Outcome::Wrong(format!("\n  ours:   {sorted:?}\n  theirs: {expected:?}"))
}

fn series(labels: &Labels) -> Series {
    labels.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn same(one: f64, other: f64) -> bool {
    one == other
        || one.is_nan() && other.is_nan()
        || (one - other).abs() <= EPSILON * (one.abs() + other.abs())
        || one.abs() < f64::MIN_POSITIVE && other.abs() < f64::MIN_POSITIVE
}
