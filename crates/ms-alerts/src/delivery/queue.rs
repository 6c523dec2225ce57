//! What a sink has yet to accept: a pure structure, to which time is handed in.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::time::Instant;

use super::Notification;
use super::notification::Key;

/// Waiting notifications, the newest state of each alert, in the order in which they are due.
///
/// An alert waits with at most a firing and, behind it, a resolve: a resolve is never sent of an alert whose firing was
/// not accepted, and what is out of date is never sent. So a firing only waits in front of a resolve if the receiver may
/// not know of any: a reminder of one that is over is dropped.
#[derive(Debug)]
pub(crate) struct Queue {
    alerts: HashMap<Key, Waiting>,
    due: BTreeMap<(Instant, u64), Key>,
    /// Tells apart what is due at the same moment: first come, first served.
    ticket: u64,
    waiting: usize,
    capacity: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The receiver knows that the alert fires.
    announced: bool,
    firing: Option<Item>,
    resolved: Option<Item>,
    in_flight: Option<Kind>,
    slot: Option<(Instant, u64)>,
    failures: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Firing,
    Resolved,
}

/// A notification and when it was queued.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) notification: Arc<Notification>,
    pub(crate) since: Instant,
}

/// What became of a notification that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    Queued,
    /// Queued in place of so many that are out of date.
    Superseding(usize),
    /// There is no room.
    Full,
    /// The receiver never heard of the alert, so its end is no news.
    Unannounced,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { alerts: HashMap::new(), due: BTreeMap::new(), ticket: 0, waiting: 0, capacity }
    }

    /// Gives the number of notifications that are not yet accepted, those in flight included.
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    /// Gives the moment at which the next one is due.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.due.first_key_value().map(|((due, _), _)| *due)
    }

    pub(crate) fn push(&mut self, notification: Arc<Notification>, now: Instant) -> Pushed {
        let resolved = is_end(&notification);
        let known = self.alerts.get(notification.key());
        if resolved && !known.is_some_and(Waiting::will_be_announced) {
            return Pushed::Unannounced;
        }
        // A resolve always finds room: there is at most one for each firing that was let in. So does what only takes
        // the place of something older.
        let takes_room = !resolved && known.is_none_or(|alert| alert.len() == 0);
        if takes_room && self.waiting >= self.capacity {
            return Pushed::Full;
        }
        let key = notification.key().clone();
        let alert = self.alerts.entry(key.clone()).or_default();
        let item = Some(Item { notification, since: now });
        let before = alert.len();
        if resolved {
            alert.resolved = item;
            if alert.is_known() {
                alert.firing = None;
            }
        } else {
            alert.firing = item;
            alert.resolved = None;
        }
        let superseded = before + 1 - alert.len();
        self.waiting += 1;
        self.waiting -= superseded;
        if alert.slot.is_none() && alert.in_flight.is_none() {
            self.schedule(&key, now);
        }
        if superseded == 0 { Pushed::Queued } else { Pushed::Superseding(superseded) }
    }

    /// Takes up what waited before a restart, whatever room there is.
    pub(crate) fn restore(
        &mut self,
        key: Key,
        announced: bool,
        firing: Option<Arc<Notification>>,
        resolved: Option<Arc<Notification>>,
        now: Instant,
    ) {
        let item = |notification| Item { notification, since: now };
        let alert = Waiting {
            announced,
            firing: firing.map(item),
            resolved: resolved.map(item),
            ..Waiting::default()
        };
        self.waiting += alert.len();
        let is_any = alert.len() > 0;
        self.alerts.insert(key.clone(), alert);
        if is_any {
            self.schedule(&key, now);
        }
    }

    fn schedule(&mut self, key: &Key, due: Instant) {
        let Some(alert) = self.alerts.get_mut(key) else { return };
        self.ticket += 1;
        alert.slot = Some((due, self.ticket));
        self.due.insert((due, self.ticket), key.clone());
    }

    /// Takes a notification that is due; nothing else about its alert is given out before it is handed back.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Item> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        let key = first.remove();
        let alert = self.alerts.get_mut(&key)?;
        alert.slot = None;
        let item = alert.firing.take().or_else(|| alert.resolved.take())?;
        alert.in_flight = Some(if is_end(&item.notification) { Kind::Resolved } else { Kind::Firing });
        Some(item)
    }

    /// The receiver accepted what was taken.
    pub(crate) fn accepted(&mut self, item: &Item, now: Instant) {
        let key = item.notification.key();
        self.waiting -= 1;
        let Some(alert) = self.alerts.get_mut(key) else { return };
        alert.announced = is_of_one(&item.notification) && !is_end(&item.notification);
        alert.in_flight = None;
        alert.failures = 0;
        self.next_of(key, now);
    }

    /// The receiver did not accept what was taken. Gives how often in a row that was so.
    pub(crate) fn failed(&mut self, item: &Item) -> u32 {
        let Some(alert) = self.alerts.get_mut(item.notification.key()) else { return 1 };
        alert.failures = alert.failures.saturating_add(1);
        alert.failures
    }

    /// Tells whether an attempt at what was taken has failed.
    pub(crate) fn has_failed(&self, item: &Item) -> bool {
        self.alerts.get(item.notification.key()).is_some_and(|alert| alert.failures > 0)
    }

    /// Puts back what was taken; gives whether it is out of date and was dropped instead.
    pub(crate) fn put_back(&mut self, item: Item, due: Instant) -> bool {
        let key = item.notification.key().clone();
        let Some(alert) = self.alerts.get_mut(&key) else { return false };
        alert.in_flight = None;
        let outdated = if is_end(&item.notification) {
            let newer = alert.firing.is_some() || alert.resolved.is_some();
            if !newer {
                alert.resolved = Some(item);
            }
            newer
        } else {
            let newer = alert.firing.is_some() || (alert.announced && alert.resolved.is_some());
            if !newer {
                alert.firing = Some(item);
            }
            newer
        };
        self.waiting -= usize::from(outdated);
        self.schedule(&key, due);
        outdated
    }

    /// Gives up what was taken. Gives how many were given up: with a firing goes the resolve behind it.
    pub(crate) fn give_up(&mut self, item: &Item, now: Instant) -> usize {
        let key = item.notification.key();
        let Some(alert) = self.alerts.get_mut(key) else { return 0 };
        alert.in_flight = None;
        alert.failures = 0;
        let mut lost = 1;
        if !alert.announced && alert.firing.is_none() {
            lost += usize::from(alert.resolved.take().is_some());
        }
        if is_end(&item.notification) {
            alert.announced = false;
        }
        self.waiting -= lost;
        self.next_of(key, now);
        lost
    }

    /// Schedules what waits behind a notification that is done with, or forgets the alert.
    fn next_of(&mut self, key: &Key, now: Instant) {
        let Some(alert) = self.alerts.get(key) else { return };
        if alert.len() > 0 {
            self.schedule(key, now);
        } else if !alert.announced {
            self.alerts.remove(key);
        }
    }
}

fn is_of_one(notification: &Notification) -> bool {
    matches!(notification.key(), Key::Alert { .. })
}

/// Whether it ends what another began. One about a group stands for itself: it was made for what the receiver knows, and it
/// takes the place of an older one.
fn is_end(notification: &Notification) -> bool {
    is_of_one(notification) && notification.is_resolved()
}

impl Waiting {
    /// Whether the receiver will know that the alert fires, once all before a new resolve is delivered.
    fn will_be_announced(&self) -> bool {
        match self.in_flight {
            _ if self.firing.is_some() => true,
            Some(Kind::Firing) => true,
            Some(Kind::Resolved) => false,
            None => self.announced,
        }
    }

    /// Whether the receiver knows that the alert fires, and nothing in flight tells it otherwise.
    fn is_known(&self) -> bool {
        self.announced && self.in_flight != Some(Kind::Resolved)
    }

    fn len(&self) -> usize {
        usize::from(self.firing.is_some()) + usize::from(self.resolved.is_some())
    }
}

#[cfg(test)]
#[path = "queue/tests.rs"]
mod tests;
