//! Groups of alerts and when each is told: a pure structure, to which time is handed in.
//!
//! What is decided follows Alertmanager: its groups, the pipeline of a flush, and its notification log. Unlike there a
//! notification is tried until it is accepted rather than anew at each flush, so a group may have one on its way for each
//! sink; what has changed by then is told in its place or behind it.

mod settled;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::desk::{Desk, Sent, Slot, split};
use super::group::{Group, GroupId, Schedule};
use super::log::{Entry, must_tell};
use crate::alert::Alert;
use crate::delivery::{Grouped, Notification};
use crate::identity::Identity;
use crate::labels::Labels;
use crate::routing::{Routes, Sources};
use crate::state::{Now, State};

/// The longest that Alertmanager keeps its log.
const LONGEST_LOG: Duration = Duration::from_secs(120 * 60 * 60);

pub(crate) struct Groups {
    routes: Arc<Routes>,
    /// The sinks of each receiver.
    receivers: HashMap<String, Vec<Addressee>>,
    external_url: Arc<str>,
    /// What fires, and the rules that say so.
    firing: BTreeMap<Labels, Vec<Arc<Identity>>>,
    groups: BTreeMap<GroupId, Group>,
    due: Schedule,
    desks: BTreeMap<Slot, Desk>,
    /// Where something was settled that was out of date by then.
    anew: BTreeSet<(Instant, Slot)>,
    changes: Changes,
}

/// A sink of a receiver.
#[derive(Debug, Clone)]
pub(crate) struct Addressee {
    pub(crate) name: Arc<str>,
    pub(crate) hears_ends: bool,
}

/// What must outlive a restart.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// What was told, `None` where it is of no more use.
    pub(crate) log: Vec<(Slot, Option<Entry>)>,
    /// Alerts whose end was told wherever it had to be.
    pub(crate) ended: Vec<Labels>,
}

/// A notification for one sink of its receiver.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) slot: Slot,
    pub(crate) notification: Notification,
    /// What made it, for those who make it again.
    pub(crate) occasion: u64,
}

/// What a flush asks about the moment.
pub(crate) struct Scene<'s> {
    pub(crate) now: Now,
    /// Alerts that fire, with what their texts say by now.
    pub(crate) current: HashMap<&'s Labels, &'s Alert>,
    pub(crate) is_silenced: &'s dyn Fn(&Labels) -> bool,
    /// Hears of each alert that is left out, and why.
    pub(crate) suppressed: &'s dyn Fn(&'static str),
}

impl Groups {
    pub(crate) fn new(
        routes: Arc<Routes>,
        receivers: HashMap<String, Vec<Addressee>>,
        external_url: Arc<str>,
    ) -> Self {
        Self {
            routes,
            receivers,
            external_url,
            firing: BTreeMap::new(),
            groups: BTreeMap::new(),
            due: Schedule::new(),
            desks: BTreeMap::new(),
            anew: BTreeSet::new(),
            changes: Changes::default(),
        }
    }

    /// Takes up what was told before a restart.
    pub(crate) fn remember(&mut self, slot: Slot, told: Entry) {
        self.desks.entry(slot).or_default().told = Some(told);
    }

    /// Takes up what was on its way before a restart. Nobody knows by now whether it is all there is to tell.
    pub(crate) fn resume(&mut self, slot: Slot, notification: &Notification) {
        let desk = self.desks.entry(slot).or_default();
        let (firing, _) = split(notification.alerts());
        desk.on_its_way = Some(Sent { id: notification.id().to_owned(), firing });
        desk.outdated = true;
    }

    /// Takes in that an alert fires or is resolved.
    pub(crate) fn insert(&mut self, alert: &Alert, rule: &Arc<Identity>, now: Now) {
        let labels = &alert.labels;
        if alert.state != State::Resolved {
            let rules = self.firing.entry(labels.clone()).or_default();
            if !rules.contains(rule) {
                rules.push(Arc::clone(rule));
            }
        } else if let Some(rules) = self.firing.get_mut(labels) {
            rules.retain(|known| known != rule);
            if !rules.is_empty() {
                // To the receivers it is one alert, and it goes on.
                return;
            }
            self.firing.remove(labels);
        }
        let routes = Arc::clone(&self.routes);
        for destination in routes.destinations(labels) {
            let id = (destination.place().number, destination.group(labels));
            let new = || Group::new(destination, id.1.clone(), now.at);
            let group = self.groups.entry(id.clone()).or_insert_with(new);
            group.take(alert, destination.group_wait(), now);
            group.schedule(&mut self.due);
        }
    }

