//! One test: series over time, what the rules make of them, and what is expected.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Setting;
use super::expect::{alerts_at, expression};
use super::file::{Input, Test};
use super::report::RuleTestFailure;
use crate::group::{Failure, Group};
use crate::labels::Labels;
use crate::promql::notation::{self, Step};
use crate::promql::{Dialect, Refused};
use crate::rules_file::{RuleProblem, RuleSet};
use crate::samples::{Clash, History, Samples};
use crate::state::Now;
use crate::tracked::View;
use crate::unseen::Unseen;

/// So that a test of years in milliseconds ends.
const MOST_EVALUATIONS: i64 = 10_000_000;

/// Runs a test; the first rule that fails ends it, as with promtool.
pub(super) fn run(test: &Test, setting: &Setting<'_>) -> Result<Vec<RuleTestFailure>, RuleTestFailure> {
    let mut loader = Loader::new(test, setting)?;
    let mut groups = RuleSet::read(setting.origins).map_err(|source| RuleTestFailure::Rules { source })?;
    // Which goes first of those that are not in the order is not said.
    groups.sort_by_key(|group| setting.file.order.get(&group.about.name).copied().unwrap_or(0));
    if let Some(unnamed) = test.alerts.iter().find(|alert| alert.name.is_empty()) {
        return Err(refused(unnamed.line, "an item of `alert_rule_test` needs an `alertname`".to_owned()));
    }
    let interval = setting.file.interval;
    let moments = test.alerts.iter().map(|alert| alert.at);
    let last = moments.chain(test.expressions.iter().map(|expression| expression.at)).max().unwrap_or(0);
    if last / interval >= MOST_EVALUATIONS {
        return Err(refused(1, format!("more than {MOST_EVALUATIONS} evaluations are not supported")));
    }
    let dialect = Dialect::new(setting.compat, Duration::from_millis(interval.unsigned_abs()));
    let (mut history, begun) = (History::whole(), Instant::now());
    let mut failures = Vec::new();
    for since in (0..=last / interval).map(|count| count * interval) {
        let at = test.start.saturating_add(since);
        loader.load(at, &mut history);
        history.set_now(at);
        let passed = Duration::from_millis(since.unsigned_abs());
        let now = Now {
            at: begun.checked_add(passed).unwrap_or(begun),
            wall: Timestamp::from_millisecond(at)
                .map_err(|_| refused(1, "a moment is beyond the year 9999".to_owned()))?,
        };
        let failed = evaluate(&mut groups, &mut history, test, now, dialect);
        if !failed.is_empty() {
            failures.extend(failed.into_iter().map(|(rule, message)| RuleTestFailure::Rule {
                test: test.name.clone(),
                rule,
                at: passed,
                message,
            }));
            return Ok(failures);
        }
        // An alert between two evaluations is as the one before left it.
        failures.extend(alerts_at(test, since..since.saturating_add(interval), &groups));
    }
    let asked = |expected| expression(test, expected, &history, setting, dialect);
    failures.extend(test.expressions.iter().filter_map(asked));
    Ok(failures)
}

/// Evaluates all rules; gives those that failed, and why.
fn evaluate(
    groups: &mut [Group],
    history: &mut History,
    test: &Test,
    now: Now,
    dialect: Dialect,
) -> Vec<(String, String)> {
    let mut failed = Vec::new();
    let (none, unseen) = (Samples::default(), Unseen::default());
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        let view = View { samples: &none, external: &test.external, history, dialect, unseen: &unseen };
        let (_, failure) = rule.evaluate(&view, now);
        rule.write(history);
        let clash = history.take_clash().map(|clash| match clash {
            Clash::SameMoment => "another value of what it writes is there at the same moment".to_owned(),
            Clash::Behind => "what it writes is older than what is there".to_owned(),
        });
        let why = failure.as_ref().map(Failure::to_string).or(clash);
        failed.extend(why.map(|why| (rule.name().to_owned(), why)));
    }
    failed
}

pub(super) fn refused(line: u64, message: String) -> RuleTestFailure {
    RuleTestFailure::Refused { problems: vec![RuleProblem::new(line, 1, None, message)] }
}

/// Series whose values are known when their moment has come.
struct Loader {
    /// The values that are still to come, the first of them last, with the moment of the first.
    series: BTreeMap<Labels, Vec<(i64, Option<f64>)>>,
}

impl Loader {
    fn new(test: &Test, setting: &Setting<'_>) -> Result<Self, RuleTestFailure> {
        let mut series = BTreeMap::new();
        for (line, text) in lines(&test.series) {
            let wrong = |found: Refused| {
                let column = text.get(..found.at).map_or(0, |before| before.chars().count()) + 1;
                refused(line, format!("series: {column}: {}", found.message))
            };
            let (labels, steps) = notation::series(text, setting.compat).map_err(wrong)?;
            let labels: Labels = labels.into_iter().collect();
            if labels.is_empty() {
                return Err(refused(line, "a series needs a label".to_owned()));
            }
            let value = |(count, step): (usize, Step)| {
                let since = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(test.step);
                let at = test.start.saturating_add(since);
                match step {
                    Step::Missing => None,
                    Step::Stale => Some((at, None)),
                    Step::Value(value) => Some((at, Some(value))),
                }
            };
            let mut values: Vec<_> = steps.into_iter().enumerate().filter_map(value).collect();
            // Of several at one moment the first counts.
            values.dedup_by_key(|(at, _)| *at);
            values.reverse();
            // Of two series with the same labels, the later replaces the other.
            series.insert(labels, values);
        }
        Ok(Self { series })
    }

    /// Hands over what there is up to a moment.
    fn load(&mut self, until: i64, history: &mut History) {
        for (labels, values) in &mut self.series {
            while let Some((at, value)) = values.pop_if(|(at, _)| *at <= until) {
                history.insert(labels, at, value);
            }
        }
    }
}

/// The lines of all series and values, up to the first that is empty: there promtool ends reading.
fn lines(series: &[Input]) -> impl Iterator<Item = (u64, &str)> {
    let lines =
        series.iter().flat_map(|input| input.text.split('\n').map(move |text| (input.line, text.trim())));
    lines.take_while(|(_, text)| !text.is_empty() && !text.starts_with('#'))
}
