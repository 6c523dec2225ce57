//! What was told, and what can be forgotten then.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Groups, LONGEST_LOG};
use crate::alert::Alert;
use crate::delivery::{Fate, Notification};
use crate::dispatch::desk::{Desk, Slot, split};
use crate::dispatch::group::GroupId;
use crate::dispatch::log::{Alerts, Entry};
use crate::routing::Destination;
use crate::state::{Now, State};

impl Groups {
    /// Gives the alerts that fire and of which a sink was told.
    pub(crate) fn told(&self, receiver: &str, sink: &str) -> Vec<Alert> {
        let mut fire = Vec::new();
        for group in self.groups.values().filter(|group| *group.receiver == *receiver) {
            let (receiver, key) = (Arc::clone(&group.receiver), Arc::clone(&group.key));
            let desk = self.desks.get(&Slot { receiver, sink: sink.into(), group: key });
            let Some(told) = desk.and_then(|desk| desk.told.as_ref()) else { continue };
            let is_told = |alert: &&Alert| {
                alert.state == State::Firing && told.firing.contains(&alert.labels.fingerprint_bits())
            };
            fire.extend(group.alerts().filter(is_told).cloned());
        }
        fire
    }

    /// A notification was accepted or given up.
    pub(crate) fn settled(&mut self, slot: &Slot, notification: &Notification, fate: Fate, now: Now) {
        let Some(desk) = self.desks.get_mut(slot) else { return };
        let (firing, resolved) = split(notification.alerts());
        let group = desk.group.as_ref().and_then(|id| self.groups.get(id));
        let repeat = group.map(|group| self.routes.destination(&group.place).repeat_interval());
        let keep = repeat.unwrap_or(LONGEST_LOG).saturating_mul(2).min(LONGEST_LOG);
        let told = match fate {
            Fate::Accepted => Entry { at: now, firing, resolved, refused: Alerts::new(), keep },
            Fate::GivenUp => Entry::refused(desk.told.as_ref(), &firing, resolved, now, keep),
        };
        self.changes.log.push((slot.clone(), Some(told.clone())));
        desk.told = Some(told);
        // Otherwise something newer waits behind it.
        if desk.on_its_way.as_ref().is_some_and(|sent| sent.id == notification.id()) {
            desk.on_its_way = None;
            if desk.outdated {
                self.anew.insert((now.at, slot.clone()));
            }
        }
        if let Some(id) = desk.group.clone() {
            self.forget_resolved(&id, now.at);
        }
    }

    /// Forgets what is resolved and was told, unless something of the group is on its way.
    pub(super) fn forget_resolved(&mut self, id: &GroupId, now: Instant) {
        let Some(group) = self.groups.get_mut(id) else { return };
        let mut sinks = self.receivers.get(&*group.receiver).into_iter().flatten();
        let is_settled = sinks.all(|sink| {
            let (receiver, group) = (Arc::clone(&group.receiver), Arc::clone(&group.key));
            let desk = self.desks.get(&Slot { receiver, sink: Arc::clone(&sink.name), group });
            desk.is_none_or(Desk::is_settled)
        });
        if !is_settled {
            return;
        }
        let over = group.forget_resolved(now);
        group.schedule(&mut self.due);
        for labels in over {
            let is_held = |destination: Destination<'_>| {
                let id = (destination.place().number, destination.group(&labels));
                self.groups.get(&id).is_some_and(|group| group.holds(&labels))
            };
            if !self.routes.destinations(&labels).into_iter().any(is_held) {
                self.changes.ended.push(labels);
            }
        }
    }

    /// Forgets lines of the log that are of no more use.
    pub(super) fn forget_told(&mut self, now: Now) {
        let changes = &mut self.changes.log;
        self.desks.retain(|slot, desk| {
            let is_over = desk.is_settled() && desk.told.as_ref().is_none_or(|told| told.is_over(now));
            if is_over {
                changes.push((slot.clone(), None));
            }
            !is_over
        });
    }
}
