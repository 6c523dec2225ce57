//! What the groups write down.

use std::sync::Arc;

use super::desk::Slot;
use super::groups::Sending;
use super::log::Entry;
use crate::delivery::Grouped;
use crate::journal::{Moment, Place, Saved, SavedGroup, Told, moment_of};
use crate::state::Now;

impl From<Slot> for Place {
    fn from(Slot { receiver, sink, group }: Slot) -> Self {
        Self { receiver, sink, group }
    }
}

impl From<Place> for Slot {
    fn from(Place { receiver, sink, group }: Place) -> Self {
        Self { receiver, sink, group }
    }
}

impl From<&Entry> for Told {
    fn from(entry: &Entry) -> Self {
        let list = |alerts: &super::log::Alerts| alerts.iter().copied().collect();
        Self {
            at: Moment(entry.at.wall),
            firing: list(&entry.firing),
            resolved: list(&entry.resolved),
            refused: list(&entry.refused),
            keep: entry.keep,
        }
    }
}

impl Entry {
    pub(super) fn restored(told: Told, now: Now) -> Self {
        Self {
            at: moment_of(told.at, now),
            firing: told.firing.into_iter().collect(),
            resolved: told.resolved.into_iter().collect(),
            refused: told.refused.into_iter().collect(),
            keep: told.keep,
        }
    }
}

impl Sending {
    /// What is needed to send it once more under the same id.
    pub(crate) fn save(&self) -> SavedGroup {
        SavedGroup {
            id: self.notification.id().to_owned(),
            receiver: Arc::clone(&self.slot.receiver),
            key: Arc::clone(&self.slot.group),
            labels: self.notification.group_labels().clone(),
            alerts: self.notification.alerts().iter().map(Saved::from).collect(),
            occasion: self.occasion,
        }
    }
}

impl SavedGroup {
    pub(crate) fn restore(self, external_url: Arc<str>) -> Grouped {
        Grouped {
            receiver: self.receiver,
            key: self.key,
            labels: self.labels,
            alerts: self.alerts.into_iter().map(Into::into).collect(),
            external_url,
            occasion: self.occasion,
        }
    }
}