    /// Gives the moment at which something is to be done.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let groups = self.due.first().map(|(due, _)| *due);
        let anew = self.anew.first().map(|(due, _)| *due);
        groups.into_iter().chain(anew).min()
    }

    /// Does what is due; gives what is to be sent, in order.
    pub(crate) fn flush(&mut self, scene: &Scene<'_>) -> Vec<Sending> {
        let mut sendings = Vec::new();
        if self.next_due().is_none_or(|due| due > scene.now.at) {
            return sendings;
        }
        let routes = Arc::clone(&self.routes);
        let firing = std::mem::take(&mut self.firing);
        let sources = routes.sources(firing.keys());
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= scene.now.at);
        while is_due(self.anew.first().map(|(due, _)| *due)) {
            let Some((_, slot)) = self.anew.pop_first() else { break };
            sendings.extend(self.tell_anew(slot, scene, &sources));
        }
        while is_due(self.due.first().map(|(due, _)| *due)) {
            let Some((_, id)) = self.due.pop_first() else { break };
            self.flush_group(&id, scene, &sources, &mut sendings);
        }
        self.firing = firing;
        self.forget_told(scene.now);
        sendings
    }

    fn flush_group(&mut self, id: &GroupId, scene: &Scene<'_>, sources: &Sources<'_>, to: &mut Vec<Sending>) {
        let Some(group) = self.groups.get_mut(id) else { return };
        if group.has_been_empty(scene.now.at) {
            self.groups.remove(id);
            return;
        }
        let interval = self.routes.destination(&group.place).group_interval();
        let is_any = group.begin_flush(interval, scene);
        group.schedule(&mut self.due);
        if !is_any {
            return;
        }
        let (receiver, key) = (Arc::clone(&group.receiver), Arc::clone(&group.key));
        let passed = self.passed(id, scene, sources);
        let sinks = self.receivers.get(&*receiver).cloned().unwrap_or_default();
        for sink in sinks.into_iter().filter(|_| !passed.is_empty()) {
            let slot = Slot { receiver: Arc::clone(&receiver), sink: sink.name, group: Arc::clone(&key) };
            to.extend(self.tell(slot, id, &passed, scene.now));
        }
        self.forget_resolved(id, scene.now.at);
    }

    /// What was on its way is settled, and there was more to tell by then.
    fn tell_anew(&mut self, slot: Slot, scene: &Scene<'_>, sources: &Sources<'_>) -> Option<Sending> {
        let desk = self.desks.get_mut(&slot)?;
        desk.outdated = false;
        let id = desk.group.clone()?;
        let passed = self.passed(&id, scene, sources);
        let sending = if passed.is_empty() { None } else { self.tell(slot, &id, &passed, scene.now) };
        self.forget_resolved(&id, scene.now.at);
        sending
    }

    /// The alerts of a group that are not to be left out: inhibited, at a mute hour, or silenced.
    fn passed(&self, id: &GroupId, scene: &Scene<'_>, sources: &Sources<'_>) -> Vec<Alert> {
        let Some(group) = self.groups.get(id) else { return Vec::new() };
        let is_muted = self.routes.destination(&group.place).is_muted_at(scene.now.wall);
        let why_not = |labels: &Labels| match () {
            () if sources.silence(labels) => Some("inhibited"),
            () if is_muted => Some("muted"),
            () if (scene.is_silenced)(labels) => Some("silenced"),
            () => None,
        };
        let mut passed = Vec::new();
        for alert in group.alerts() {
            match why_not(&alert.labels) {
                Some(reason) => (scene.suppressed)(reason),
                None => passed.push(alert.clone()),
            }
        }
        passed
    }

    /// Decides whether a sink must be told of these alerts.
    fn tell(&mut self, slot: Slot, id: &GroupId, alerts: &[Alert], now: Now) -> Option<Sending> {
        let group = self.groups.get(id)?;
        let (firing, resolved) = split(alerts);
        let repeat = self.routes.destination(&group.place).repeat_interval();
        let desk = self.desks.entry(slot.clone()).or_default();
        desk.group = Some(id.clone());
        let mut sinks = self.receivers.get(&*slot.receiver).into_iter().flatten();
        let hears_ends = sinks.any(|sink| sink.name == slot.sink && sink.hears_ends);
        let must_tell = must_tell(desk.told.as_ref(), &firing, &resolved, repeat, hears_ends, now);
        if desk.on_its_way.is_some() && !(must_tell && desk.is_covered_by(&firing)) {
            desk.outdated = true;
            return None;
        }
        if !must_tell {
            return None;
        }
        desk.outdated = false;
        // A reminder differs from what it reminds of by what was told before; a repeat after a restart does not.
        let occasion = desk.told.as_ref().map_or(0, Entry::occasion);
        let notification = Notification::group(Grouped {
            receiver: Arc::clone(&group.receiver),
            key: Arc::clone(&group.key),
            labels: group.labels().clone(),
            alerts: alerts.to_vec(),
            external_url: Arc::clone(&self.external_url),
            occasion,
        })?;
        if desk.on_its_way.as_ref().is_some_and(|sent| sent.id == notification.id()) {
            return None;
        }
        desk.on_its_way = Some(Sent { id: notification.id().to_owned(), firing });
        Some(Sending { slot, notification, occasion })
    }

    /// Lets groups that have something to tell tell it now.
    pub(crate) fn hasten(&mut self, now: Instant) {
        for group in self.groups.values_mut().filter(|group| group.news() > 0) {
            group.hasten(now);
            group.schedule(&mut self.due);
        }
    }

    /// How many alerts no flush has seen as they are, and lines of the log that are to be looked at again.
    pub(crate) fn waiting(&self) -> usize {
        self.groups.values().map(Group::news).sum::<usize>() + self.anew.len()
    }

    pub(crate) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }
}

#[cfg(test)]
#[path = "groups/tests.rs"]
mod tests;
