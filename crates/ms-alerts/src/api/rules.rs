//! The rules, by group.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::Shown;
use super::filter::Filter;
use crate::alert::RuleKind;
use crate::snapshot::{GroupView, RuleView, Snapshot};
use crate::state::State;

/// What Prometheus shows of what was not evaluated yet.
const NEVER: &str = "0001-01-01T00:00:00Z";

#[derive(Serialize)]
pub(super) struct Rules<'a> {
    groups: Vec<Group<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group<'a> {
    name: &'a str,
    file: &'a str,
    rules: Vec<Rule<'a>>,
    /// Durations are in seconds.
    interval: f64,
    limit: usize,
    evaluation_time: f64,
    last_evaluation: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Rule<'a> {
    Alerting(Alerting<'a>),
    Recording(Recording<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alerting<'a> {
    state: &'static str,
    name: &'a str,
    query: &'a str,
    duration: f64,
    keep_firing_for: f64,
    labels: BTreeMap<&'a str, &'a str>,
    annotations: BTreeMap<&'a str, &'a str>,
    alerts: Vec<Shown<'a>>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    evaluation_time: f64,
    last_evaluation: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recording<'a> {
    name: &'a str,
    query: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'a str, &'a str>,
    health: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    evaluation_time: f64,
    last_evaluation: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> Rules<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, filter: &Filter) -> Self {
        let groups = snapshot.groups.iter().filter(|group| {
            let about = &group.about;
            // The group of the rules made in code is there if there are any.
            let is_empty = group.rules.is_empty() && about.file.is_empty();
            !is_empty && filter.takes_group(&about.name, &about.file)
        });
        let groups = groups.map(|group| Group::of(group, filter));
        Self { groups: groups.filter(|group| filter.shows_empty() || !group.rules.is_empty()).collect() }
    }
}

impl<'a> Group<'a> {
    fn of(group: &'a GroupView, filter: &Filter) -> Self {
        let about = &group.about;
        let rules = group.rules.iter().filter(|rule| filter.takes_rule(&rule.about.name, rule.about.kind));
        let evaluated = group.rules.iter().filter_map(|rule| rule.evaluated);
        Self {
            name: &about.name,
            file: &about.file,
            rules: rules.map(|rule| Rule::of(rule, filter)).collect(),
            interval: about.interval.unwrap_or_default().as_secs_f64(),
            limit: about.limit,
            evaluation_time: evaluated.clone().map(|(_, took)| took).sum::<Duration>().as_secs_f64(),
            last_evaluation: shown(evaluated.map(|(at, _)| at).max()),
        }
    }
}

impl<'a> Rule<'a> {
    fn of(rule: &'a RuleView, filter: &Filter) -> Self {
        let about = &*rule.about;
        let health = match (rule.error, rule.evaluated) {
            (Some(_), _) => "err",
            (None, Some(_)) => "ok",
            (None, None) => "unknown",
        };
        let last_error = rule.error.map(|failure| failure.to_string());
        let evaluation_time = rule.evaluated.map_or(0.0, |(_, took)| took.as_secs_f64());
        let last_evaluation = shown(rule.evaluated.map(|(at, _)| at));
        let (name, query, labels) = (&*about.name, &*about.expression, texts(&about.labels));
        match about.kind {
            RuleKind::Alerting => Self::Alerting(Alerting {
                state: state(rule),
                name,
                query,
                duration: about.hold.as_secs_f64(),
                keep_firing_for: about.keep_firing.as_secs_f64(),
                labels,
                annotations: texts(&about.annotations),
                alerts: rule.alerts.iter().filter(|_| !filter.exclude_alerts).map(Shown::of).collect(),
                health,
                last_error,
                evaluation_time,
                last_evaluation,
                kind: "alerting",
            }),
            RuleKind::Recording => Self::Recording(Recording {
                name,
                query,
                labels,
                health,
                last_error,
                evaluation_time,
                last_evaluation,
                kind: "recording",
            }),
        }
    }
}

/// Of the states that Prometheus knows.
fn state(rule: &RuleView) -> &'static str {
    match rule.state {
        State::Firing => "firing",
        State::Pending => "pending",
        State::Inactive | State::Resolved | State::NoData => "inactive",
    }
}

fn shown(at: Option<Timestamp>) -> String {
    at.map_or_else(|| NEVER.to_owned(), |at| at.to_string())
}

fn texts(texts: &[(String, String)]) -> BTreeMap<&str, &str> {
    texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}
