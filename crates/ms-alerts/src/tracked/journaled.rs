//! The alerts of a rule, written down and taken up again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Tracked;
use super::live::Live;
use crate::alert::Alert;
use crate::group::What;
use crate::identity::Identity;
use crate::journal::{self, Moment, Record, moment_of};
use crate::labels::Labels;
use crate::state::{Change, Now, Seen, State, Timing, Track};

/// A longer outage says nothing of whether the condition held, as in Prometheus.
const LONGEST_OUTAGE: Duration = Duration::from_secs(60 * 60);

/// The end of one process and the start of the next.
#[derive(Debug, Clone, Copy)]
struct Outage {
    from: Now,
    to: Now,
}

impl Tracked {
    /// Gives what has changed since the last time.
    pub(crate) fn take_records(&mut self, now: Now) -> Vec<Record> {
        let mut records = Vec::new();
        for (key, live) in &mut self.alerts {
            let is_known = self.journaled.contains(key);
            let matters = live.track.since.is_some() || live.track.fired.is_some() || live.track.recent != 0;
            let state = Some((live.track, live.told, live.is_absence));
            if live.written == state || !(matters || is_known) {
                continue;
            }
            live.written = state;
            if !is_known {
                self.journaled.insert(key.clone());
            }
            records.push(Record::Alert {
                rule: Arc::clone(&self.identity),
                key: key.clone(),
                live: live.save(now, self.inherited.get(&live.labels).cloned()),
            });
        }
        let gone = self.journaled.extract_if(|key| !self.alerts.contains_key(key));
        records.extend(gone.map(|key| Record::Gone { rule: Arc::clone(&self.identity), key }));
        records
    }

    /// Takes up an alert as it was before a restart.
    fn restore(&mut self, key: Labels, saved: journal::Live, outage: Outage) {
        let pending = saved.state == State::Pending.into();
        if pending && outage.lasted() > LONGEST_OUTAGE {
            return;
        }
        if let Some(whose) = &saved.told_as {
            self.inherited.insert(saved.labels.clone(), Arc::clone(whose));
        }
        let blind = self.looks_back();
        let mut live = Live::restored(saved, outage);
        live.blind_until = (!blind.is_zero()).then(|| outage.to.at + blind);
        self.journaled.insert(key.clone());
        self.alerts.insert(key, live);
    }

    /// How long it takes after a start until the rule sees all that it looks at.
    fn looks_back(&self) -> Duration {
        match &self.rule.what {
            What::Threshold(threshold) => threshold.range.map(|range| range.range).unwrap_or_default(),
            #[cfg(feature = "rules")]
            _ => {
                let mut asked = crate::samples::Asked::default();
                self.ask(&mut asked);
                Duration::from_millis(u64::try_from(asked.longest()).unwrap_or_default())
            }
        }
        .min(crate::handle::LONGEST)
    }

    /// Whether the journal knows an alert of it.
    pub(crate) fn is_journaled(&self) -> bool {
        !self.journaled.is_empty()
    }

    /// Gives the alerts that fire.
    pub(crate) fn firing(&self) -> impl Iterator<Item = Alert> {
        self.active().filter(|alert| alert.state == State::Firing)
    }
}

/// What the wall showed at a moment.
fn before(now: Now, at: Instant) -> Option<jiff::Timestamp> {
    now.wall.checked_sub(now.at.saturating_duration_since(at)).ok()
}

/// Alerts of which nobody knows the rule yet.
#[derive(Debug)]
pub(crate) struct Orphans {
    alerts: HashMap<Arc<Identity>, Vec<(Labels, journal::Live)>>,
    outage: Outage,
}

impl Orphans {
    pub(crate) fn new(memory: &mut journal::Memory, to: Now) -> Self {
        let mut alerts: HashMap<_, Vec<_>> = HashMap::new();
        for ((rule, key), live) in memory.alerts.drain() {
            alerts.entry(rule).or_default().push((key, live));
        }
        let from = memory.alive.map_or(to, |alive| moment_of(alive, to));
        Self { alerts, outage: Outage { from, to } }
    }

    /// Gives a rule the alerts that it had.
    pub(crate) fn come_home(&mut self, rule: &mut Tracked) {
        for (key, live) in self.alerts.remove(&rule.identity).into_iter().flatten() {
            rule.restore(key, live, self.outage);
        }
    }

    /// Ends the alerts whose rule is no more; gives those that fired, resolved.
    pub(crate) fn end(self, now: Now) -> (Vec<(Alert, Arc<Identity>)>, Vec<Record>) {
        let (mut ended, mut records) = (Vec::new(), Vec::new());
        for (rule, alerts) in self.alerts {
            for (key, saved) in alerts {
                let (told, whose) = (saved.told, Arc::clone(saved.told_as.as_ref().unwrap_or(&rule)));
                let mut live = Live::restored(saved, self.outage);
                let resolved =
                    live.track.step(Seen::Clear, now, &Timing::default()) == Some(Change::Resolved);
                if resolved && told {
                    ended.extend(live.alert(rule.name()).map(|alert| (alert, whose)));
                }
                records.push(Record::Gone { rule: Arc::clone(&rule), key });
            }
        }
        (ended, records)
    }
}

impl Outage {
    fn lasted(&self) -> Duration {
        self.to.at.saturating_duration_since(self.from.at)
    }

    /// A moment from which time counts that nobody saw pass: the outage is not counted.
    fn without(&self, moment: Now) -> Now {
        let lasted = self.lasted();
        Now {
            at: moment.at.checked_add(lasted).unwrap_or(moment.at).min(self.to.at),
            wall: moment.wall.checked_add(lasted).unwrap_or(moment.wall).min(self.to.wall),
        }
    }
}

impl Live {
    fn save(&self, now: Now, told_as: Option<Arc<Identity>>) -> journal::Live {
        let Track { state, since, fired, resolved, clear_since, recent } = self.track;
        let moment = |at: Option<Now>| at.map(|at| Moment(at.wall));
        journal::Live {
            state: state.into(),
            since: moment(since),
            fired: moment(fired),
            resolved: moment(resolved),
            clear_since: clear_since.and_then(|since| before(now, since)).map(Moment),
            recent,
            value: self.value.to_bits(),
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            told: self.told,
            is_absence: self.is_absence,
            told_as,
        }
    }

    fn restored(saved: journal::Live, outage: Outage) -> Self {
        let moment = |moment: Option<Moment>| moment.map(|moment| moment_of(moment, outage.to));
        let state: State = saved.state.into();
        let since = moment(saved.since);
        Self {
            track: Track {
                state,
                since: if state == State::Pending { since.map(|since| outage.without(since)) } else { since },
                fired: moment(saved.fired),
                resolved: moment(saved.resolved),
                clear_since: moment(saved.clear_since).map(|since| outage.without(since).at),
                recent: saved.recent,
            },
            value: f64::from_bits(saved.value),
            labels: saved.labels,
            annotations: saved.annotations,
            told: saved.told,
            missing_since: None,
            is_absence: saved.is_absence,
            written: None,
            blind_until: None,
        }
    }

    pub(super) fn is_blind(&self, now: Now) -> bool {
        self.track.state() == State::Firing && self.blind_until.is_some_and(|until| now.at < until)
    }
}
