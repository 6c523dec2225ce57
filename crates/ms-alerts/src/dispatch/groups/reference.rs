//! A slow transcript of Alertmanager's dispatcher and pipeline, second by second, for sinks that accept at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::Told;
use crate::alert::Alert;
use crate::labels::Labels;
use crate::routing::Routes;
use crate::state::State;

pub(super) struct Reference {
    routes: Arc<Routes>,
    /// By their order, so that flushes of one second have one.
    groups: Vec<AggregationGroup>,
    alerts: BTreeMap<Labels, Alert>,
    log: BTreeMap<(String, String), LogEntry>,
}

struct AggregationGroup {
    route: usize,
    receiver: String,
    key: String,
    labels: Labels,
    alerts: BTreeMap<Labels, Alert>,
    next: u64,
    interval: u64,
    has_flushed: bool,
    empty_since: Option<u64>,
}

struct LogEntry {
    firing: BTreeSet<Labels>,
    resolved: BTreeSet<Labels>,
    at: u64,
    expires: u64,
}

impl Reference {
    pub(super) fn new(routes: Arc<Routes>) -> Self {
        Self { routes, groups: Vec::new(), alerts: BTreeMap::new(), log: BTreeMap::new() }
    }

    pub(super) fn insert(&mut self, alert: &Alert, second: u64) {
        self.alerts.insert(alert.labels.clone(), alert.clone());
        for destination in self.routes.destinations(&alert.labels) {
            let labels = destination.group(&alert.labels);
            let (route, wait) = (destination.place().number, destination.group_wait().as_secs());
            let known = self.groups.iter().position(|group| group.route == route && group.labels == labels);
            let place = known.unwrap_or_else(|| {
                let written: Vec<_> =
                    labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
                self.groups.push(AggregationGroup {
                    route,
                    receiver: destination.receiver().to_owned(),
                    key: format!("{}:{{{}}}", destination.place().key, written.join(", ")),
                    labels: labels.clone(),
                    alerts: BTreeMap::new(),
                    next: second + wait,
                    interval: destination.group_interval().as_secs(),
                    has_flushed: false,
                    empty_since: None,
                });
                self.groups.len() - 1
            });
            let group = &mut self.groups[place];
            group.alerts.insert(alert.labels.clone(), alert.clone());
            group.empty_since = None;
            let age = alert.fired_at.map(|fired| fired.as_second()).unwrap_or_default();
            let now = alert.resolved_at.or(alert.fired_at).map(|now| now.as_second()).unwrap_or_default();
            if !group.has_flushed && now - age > i64::try_from(wait).unwrap() {
                group.next = second;
            }
        }
    }

    pub(super) fn flush(
        &mut self,
        second: u64,
        wall: Timestamp,
        is_silenced: &dyn Fn(&Labels) -> bool,
    ) -> Vec<Told> {
        self.groups.retain(|group| group.empty_since.is_none_or(|since| second < since + 30));
        let mut told = Vec::new();
        let firing: Vec<_> = self
            .alerts
            .values()
            .filter(|alert| alert.state == State::Firing)
            .map(|alert| &alert.labels)
            .collect();
        // Those of one second flush in the order of their routes; a line of the log may be shared.
        self.groups.sort_by(|one, other| {
            (one.next, one.route, &one.labels).cmp(&(other.next, other.route, &other.labels))
        });
        for group in &mut self.groups {
            if group.next > second {
                continue;
            }
            group.next = second + group.interval;
            group.has_flushed = true;
            let Some(member) = group.alerts.keys().next() else { continue };
            let destinations = self.routes.destinations(member);
            let destination = destinations.iter().find(|place| place.place().number == group.route).unwrap();

            let mut alerts: Vec<&Alert> = group.alerts.values().collect();
            alerts.retain(|alert| !self.routes.is_inhibited(&alert.labels, firing.iter().copied()));
            alerts.retain(|_| !destination.is_muted_at(wall));
            alerts.retain(|alert| !is_silenced(&alert.labels));
            if !alerts.is_empty() {
                let of = |state: State| -> BTreeSet<Labels> {
                    let these = alerts.iter().filter(|alert| alert.state == state);
                    these.map(|alert| alert.labels.clone()).collect()
                };
                let (firing, resolved) = (of(State::Firing), of(State::Resolved));
                let line = (group.receiver.clone(), group.key.clone());
                let repeat = destination.repeat_interval().as_secs();
                if needs_update(self.log.get(&line), &firing, &resolved, repeat, second) {
                    told.push((
                        line.0.clone(),
                        line.1.clone(),
                        firing.iter().cloned().collect(),
                        resolved.iter().cloned().collect(),
                    ));
                    self.log.insert(
                        line,
                        LogEntry { firing, resolved, at: second, expires: second + 2 * repeat },
                    );
                }
            }
            group.alerts.retain(|_, alert| alert.state == State::Firing);
            if group.alerts.is_empty() {
                group.empty_since = Some(second);
            }
        }
        self.log.retain(|_, entry| second <= entry.expires);
        told
    }
}

fn needs_update(
    entry: Option<&LogEntry>,
    firing: &BTreeSet<Labels>,
    resolved: &BTreeSet<Labels>,
    repeat: u64,
    second: u64,
) -> bool {
    match entry {
        None => !firing.is_empty(),
        Some(entry) if !firing.is_subset(&entry.firing) => true,
        Some(entry) if firing.is_empty() => !entry.firing.is_empty(),
        Some(entry) if !resolved.is_subset(&entry.resolved) => true,
        Some(entry) => second - entry.at >= repeat,
    }
}
