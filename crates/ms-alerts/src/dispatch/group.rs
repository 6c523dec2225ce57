//! One group: alerts of a route that have the same labels in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::groups::Scene;
use crate::alert::Alert;
use crate::handle::LONGEST;
use crate::labels::Labels;
use crate::routing::{Destination, Place};
use crate::state::{Now, State};
use crate::template::quoted;

/// How long an empty group keeps its beat, as in Alertmanager.
const EMPTY_KEPT: Duration = Duration::from_secs(30);

/// Of a route, by the labels that make the group.
pub(super) type GroupId = (usize, Labels);
pub(super) type Schedule = BTreeSet<(Instant, GroupId)>;

pub(super) struct Group {
    pub(super) id: GroupId,
    pub(super) place: Arc<Place>,
    pub(super) key: Arc<str>,
    pub(super) receiver: Arc<str>,
    members: BTreeMap<Labels, Member>,
    /// When it is flushed next.
    due: Instant,
    scheduled: Option<Instant>,
    flushed: bool,
    empty_since: Option<Instant>,
}

struct Member {
    alert: Alert,
    /// A flush has seen it as it is.
    seen: bool,
}

impl Group {
    pub(super) fn new(destination: Destination<'_>, labels: Labels, now: Instant) -> Self {
        let place = Arc::clone(destination.place());
        Self {
            key: key(&place.key, &labels).into(),
            receiver: destination.receiver().into(),
            id: (place.number, labels),
            place,
            members: BTreeMap::new(),
            due: later(now, destination.group_wait()),
            scheduled: None,
            flushed: false,
            empty_since: None,
        }
    }

    pub(super) fn labels(&self) -> &Labels {
        &self.id.1
    }

    pub(super) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.members.values().map(|member| &member.alert)
    }

    pub(super) fn holds(&self, labels: &Labels) -> bool {
        self.members.contains_key(labels)
    }

    /// Takes in an alert as it is by now.
    pub(super) fn take(&mut self, alert: &Alert, wait: Duration, now: Now) {
        let mut alert = alert.clone();
        if let Some(before) = self.members.get(&alert.labels).filter(|before| !before.is_over()) {
            // As in Alertmanager one that goes on began when it began.
            (alert.active_at, alert.fired_at) = (before.alert.active_at, before.alert.fired_at);
        }
        let began = alert.fired_at.unwrap_or(alert.active_at);
        let age = Duration::try_from(now.wall.duration_since(began)).unwrap_or_default();
        if !self.flushed && age > wait {
            // One that has waited elsewhere, before a restart, need not wait again.
            self.due = now.at;
        }
        self.empty_since = None;
        self.members.insert(alert.labels.clone(), Member { alert, seen: false });
    }

    /// Begins a flush; gives whether there is anything to tell. The next is an interval behind this one, not behind the beat,
    /// as in Alertmanager.
    pub(super) fn begin_flush(&mut self, interval: Duration, scene: &Scene<'_>) -> bool {
        self.due = later(scene.now.at, interval);
        self.flushed = true;
        for member in self.members.values_mut() {
            member.seen = true;
            // What its texts say by now.
            let current = scene.current.get(&member.alert.labels).filter(|_| !member.is_over());
            if let Some(current) = current {
                member.alert.annotations = current.annotations.clone();
                member.alert.value = current.value;
            }
        }
        !self.members.is_empty()
    }

    /// Forgets the resolved alerts that a flush has seen, and gives their labels.
    pub(super) fn forget_resolved(&mut self, now: Instant) -> Vec<Labels> {
        let over = self.members.extract_if(.., |_, member| member.seen && member.is_over());
        let over = over.map(|(labels, _)| labels).collect();
        if self.members.is_empty() {
            self.empty_since.get_or_insert(now);
        }
        over
    }

    /// How many alerts no flush has seen as they are.
    pub(super) fn news(&self) -> usize {
        self.members.values().filter(|member| !member.seen).count()
    }

    pub(super) fn hasten(&mut self, now: Instant) {
        self.due = now;
    }

    pub(super) fn has_been_empty(&self, now: Instant) -> bool {
        self.empty_since.is_some_and(|since| later(since, EMPTY_KEPT) <= now)
    }

    /// Writes down when it is looked at next.
    pub(super) fn schedule(&mut self, schedule: &mut Schedule) {
        let end = self.empty_since.map_or(self.due, |since| later(since, EMPTY_KEPT));
        let at = self.due.min(end);
        if let Some(before) = self.scheduled.replace(at) {
            schedule.remove(&(before, self.id.clone()));
        }
        schedule.insert((at, self.id.clone()));
    }
}

impl Member {
    fn is_over(&self) -> bool {
        self.alert.state == State::Resolved
    }
}

pub(super) fn later(from: Instant, wait: Duration) -> Instant {
    from + wait.min(LONGEST)
}

/// As Alertmanager writes it.
fn key(route: &str, labels: &Labels) -> String {
    let pairs: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={}", quoted(value, '"'))).collect();
    format!("{route}:{{{}}}", pairs.join(", "))
}
