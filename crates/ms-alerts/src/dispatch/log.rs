//! What a receiver was told of a group and when, and whether it is to be told more: Alertmanager's notification log.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::state::Now;

/// Alerts by their fingerprints.
pub(crate) type Alerts = BTreeSet<u64>;

/// The last time that a receiver was told of a group.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) at: Now,
    /// What the receiver knows to fire.
    pub(crate) firing: Alerts,
    pub(crate) resolved: Alerts,
    /// What it did not take: told again with the next change, or when it is time for a reminder.
    pub(crate) refused: Alerts,
    /// How long the entry is of use.
    pub(crate) keep: Duration,
}

impl Entry {
    /// A notification was given up, so the receiver knows what it knew, less what has ended.
    pub(super) fn refused(
        before: Option<&Self>,
        firing: &Alerts,
        resolved: Alerts,
        at: Now,
        keep: Duration,
    ) -> Self {
        let known: Alerts =
            before.iter().flat_map(|before| before.firing.difference(&resolved)).copied().collect();
        let refused = firing.difference(&known).copied().collect();
        Self { at, firing: known, resolved, refused, keep }
    }

    pub(super) fn is_over(&self, now: Now) -> bool {
        now.at.saturating_duration_since(self.at.at) > self.keep
    }

    /// Tells it from other entries of its slot, also behind a restart.
    pub(super) fn occasion(&self) -> u64 {
        self.at.wall.as_microsecond() as u64
    }

    fn knows_all(&self, firing: &Alerts) -> bool {
        firing.iter().all(|alert| self.firing.contains(alert) || self.refused.contains(alert))
    }
}

/// Decides as Alertmanager does; who does not hear of ends is not told of others again because of one.
pub(super) fn must_tell(
    told: Option<&Entry>,
    firing: &Alerts,
    resolved: &Alerts,
    repeat: Duration,
    hears_ends: bool,
    now: Now,
) -> bool {
    // Nobody need hear of the end of what he never heard of.
    let Some(told) = told else { return !firing.is_empty() };
    if !told.knows_all(firing) {
        return true;
    }
    if firing.is_empty() {
        return !told.firing.is_empty();
    }
    (hears_ends && !resolved.is_subset(&told.resolved))
        || now.at.saturating_duration_since(told.at.at) >= repeat
}
