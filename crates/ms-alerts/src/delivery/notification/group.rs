//! Alerts that are told together.

use std::cmp::Ordering;
use std::sync::Arc;

use super::hash_state;
use crate::alert::Alert;
use crate::fingerprint::Fnv;
use crate::labels::Labels;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) receiver: Arc<str>,
    pub(super) labels: Labels,
    pub(super) common_labels: Labels,
    pub(super) common_annotations: Labels,
    /// Of `alerts`, which has at least one.
    pub(super) first: Alert,
    pub(super) alerts: Vec<Alert>,
    pub(super) truncated: u64,
}

impl Group {
    pub(super) fn new(receiver: Arc<str>, labels: Labels, mut alerts: Vec<Alert>) -> Option<Self> {
        alerts.sort_by(|one, other| order(&one.labels, &other.labels));
        let first = alerts.first()?.clone();
        let common_labels = common(alerts.iter().map(|alert| &alert.labels));
        let common_annotations = common(alerts.iter().map(|alert| &alert.annotations));
        Some(Self { receiver, labels, common_labels, common_annotations, first, alerts, truncated: 0 })
    }

    pub(super) fn forget_annotations(&mut self) {
        self.common_annotations = Labels::default();
        self.first.annotations = Labels::default();
        self.alerts.iter_mut().for_each(|alert| alert.annotations = Labels::default());
    }

    /// A number for these alerts in these states, on this occasion.
    pub(super) fn content(&self, occasion: u64) -> u64 {
        let mut content = Fnv::default();
        content.text(&occasion.to_string());
        for alert in &self.alerts {
            content.text(&alert.labels.fingerprint());
            hash_state(alert, &mut content);
        }
        content.finish()
    }
}

/// Alertmanager's: by `job`, then `instance`, those without one last; then the fewer labels first, then by name and value,
/// where of two names the one that sorts later comes first.
fn order(one: &Labels, other: &Labels) -> Ordering {
    for name in ["job", "instance"] {
        let by_name = match (one.get(name), other.get(name)) {
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
        if by_name.is_ne() {
            return by_name;
        }
    }
    let fewer = one.iter().count().cmp(&other.iter().count());
    let first_difference = one.iter().zip(other.iter()).map(|((name, value), (other_name, other_value))| {
        other_name.cmp(name).then_with(|| value.cmp(other_value))
    });
    fewer.then_with(|| first_difference.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
}

/// What all have alike.
fn common<'l>(mut sets: impl Iterator<Item = &'l Labels>) -> Labels {
    let Some(first) = sets.next() else { return Labels::default() };
    let mut common: Vec<(&str, &str)> = first.iter().collect();
    for set in sets {
        common.retain(|(name, value)| set.get(name) == Some(*value));
    }
    Labels::of_texts(common.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
