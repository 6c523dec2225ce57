//! Alerts that silence others while they fire.

use std::collections::HashMap;

use super::matcher::{Matcher, all_match};
use crate::labels::Labels;

/// One rule: alerts that `source` matches silence those that `target` does, where the labels named in `equal` agree.
#[derive(Debug)]
pub(super) struct Inhibition {
    pub(super) source: Vec<Matcher>,
    pub(super) target: Vec<Matcher>,
    pub(super) equal: Vec<String>,
}

impl Inhibition {
    pub(super) fn is_target(&self, labels: &Labels) -> bool {
        all_match(&self.target, labels)
    }

    fn equal_of(&self, labels: &Labels) -> Vec<String> {
        self.equal.iter().map(|name| labels.get(name).unwrap_or_default().to_owned()).collect()
    }

    /// Whether `firing` silences `target`, which is a target. Two alerts that are both source and target do not silence each
    /// other, and so none silences itself.
    pub(super) fn silences(&self, firing: &Labels, target: &Labels) -> bool {
        let both = || all_match(&self.source, target) && self.is_target(firing);
        all_match(&self.source, firing) && self.equal_of(firing) == self.equal_of(target) && !both()
    }
}

/// The alerts that fire, as each inhibition looks for them.
#[derive(Debug)]
pub(crate) struct Sources<'r>(Vec<Source<'r>>);

#[derive(Debug)]
struct Source<'r> {
    rule: &'r Inhibition,
    /// By the values of the labels that must be equal: whether one of the alerts is no target.
    alerts: HashMap<Vec<String>, bool>,
}

impl<'r> Sources<'r> {
    pub(super) fn of<'l>(rules: &'r [Inhibition], firing: impl Iterator<Item = &'l Labels> + Clone) -> Self {
        let source = |rule: &'r Inhibition| {
            let mut alerts = HashMap::new();
            for alert in firing.clone().filter(|alert| all_match(&rule.source, alert)) {
                *alerts.entry(rule.equal_of(alert)).or_default() |= !rule.is_target(alert);
            }
            Source { rule, alerts }
        };
        Self(rules.iter().map(source).collect())
    }

    /// The same answer as that of [`is_inhibited`](super::Routes::is_inhibited), in time that does not grow with the alerts.
    pub(crate) fn silence(&self, alert: &Labels) -> bool {
        self.0.iter().filter(|source| !source.alerts.is_empty() && source.rule.is_target(alert)).any(
            |source| {
                let found = source.alerts.get(&source.rule.equal_of(alert));
                found.is_some_and(|one_is_no_target| {
                    *one_is_no_target || !all_match(&source.rule.source, alert)
                })
            },
        )
    }
}
