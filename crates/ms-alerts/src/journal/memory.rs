//! What all records together say: what a restart takes up, and what a journal is shortened to.

use std::collections::HashMap;
use std::sync::Arc;

use super::record::{About, Live, Moment, Place, Record, Saved, SavedSilence, Told, Waiting};
use crate::identity::Identity;
use crate::labels::Labels;

/// Who hears of changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Audience {
    /// Lanes that hear of every change.
    pub(crate) plain: Vec<String>,
    /// Lanes of receivers.
    pub(crate) routed: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Memory {
    pub(crate) alerts: HashMap<(Arc<Identity>, Labels), Live>,
    pub(crate) lanes: HashMap<(String, About), Waiting>,
    pub(crate) log: HashMap<Place, Told>,
    /// Routed alerts whose end waits to be told.
    pub(crate) ending: HashMap<Labels, (Arc<Identity>, Saved)>,
    pub(crate) silences: HashMap<String, SavedSilence>,
    pub(crate) alive: Option<Moment>,
}

impl Memory {
    pub(crate) fn apply(&mut self, record: Record, audience: &Audience) {
        match record {
            Record::Alert { rule, key, live } => drop(self.alerts.insert((rule, key), live)),
            Record::Gone { rule, key } => drop(self.alerts.remove(&(rule, key))),
            Record::Change { rule, alert } => self.change(&rule, &alert, audience),
            Record::Queued { lane, group } => {
                let about =
                    About::Group { receiver: Arc::clone(&group.receiver), group: Arc::clone(&group.key) };
                self.lanes.entry((lane, about)).or_default().group = Some(group);
            }
            Record::Settled { lane, about, id, is_end, accepted } => {
                self.settle((lane, about), &id, is_end, accepted)
            }
            Record::Lane { lane, about, waiting } => drop(self.lanes.insert((lane, about), *waiting)),
            Record::Told { place, entry: Some(entry) } => drop(self.log.insert(place, entry)),
            Record::Told { place, entry: None } => drop(self.log.remove(&place)),
            Record::Ending { rule, alert } => drop(self.ending.insert(alert.labels.clone(), (rule, alert))),
            Record::Ended { labels } => drop(self.ending.remove(&labels)),
            Record::Silence { silence } => drop(self.silences.insert(silence.id.clone(), silence)),
            Record::Forgotten { id } => drop(self.silences.remove(&id)),
            Record::Alive { at } => self.alive = Some(at),
        }
    }

    /// As the queues of the sinks take it in.
    fn change(&mut self, rule: &Arc<Identity>, alert: &Saved, audience: &Audience) {
        for lane in &audience.plain {
            let about = About::Alert { rule: Arc::clone(rule), labels: alert.labels.clone() };
            let waiting = self.lanes.entry((lane.clone(), about)).or_default();
            if !alert.is_end() {
                waiting.is_ending |= waiting.resolved.is_some();
                (waiting.firing, waiting.resolved) = (Some(alert.clone()), None);
            } else if waiting.announced || waiting.firing.is_some() {
                waiting.resolved = Some(alert.clone());
                if waiting.announced && !waiting.is_ending {
                    waiting.firing = None;
                }
            }
        }
        if !audience.routed.is_empty() {
            if alert.is_end() {
                self.ending.insert(alert.labels.clone(), (Arc::clone(rule), alert.clone()));
            } else {
                self.ending.remove(&alert.labels);
            }
        }
    }

    fn settle(&mut self, place: (String, About), id: &str, is_end: bool, accepted: bool) {
        let Some(waiting) = self.lanes.get_mut(&place) else { return };
        let rule = match &place.1 {
            About::Group { .. } => {
                waiting.group.take_if(|group| group.id == id);
                if waiting.group.is_none() {
                    self.lanes.remove(&place);
                }
                return;
            }
            About::Alert { rule, .. } => Arc::clone(rule),
        };
        let is_it = |saved: &mut Saved| saved.id(&rule) == id;
        waiting.firing.take_if(is_it);
        if waiting.resolved.take_if(is_it).is_some() {
            // What was to be told before it was, or was out of date.
            waiting.firing = None;
        }
        waiting.is_ending &= !(is_end || accepted);
        if accepted || is_end {
            waiting.announced = accepted && !is_end;
        } else if !waiting.announced && waiting.firing.is_none() {
            // Nobody need hear of the end of what he never heard of.
            waiting.resolved = None;
        }
        if *waiting == Waiting::default() {
            self.lanes.remove(&place);
        }
    }

    /// Forgets what nobody is left to hear.
    pub(super) fn keep_for(&mut self, audience: &Audience) {
        let is_there = |lane: &String| audience.plain.contains(lane) || audience.routed.contains(lane);
        self.lanes.retain(|(lane, about), waiting| {
            let is_heard = is_there(lane);
            if !is_heard && waiting.is_any() {
                tracing::error!(sink = lane, reason = "sink_gone", ?about, "notification given up");
            }
            is_heard
        });
        if audience.routed.is_empty() {
            self.ending.clear();
            self.log.clear();
        }
    }

    /// Records that say the same, and nothing twice.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        let alerts = self.alerts.iter().map(|((rule, key), live)| Record::Alert {
            rule: Arc::clone(rule),
            key: key.clone(),
            live: live.clone(),
        });
        let lanes = self.lanes.iter().map(|((lane, about), waiting)| Record::Lane {
            lane: lane.clone(),
            about: about.clone(),
            waiting: Box::new(waiting.clone()),
        });
        let log = self
            .log
            .iter()
            .map(|(place, told)| Record::Told { place: place.clone(), entry: Some(told.clone()) });
        let ending = self
            .ending
            .values()
            .map(|(rule, alert)| Record::Ending { rule: Arc::clone(rule), alert: alert.clone() });
        let silences = self.silences.values().map(|silence| Record::Silence { silence: silence.clone() });
        alerts
            .chain(lanes)
            .chain(log)
            .chain(ending)
            .chain(silences)
            .chain(self.alive.map(|at| Record::Alive { at }))
    }
}
