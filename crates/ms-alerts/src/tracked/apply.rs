//! What becomes of the alerts after an evaluation has seen them.

use std::collections::HashSet;
use std::collections::btree_map::Entry;
use std::time::Duration;

use super::live::Live;
use super::{Findings, Found, Tracked};
use crate::alert::Alert;
use crate::group::{Failure, Shown};
use crate::labels::Labels;
use crate::no_data::NoData;
use crate::state::{Change, Now, Seen, State, Timing};

impl Tracked {
    pub(super) fn apply(
        &mut self,
        findings: Findings,
        now: Now,
        changes: &mut Vec<Alert>,
    ) -> Result<(), Failure> {
        self.no_data = findings.no_data;
        self.missing_since = findings.no_data.then(|| self.missing_since.unwrap_or(now.at));
        let mut touched = HashSet::new();
        for found in findings.found {
            if touched.insert(found.key.clone()) {
                self.step(found, now, changes);
            }
        }
        let others: Vec<Labels> = self.alerts.keys().filter(|key| !touched.contains(*key)).cloned().collect();
        for key in others {
            // There is data again, which says nothing of any other series that went.
            let is_absence = self.alerts.get(&key).is_some_and(|live| live.is_absence);
            let seen = if is_absence && !self.no_data { Seen::Clear } else { findings.others };
            self.step(Found { key, seen, value: f64::NAN, shown: None }, now, changes);
        }
        if let Some(shown) = findings.absent {
            self.fire_absence(shown, now, changes);
        }
        let timing = self.rule.timing;
        self.alerts.retain(|_, alert| !alert.track.is_over(now, &timing));
        self.check_limit(now, changes)?;
        for live in self.alerts.values_mut() {
            live.told = live.track.state() == State::Firing;
        }
        Ok(())
    }

    fn step(&mut self, found: Found, now: Now, changes: &mut Vec<Alert>) {
        let live = match self.alerts.entry(found.key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if found.seen != Seen::Holds => return,
            Entry::Vacant(place) => place.insert(Live::default()),
        };
        if let Some(shown) = found.shown {
            // What was announced under some labels must be resolved under the same.
            if live.track.state() != State::Firing {
                live.labels = shown.labels;
            }
            live.annotations = shown.annotations;
            live.value = found.value;
        } else if found.seen == Seen::Clear && !found.value.is_nan() {
            live.value = found.value;
        }
        let (mut seen, mut timing) = (found.seen, self.rule.timing);
        live.missing_since = (seen == Seen::Nothing).then(|| live.missing_since.unwrap_or(now.at));
        if live.is_absence && seen != Seen::Nothing {
            // What there is says more than how often there was nothing.
            (live.is_absence, timing.needed) = (false, (1, 1));
        }
        if let (NoData::Resolve, Some(since)) = (self.rule.no_data, live.missing_since)
            && now.at.saturating_duration_since(since) >= self.rule.no_data_for
            && live.track.state() == State::Firing
        {
            (seen, timing) = (Seen::Clear, timing.at_once());
        }
        if seen == Seen::Clear && live.is_blind(now) {
            seen = Seen::Nothing;
        }
        if live.track.step(seen, now, &timing).is_some() {
            changes.extend(live.alert(&self.rule.name));
        }
    }

    /// The alert without labels of a series is also the one of the series without labels: one that fires goes on.
    fn fire_absence(&mut self, shown: Shown, now: Now, changes: &mut Vec<Alert>) {
        let live = self.alerts.entry(Labels::default()).or_default();
        if live.track.state() != State::Firing {
            live.labels = shown.labels;
            live.annotations = shown.annotations;
            live.value = f64::NAN;
        }
        live.is_absence = true;
        let timing = Timing { hold: Duration::ZERO, needed: (1, 1), ..self.rule.timing };
        if live.track.step(Seen::Holds, now, &timing).is_some() {
            changes.extend(live.alert(&self.rule.name));
        }
    }

    /// Past the limit all alerts are forgotten, as in Prometheus; whoever was told of one is told of its end.
    fn check_limit(&mut self, now: Now, changes: &mut Vec<Alert>) -> Result<(), Failure> {
        let active = self.alerts.values().filter(|alert| alert.is_active()).count();
        let Some(limit) = self.rule.limit.filter(|limit| active > *limit) else { return Ok(()) };
        changes.retain(|change| change.state != State::Firing);
        self.resolve_all(now, changes);
        Err(Failure::Limit(limit))
    }

    pub(super) fn resolve_all(&mut self, now: Now, changes: &mut Vec<Alert>) {
        let at_once = self.rule.timing.at_once();
        for mut live in std::mem::take(&mut self.alerts).into_values() {
            let told = live.told && live.track.state() == State::Firing;
            if told && live.track.step(Seen::Clear, now, &at_once) == Some(Change::Resolved) {
                changes.extend(live.alert(&self.rule.name));
            }
        }
    }
}
