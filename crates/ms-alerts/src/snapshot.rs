//! What is shown of the rules, as it was after an evaluation: readers never wait for one that runs.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::{Alert, RuleKind, RuleStatus};
use crate::group::{About, Failure, Group, Rule, Threshold, What};
use crate::state::State;

#[derive(Debug, Clone, Default)]
pub(crate) struct Snapshot {
    pub(crate) groups: Vec<GroupView>,
}

#[derive(Debug, Clone)]
pub(crate) struct GroupView {
    pub(crate) about: Arc<About>,
    pub(crate) rules: Vec<RuleView>,
}

#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "told over HTTP alone"))]
pub(crate) struct RuleView {
    pub(crate) about: Arc<RuleAbout>,
    pub(crate) state: State,
    pub(crate) error: Option<Failure>,
    /// When it was evaluated last, and how long that took.
    pub(crate) evaluated: Option<(Timestamp, Duration)>,
    /// Those that are pending or firing, sorted by their labels.
    pub(crate) alerts: Vec<Alert>,
}

/// What is known of a rule from the beginning.
#[derive(Debug)]
#[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "told over HTTP alone"))]
pub(crate) struct RuleAbout {
    pub(crate) name: String,
    pub(crate) kind: RuleKind,
    pub(crate) expression: String,
    pub(crate) hold: Duration,
    pub(crate) keep_firing: Duration,
    /// As they were written.
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) annotations: Vec<(String, String)>,
}

impl Snapshot {
    pub(crate) fn of(groups: &[Group]) -> Self {
        let view = |group: &Group| GroupView {
            about: Arc::clone(&group.about),
            rules: group.rules.iter().map(|rule| rule.view()).collect(),
        };
        Self { groups: groups.iter().map(view).collect() }
    }

    /// Adds a rule made in code.
    pub(crate) fn add_own(&mut self, rule: RuleView) {
        if let Some(own) = self.groups.first_mut() {
            own.rules.push(rule);
        }
    }

    fn rules_of_groups(&self) -> impl Iterator<Item = (&GroupView, &RuleView)> {
        self.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)))
    }

    pub(crate) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.rules_of_groups().flat_map(|(_, rule)| &rule.alerts)
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = RuleStatus> {
        self.rules_of_groups().map(|(group, rule)| RuleStatus {
            name: rule.about.name.clone(),
            group: group.about.name.clone(),
            kind: rule.about.kind,
            state: rule.state,
            error: rule.error.map(|failure| failure.to_string()),
        })
    }
}

impl RuleAbout {
    pub(crate) fn of(rule: &Rule) -> Self {
        let (kind, expression) = match &rule.what {
            What::Threshold(Threshold { metric, condition, threshold, range, .. }) => {
                let judged = range.map_or_else(|| metric.clone(), |range| range.text(metric));
                (RuleKind::Alerting, format!("{judged} {} {threshold}", condition.sign()))
            }
            #[cfg(feature = "rules")]
            What::Promql(query) => (RuleKind::Alerting, query.text().to_owned()),
            #[cfg(feature = "rules")]
            What::Record(query) => (RuleKind::Recording, query.text().to_owned()),
        };
        let texts = |texts: &[(String, crate::template::Template)]| {
            texts.iter().map(|(name, text)| (name.clone(), text.source().to_owned())).collect()
        };
        Self {
            name: rule.name.clone(),
            kind,
            expression,
            hold: rule.timing.hold,
            keep_firing: rule.timing.keep_firing,
            labels: texts(&rule.labels),
            annotations: texts(&rule.annotations),
        }
    }
}
