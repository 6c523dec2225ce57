//! Series that the selectors of an expression find, and some that they just do not.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use fastrand::Rng;
use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{Expr, LabelModifier, Offset, VectorSelector};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Which label sets of a rule there are: those of two selectors have as much in common as they can.
const PROFILES: usize = 4;
const BOUNDS: [&str; 4] = ["0.1", "1", "10", "+Inf"];

pub(super) struct Series {
    /// The metric's name among them.
    pub(super) labels: BTreeMap<String, String>,
    /// Milliseconds since 1970, and values.
    pub(super) points: Vec<(i64, f64)>,
}

impl Series {
    pub(super) fn write(&self, text: &mut String) {
        let others = self.labels.iter().filter(|(name, _)| *name != "__name__");
        let others: Vec<String> = others.map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        for (at, value) in &self.points {
            let name = &self.labels["__name__"];
            writeln!(text, "{name}{{{}}} {value} {}.{:03}", others.join(","), at / 1000, at % 1000).unwrap();
        }
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// A selector, and how far before the moment it looks, in milliseconds.
pub(super) struct Selector {
    name: Option<String>,
    matchers: Vec<Matcher>,
    from: i64,
    to: i64,
}

/// Adds to each selector a matcher for the world; gives them as they were.
pub(super) fn selectors(tree: &mut Expr, world: &str) -> Vec<Selector> {
    let mut found = Vec::new();
    walk(tree, world, (0, 0), &mut found);
    found
}

fn walk(tree: &mut Expr, world: &str, (from, to): (i64, i64), found: &mut Vec<Selector>) {
    let mut add = |selector: &mut VectorSelector, range: i64| {
        let offset = offset(selector.offset.as_ref());
        found.push(Selector {
            name: selector.name.clone(),
            matchers: selector.matchers.matchers.clone(),
            from: from + range + offset,
            to: to + offset,
        });
        selector.matchers.matchers.push(Matcher::new(MatchOp::Equal, "world", world));
    };
    match tree {
        Expr::VectorSelector(selector) => add(selector, 0),
        Expr::MatrixSelector(matrix) => add(&mut matrix.vs, matrix.range.as_millis() as i64),
        Expr::Paren(inner) => walk(&mut inner.expr, world, (from, to), found),
        Expr::Unary(inner) => walk(&mut inner.expr, world, (from, to), found),
        Expr::Subquery(inner) => {
            let offset = offset(inner.offset.as_ref());
            let range = inner.range.as_millis() as i64;
            walk(&mut inner.expr, world, (from + range + offset, to + offset), found);
        }
        Expr::Aggregate(inner) => {
            walk(&mut inner.expr, world, (from, to), found);
            if let Some(argument) = &mut inner.param {
                walk(argument, world, (from, to), found);
            }
        }
        Expr::Binary(inner) => {
            walk(&mut inner.lhs, world, (from, to), found);
            walk(&mut inner.rhs, world, (from, to), found);
        }
        Expr::Call(call) => {
            call.args.args.iter_mut().for_each(|argument| walk(argument, world, (from, to), found));
        }
        _ => {}
    }
}

fn offset(offset: Option<&Offset>) -> i64 {
    match offset {
        None => 0,
        Some(Offset::Pos(offset)) => offset.as_millis() as i64,
        Some(Offset::Neg(offset)) => -(offset.as_millis() as i64),
    }
}

/// The labels by which an expression groups and matches, and the numbers in it.
fn words(tree: &Expr, labels: &mut BTreeSet<String>, numbers: &mut Vec<f64>) {
    let mut modifier = |modifier: &Option<LabelModifier>| {
        labels.extend(modifier.iter().flat_map(|modifier| modifier.labels().labels.clone()));
    };
    match tree {
        Expr::NumberLiteral(literal) => numbers.push(literal.val),
        Expr::Paren(inner) => words(&inner.expr, labels, numbers),
        Expr::Unary(inner) => words(&inner.expr, labels, numbers),
        Expr::Subquery(inner) => words(&inner.expr, labels, numbers),
        Expr::Aggregate(inner) => {
            modifier(&inner.modifier);
            words(&inner.expr, labels, numbers);
        }
        Expr::Binary(inner) => {
            if let Some(of_both) = &inner.modifier {
                modifier(&of_both.matching);
                labels.extend(of_both.card.labels().map(|taken| taken.labels.clone()).unwrap_or_default());
            }
            words(&inner.lhs, labels, numbers);
            words(&inner.rhs, labels, numbers);
        }
        Expr::Call(call) => call.args.args.iter().for_each(|argument| words(argument, labels, numbers)),
        _ => {}
    }
}

pub(super) fn make(
    tree: &Expr,
    selectors: &[Selector],
    world: &str,
    end: i64,
    generator: &mut Rng,
) -> Vec<Series> {
    let (mut labels, mut numbers) = (BTreeSet::new(), vec![0.0, 1.0, 0.5, 100.0]);
    words(tree, &mut labels, &mut numbers);
    labels.insert("instance".to_owned());
    let profiles: Vec<BTreeMap<String, String>> = (0..PROFILES)
        .map(|_| {
            let mut profile = BTreeMap::new();
            for label in labels.iter().filter(|label| !matches!(label.as_str(), "le" | "__name__")) {
                profile.insert(label.clone(), ["a", "b", "c"][generator.usize(0..3)].to_owned());
            }
            for matcher in selectors.iter().flat_map(|selector| &selector.matchers) {
                if matcher.name != "__name__" && !profile.contains_key(&matcher.name) || generator.f64() < 0.3
                {
                    let value = satisfying(matcher, generator);
                    profile.insert(matcher.name.clone(), value);
                }
            }
            profile.remove("__name__");
            profile
        })
        .collect();
    let mut made: BTreeMap<BTreeMap<String, String>, Vec<(i64, f64)>> = BTreeMap::new();
    for selector in selectors {
        for profile in &profiles {
            let mut labels = profile.clone();
            let is_found = generator.f64() < 0.9;
            for matcher in selector.matchers.iter().filter(|_| is_found) {
                let value = labels.get(&matcher.name).map_or("", String::as_str);
                if !matcher.is_match(value) {
                    labels.insert(matcher.name.clone(), satisfying(matcher, generator));
                }
            }
            if let Some(name) = &selector.name {
                labels.insert("__name__".to_owned(), name.clone());
            }
            labels.entry("__name__".to_owned()).or_insert_with(|| "any".to_owned());
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
            if !labels["__name__"].chars().all(is_name) {
                continue;
            }
            labels.insert("world".to_owned(), world.to_owned());
            labels.retain(|_, value| !value.is_empty());
            let name = labels["__name__"].clone();
            let is_bucket = name.ends_with("_bucket") && !labels.contains_key("le");
            let bounds: &[&str] = if is_bucket { &BOUNDS } else { &[""] };
            let mut total = vec![0.0; moments(selector, end).len()];
            for bound in bounds {
                let mut labels = labels.clone();
                if !bound.is_empty() {
                    labels.insert("le".to_owned(), (*bound).to_owned());
                }
                let mut values = values(&name, &numbers, &moments(selector, end), generator);
                if is_bucket {
                    values.iter_mut().zip(&mut total).for_each(|(value, below)| {
                        *value += *below;
                        *below = *value;
                    });
                }
                let points = moments(selector, end).into_iter().zip(values);
                let kept: Vec<_> = points.filter(|_| generator.f64() >= 0.05).collect();
                let known = made.entry(labels).or_default();
                let more = kept.into_iter().filter(|(at, _)| !known.iter().any(|(known, _)| known == at));
                let more: Vec<_> = more.collect();
                known.extend(more);
                known.sort_by_key(|(at, _)| *at);
            }
        }
    }
    made.into_iter().map(|(labels, points)| Series { labels, points }).collect()
}

/// Close together where a selector begins and ends to look, and a few between.
fn moments(selector: &Selector, end: i64) -> Vec<i64> {
    const STEP: i64 = 30_000;
    let (from, to) = (end - selector.from, end - selector.to);
    let mut moments = BTreeSet::new();
    for around in [from, to] {
        moments.extend((0..24).map(|count| around - 660_000 + count * STEP));
    }
    moments.extend((0..20).map(|part| from + (to - from) / 20 * part));
    moments.into_iter().map(|at| at.min(end) / 1000 * 1000 + 250).collect()
}

/// Around the numbers that an expression compares with; eighths, so that sums are exact.
fn values(name: &str, numbers: &[f64], moments: &[i64], generator: &mut Rng) -> Vec<f64> {
    let is_counter = ["_total", "_count", "_sum", "_bucket", "_errors", "_seconds_total"];
    let number = numbers[generator.usize(0..numbers.len())];
    let eighths = |value: f64| (value * 8.0).round() / 8.0;
    if is_counter.iter().any(|suffix| name.ends_with(suffix)) {
        let rate = [0.0, 1.0, number.abs().min(1e6), 60.0 * number.abs().min(1e6)][generator.usize(0..4)];
        let mut total = 0.0;
        return moments
            .iter()
            .map(|_| {
                total += eighths(rate * f64::from(generator.u8(0..4)) / 2.0);
                if generator.f64() < 0.03 {
                    total = 0.0;
                }
                total
            })
            .collect();
    }
    let is_time =
        ["time", "expir", "not_after", "created", "last_", "_start"].iter().any(|word| name.contains(word));
    if is_time && generator.f64() < 0.7 {
        let ago = [10.0, 100.0, 5000.0, number.abs()][generator.usize(0..4)];
        let sign = if generator.f64() < 0.3 { -1.0 } else { 1.0 };
        return moments.iter().map(|at| eighths(*at as f64 / 1000.0 - sign * ago)).collect();
    }
    let scale = [0.0, 0.5, 1.0, 2.0, 1.125][generator.usize(0..5)];
    let is_steady = generator.f64() < 0.5;
    moments
        .iter()
        .map(|_| {
            let more = if is_steady { 0.0 } else { f64::from(generator.i8(-8..9)) / 8.0 };
            if generator.f64() < 0.01 { f64::NAN } else { eighths(number * scale + more) }
        })
        .collect()
}

/// A value that a matcher takes; of a negative one, any that is not its own.
fn satisfying(matcher: &Matcher, generator: &mut Rng) -> String {
    match &matcher.op {
        MatchOp::Equal => matcher.value.clone(),
        MatchOp::NotEqual => ["x", "y"].into_iter().find(|value| *value != matcher.value).unwrap().to_owned(),
        MatchOp::Re(_) => {
            let pattern =
                matcher.value.replace(".*", "[a-z]{0,3}").replace(".+", "[a-z]{1,3}").replace(['^', '$'], "");
            let seed: Vec<u8> = std::iter::repeat_with(|| generator.u8(..)).take(32).collect();
            let source = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
            let mut runner = TestRunner::new_with_rng(Config::default(), source);
            let strategy = proptest::string::string_regex(&pattern).ok();
            let sampled = strategy.and_then(|strategy| strategy.new_tree(&mut runner).ok());
            // What cannot be made is left out; that too few have elements would be told.
            sampled.map(|tree| tree.current()).filter(|value| matcher.is_match(value)).unwrap_or_default()
        }
        MatchOp::NotRe(_) => ["x", "other", "z9", ""]
            .into_iter()
            .find(|value| matcher.is_match(value))
            // Of `.*` there is none.
            .unwrap_or_default()
            .to_owned(),
    }
}
