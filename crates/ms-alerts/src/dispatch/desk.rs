//! What one sink was told of one group, and what is on its way to it.

use std::sync::Arc;

use super::group::GroupId;
use super::log::{Alerts, Entry};
use crate::alert::Alert;
use crate::state::State;

/// One sink of a receiver and one group: a line of the notification log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) receiver: Arc<str>,
    /// Which of the receiver's sinks.
    pub(crate) sink: Arc<str>,
    pub(crate) group: Arc<str>,
}

#[derive(Default)]
pub(super) struct Desk {
    pub(super) told: Option<Entry>,
    pub(super) on_its_way: Option<Sent>,
    /// What is on its way is not all there is to tell.
    pub(super) outdated: bool,
    /// The group that was flushed last: those of two routes may share a line of the log.
    pub(super) group: Option<GroupId>,
}

pub(super) struct Sent {
    pub(super) id: String,
    pub(super) firing: Alerts,
}

impl Desk {
    pub(super) fn is_settled(&self) -> bool {
        self.on_its_way.is_none() && !self.outdated
    }

    /// Whether nothing is lost if news of these take the place of what is on its way: whoever is told of an end was told of
    /// the beginning.
    pub(super) fn is_covered_by(&self, firing: &Alerts) -> bool {
        let is_known = |alert: &u64| {
            firing.contains(alert) || self.told.as_ref().is_some_and(|told| told.firing.contains(alert))
        };
        self.on_its_way.as_ref().is_none_or(|sent| sent.firing.iter().all(is_known))
    }
}

/// Those that fire, and those that were resolved.
pub(super) fn split(alerts: &[Alert]) -> (Alerts, Alerts) {
    let of = |resolved: bool| {
        let these = alerts.iter().filter(|alert| (alert.state == State::Resolved) == resolved);
        these.map(|alert| alert.labels.fingerprint_bits()).collect()
    };
    (of(false), of(true))
}
