//! What is expected beside what there is.

use std::ops::Range;
use std::time::Duration;

use super::Setting;
use super::file::{AlertTest, ExpressionTest, Test};
use super::report::{FiringAlert, RuleTestFailure};
use crate::expression::Element;
use crate::group::Group;
use crate::labels::Labels;
use crate::promql::notation;
use crate::promql::{Dialect, Query, Result as Evaluated};
use crate::samples::History;
use crate::state::State;

/// Compares the alerts that fire with those that are expected within a span.
pub(super) fn alerts_at(test: &Test, span: Range<i64>, groups: &[Group]) -> Vec<RuleTestFailure> {
    let mut due: Vec<&AlertTest> = test.alerts.iter().filter(|alert| span.contains(&alert.at)).collect();
    due.sort_by_key(|alert| alert.at);
    due.into_iter().filter_map(|expected| alerts(test, expected, groups)).collect()
}

fn alerts(test: &Test, expected: &AlertTest, groups: &[Group]) -> Option<RuleTestFailure> {
    let rules = groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.name() == expected.name);
    let firing = rules.flat_map(|rule| rule.view().alerts).filter(|alert| alert.state == State::Firing);
    let firing = firing.map(|alert| FiringAlert { labels: alert.labels, annotations: alert.annotations });
    let wanted = expected.expected.iter().map(|(labels, annotations)| FiringAlert {
        labels: labels.clone(),
        annotations: annotations.clone(),
    });
    let (missing, unexpected) = differences(wanted.collect(), firing.collect(), FiringAlert::eq)?;
    Some(RuleTestFailure::Alerts {
        test: test.name.clone(),
        line: expected.line,
        alertname: expected.name.clone(),
        at: length(expected.at),
        missing,
        unexpected,
    })
}

/// Compares what an expression gives.
pub(super) fn expression(
    test: &Test,
    expected: &ExpressionTest,
    history: &History,
    setting: &Setting<'_>,
    dialect: Dialect,
) -> Option<RuleTestFailure> {
    let outcome = answer(test, expected, history, setting, dialect).and_then(|found| {
        let wanted = expected.expected.iter().map(|(metric, value)| {
            let named = notation::metric(metric, setting.compat)
                .map_err(|refused| format!("labels {metric:?}: {}", refused.message))?;
            Ok(Element { labels: Labels::of_texts(named), value: *value })
        });
        Ok((wanted.collect::<Result<Vec<_>, String>>()?, found))
    });
    let (line, at) = (expected.line, length(expected.at));
    let (test, expression) = (test.name.clone(), expected.expression.clone());
    let (wanted, found) = match outcome {
        Ok(both) => both,
        Err(message) => return Some(RuleTestFailure::Expression { test, line, expression, at, message }),
    };
    let same = |one: &Element, other: &Element| {
        one.labels == other.labels && is_same(one.value, other.value, setting.file.fuzzy)
    };
    let (missing, unexpected) = differences(wanted, found, same)?;
    Some(RuleTestFailure::Samples { test, line, expression, at, missing, unexpected })
}

fn answer(
    test: &Test,
    expected: &ExpressionTest,
    history: &History,
    setting: &Setting<'_>,
    dialect: Dialect,
) -> Result<Vec<Element>, String> {
    let query = Query::parse(&expected.expression, setting.compat)
        .map_err(|refused| format!("{}: {}", refused.at + 1, refused.message))?;
    let at = test.start.saturating_add(expected.at);
    match query.evaluate_at(history, at, (at, at), dialect).map_err(|error| error.to_string())? {
        Evaluated::Scalar(value) => Ok(vec![Element { labels: Labels::default(), value }]),
        Evaluated::Vector(vector) => Ok(vector.iter().map(Element::of).collect()),
    }
}

/// NaN is as nothing, as with promtool.
fn is_same(one: f64, other: f64, fuzzy: bool) -> bool {
    one == other || fuzzy && (one.next_down() == other || one.next_up() == other)
}

/// What only the one has, and what only the other; nothing if there is neither.
fn differences<T>(
    expected: Vec<T>,
    mut found: Vec<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Option<(Vec<T>, Vec<T>)> {
    let missing: Vec<T> = expected
        .into_iter()
        .filter(|wanted| {
            let place = found.iter().position(|found| same(wanted, found));
            place.map(|place| found.swap_remove(place)).is_none()
        })
        .collect();
    (!missing.is_empty() || !found.is_empty()).then_some((missing, found))
}

fn length(milliseconds: i64) -> Duration {
    Duration::from_millis(milliseconds.unsigned_abs())
}
