//! What is sent: one change of one alert, or the alerts of a group.

mod group;
#[cfg(feature = "webhook")]
mod limits;

use std::sync::Arc;

use crate::alert::Alert;
use crate::fingerprint::Fnv;
use crate::identity::Identity;
use crate::labels::Labels;
use crate::state::State;
use group::Group;

/// Alerts that fired or were resolved: one, or those of a group where alerts are routed.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    about: About,
    group_key: Arc<str>,
    external_url: Arc<str>,
    key: Key,
    id: String,
}

#[derive(Debug, Clone, PartialEq)]
enum About {
    /// A group of its own, by all of its labels.
    Alert(Alert),
    Group(Box<Group>),
}

/// What a notification is about; of two about the same the later one is the newer state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Alert { rule: Arc<Identity>, labels: Labels },
    Group { receiver: Arc<str>, group: Arc<str> },
}

/// A group of alerts that a receiver is told of together.
#[derive(Debug, Clone)]
pub(crate) struct Grouped {
    pub(crate) receiver: Arc<str>,
    /// The route and the labels that make the group, as text.
    pub(crate) key: Arc<str>,
    /// The labels that make the group.
    pub(crate) labels: Labels,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) external_url: Arc<str>,
    /// Tells apart two notifications about the same alerts in the same states, such as a reminder from what it reminds of.
    pub(crate) occasion: u64,
}

impl Notification {
    /// An alert that nobody routes.
    pub(crate) fn new(alert: Alert, rule: Arc<Identity>, external_url: Arc<str>) -> Self {
        let fingerprint = alert.labels.fingerprint();
        let id = Self::id_of(&alert, &rule);
        let key = Key::Alert { rule, labels: alert.labels.clone() };
        let group_key = format!("{{}}:{fingerprint}").into();
        Self { about: About::Alert(alert), group_key, external_url, key, id }
    }

    /// The id of the change of an alert that nobody routes.
    pub(crate) fn id_of(alert: &Alert, rule: &Identity) -> String {
        format!("{}-{:016x}", alert.labels.fingerprint(), change_of(alert, rule))
    }

    /// The alerts of a group, in the order in which Alertmanager sends them; `None` if there are none.
    pub(crate) fn group(grouped: Grouped) -> Option<Self> {
        let Grouped { receiver, key, labels, alerts, external_url, occasion } = grouped;
        let group = Group::new(Arc::clone(&receiver), labels, alerts)?;
        let mut whose = Fnv::default();
        whose.text(&receiver).text(&key);
        let id = format!("{:016x}-{:016x}", whose.finish(), group.content(occasion));
        let group_key = Arc::clone(&key);
        let key = Key::Group { receiver, group: key };
        Some(Self { about: About::Group(Box::new(group)), group_key, external_url, key, id })
    }

    /// Gives the first of the alerts, as it was at the change: the only one where alerts are not routed.
    pub fn alert(&self) -> &Alert {
        match &self.about {
            About::Alert(alert) => alert,
            About::Group(group) => &group.first,
        }
    }

    /// Gives the alerts that are sent; at least one. In a group they stand in Alertmanager's order: by `job`, `instance`
    /// and the other labels.
    pub fn alerts(&self) -> &[Alert] {
        match &self.about {
            About::Alert(alert) => std::slice::from_ref(alert),
            About::Group(group) => &group.alerts,
        }
    }

    /// Gives how many alerts of the group were left out, behind those of [`alerts`](Self::alerts).
    pub fn truncated(&self) -> u64 {
        match &self.about {
            About::Alert(_) => 0,
            About::Group(group) => group.truncated,
        }
    }

    /// Names the receiver that the route of the alerts leads to; empty where alerts are not routed.
    pub fn receiver(&self) -> &str {
        match &self.about {
            About::Alert(_) => "",
            About::Group(group) => &group.receiver,
        }
    }

    /// Gives the text that identifies the group, the same in each notification about it.
    pub fn group_key(&self) -> &str {
        &self.group_key
    }

    /// Gives the labels by which the alerts are grouped; an alert that is not routed is a group of its own, by all of its
    /// labels.
    pub fn group_labels(&self) -> &Labels {
        match &self.about {
            About::Alert(alert) => &alert.labels,
            About::Group(group) => &group.labels,
        }
    }

    /// Gives the labels that are the same in all of [`alerts`](Self::alerts).
    pub fn common_labels(&self) -> &Labels {
        match &self.about {
            About::Alert(alert) => &alert.labels,
            About::Group(group) => &group.common_labels,
        }
    }

    /// Gives the annotations that are the same in all of [`alerts`](Self::alerts).
    pub fn common_annotations(&self) -> &Labels {
        match &self.about {
            About::Alert(alert) => &alert.annotations,
            About::Group(group) => &group.common_annotations,
        }
    }

    /// Gives where people reach the service that sends it, as
    /// [`external_url`](crate::AlertManagerBuilder::external_url) says.
    pub fn external_url(&self) -> &str {
        &self.external_url
    }

    /// Gives the identity of this change: the same whenever and wherever it is sent again, also behind a reload of the rules.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Tells whether all the alerts were resolved; otherwise at least one fires.
    pub fn is_resolved(&self) -> bool {
        self.alerts().iter().all(|alert| alert.state == State::Resolved)
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }
}

/// What tells the changes of alerts with the same labels apart: rule, time of firing, kind.
fn change_of(alert: &Alert, rule: &Identity) -> u64 {
    let mut change = Fnv::default();
    rule.hash_into(&mut change);
    hash_state(alert, &mut change);
    change.finish()
}

fn hash_state(alert: &Alert, hash: &mut Fnv) {
    let fired = alert.fired_at.unwrap_or(alert.active_at).as_nanosecond();
    hash.text(&fired.to_string()).text(alert.state.as_str());
}

#[cfg(test)]
#[path = "notification/tests.rs"]
mod tests;
