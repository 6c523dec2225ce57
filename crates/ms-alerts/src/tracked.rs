//! A rule with its alerts: what an evaluation sees, and what becomes of it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::alert::Alert;
use crate::fingerprint::of_labels;
use crate::group::{About, Failure, Rule, Shown, What};
use crate::identity::Identity;
use crate::labels::Labels;
use crate::samples::{Sample, Samples};
use crate::snapshot::{RuleAbout, RuleView};
use crate::state::{Change, Now, Seen, State, Timing, Track};

/// A sample with a time stamp of its own is looked at for this long, as in Prometheus.
const LOOK_BACK_MILLISECONDS: i64 = 5 * 60 * 1000;

/// A rule and what is known of its alerts.
#[derive(Debug)]
pub(crate) struct Tracked {
    rule: Rule,
    /// By the labels of the series (rules made in code) or of the alert (rule files, as in Prometheus).
    alerts: BTreeMap<Labels, Live>,
    no_data: bool,
    error: Option<Failure>,
    about: Arc<RuleAbout>,
    identity: Arc<Identity>,
    /// When it was evaluated last, and how long that took.
    evaluated: Option<(Timestamp, Duration)>,
    /// What a recording rule has to write.
    #[cfg(feature = "rules")]
    recorded: Vec<(Labels, f64)>,
    #[cfg(feature = "rules")]
    written: crate::written::Written,
}

#[derive(Debug)]
struct Live {
    track: Track,
    value: f64,
    labels: Labels,
    annotations: Labels,
    /// It fired in an evaluation before this one.
    told: bool,
}

/// What an evaluation saw of one alert.
struct Found {
    key: Labels,
    seen: Seen,
    value: f64,
    /// Of an alert whose condition holds.
    shown: Option<Shown>,
}

/// What an evaluation saw of a rule.
struct Findings {
    found: Vec<Found>,
    /// What an alert is that was not found.
    others: Seen,
    no_data: bool,
}

/// What rules are evaluated over.
pub(crate) struct View<'v> {
    pub(crate) samples: &'v Samples<'v>,
    #[cfg(feature = "rules")]
    pub(crate) history: &'v crate::samples::History,
    #[cfg(feature = "rules")]
    pub(crate) dialect: crate::promql::Dialect,
}

impl Tracked {
    pub(crate) fn new(rule: Rule) -> Self {
        let about = Arc::new(RuleAbout::of(&rule));
        Self {
            rule,
            identity: Arc::new(Identity::of(&About::default(), &about)),
            about,
            evaluated: None,
            alerts: BTreeMap::new(),
            no_data: false,
            error: None,
            #[cfg(feature = "rules")]
            recorded: Vec::new(),
            #[cfg(feature = "rules")]
            written: crate::written::Written::default(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.rule.name
    }

    #[cfg(feature = "rules")]
    pub(crate) fn about(&self) -> &RuleAbout {
        &self.about
    }

    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    #[cfg(feature = "rules")]
    pub(crate) fn identify(&mut self, identity: Arc<Identity>) {
        self.identity = identity;
    }

    /// Takes over from the same rule before a reload.
    #[cfg(feature = "rules")]
    pub(crate) fn adopt(&mut self, before: Self) {
        self.alerts = before.alerts;
        self.no_data = before.no_data;
        self.error = before.error;
        self.evaluated = before.evaluated;
        self.written = before.written;
    }

    /// Ends a rule that is no more; gives the alerts that fired, resolved.
    #[cfg(feature = "rules")]
    pub(crate) fn end(&mut self, history: &mut crate::samples::History, now: Now) -> Vec<Alert> {
        self.written.write(history, self.rule.offset, Vec::new());
        let mut changes = Vec::new();
        self.resolve_all(now, &mut changes);
        changes
    }

    /// Tells which metrics the rule looks back at.
    #[cfg(feature = "rules")]
    pub(crate) fn ask(&self, asked: &mut crate::samples::Asked) {
        if let What::Promql(query) | What::Record(query) = &self.rule.what {
            query.ask(asked, self.rule.offset);
        }
    }

    /// Writes what others may read of its last evaluation, if that did not fail.
    #[cfg(feature = "rules")]
    pub(crate) fn write(&mut self, history: &mut crate::samples::History) {
        if self.error.is_some() {
            return;
        }
        let (ago, series) = match self.rule.what {
            What::Record(_) => (self.rule.offset, std::mem::take(&mut self.recorded)),
            _ => (0, crate::written::of_alerts(history, &self.rule.labels, self.active())),
        };
        self.written.write(history, ago, series);
    }

    /// Evaluates the rule; gives the alerts that fired or resolved. A failure, a panic too, changes no state but for the
    /// limit, which forgets all alerts, as in Prometheus.
    pub(crate) fn evaluate(&mut self, view: &View<'_>, now: Now) -> (Vec<Alert>, Option<Failure>) {
        let mut changes = Vec::new();
        #[cfg(feature = "rules")]
        if let What::Record(query) = &self.rule.what {
            let recorded = catch_unwind(AssertUnwindSafe(|| self.record(query, view, now)));
            let recorded = recorded.unwrap_or(Err(Failure::Panicked));
            let failure = recorded.as_ref().err().copied();
            self.recorded = recorded.unwrap_or_default();
            self.tell_of(failure);
            return (changes, failure);
        }
        // The samples are only read and the state is not touched before the condition has returned.
        let findings = catch_unwind(AssertUnwindSafe(|| self.look(view, now)));
        let outcome = match findings.unwrap_or(Err(Failure::Panicked)) {
            Ok(findings) => self.apply(findings, now, &mut changes),
            Err(failure) => Err(failure),
        };
        self.tell_of(outcome.err());
        (changes, self.error)
    }

    /// A lasting failure is one line, not one an interval.
    fn tell_of(&mut self, failure: Option<Failure>) {
        let before = std::mem::replace(&mut self.error, failure);
        if let Some(failure) = self.error.filter(|failure| before != Some(*failure)) {
            tracing::warn!(rule = self.rule.name, %failure, "rule not evaluated");
        }
    }

    fn look(&self, view: &View<'_>, now: Now) -> Result<Findings, Failure> {
        match &self.rule.what {
            What::Threshold { metric, condition, threshold } => {
                let wall = now.wall.as_millisecond();
                let visible = view.samples.named(metric).filter(|sample| is_visible(sample, wall));
                Ok(self.judge(visible, |value| condition.holds(value, *threshold)))
            }
            #[cfg(feature = "rules")]
            What::Promql(query) => self.query(query, view, now),
            #[cfg(feature = "rules")]
            What::Record(_) => Ok(Findings { found: Vec::new(), others: Seen::Clear, no_data: false }),
        }
    }

    /// What a recording rule has to write.
    #[cfg(feature = "rules")]
    fn record(
        &self,
        query: &crate::promql::Query,
        view: &View<'_>,
        now: Now,
    ) -> Result<Vec<(Labels, f64)>, Failure> {
        let wall = now.wall.as_millisecond();
        let answer = query.evaluate(view.samples, view.history, wall, self.rule.offset, view.dialect);
        let answer = answer.map_err(Failure::Expression)?;
        let mut seen = HashSet::new();
        let mut series = Vec::with_capacity(answer.len());
        for element in answer {
            let labels = self.rule.recorded(&Sample::of_labels(element.labels(), element.value()));
            if !seen.insert(labels.clone()) {
                return Err(Failure::SameLabels);
            }
            series.push((labels, element.value()));
        }
        match self.rule.limit.filter(|limit| series.len() > *limit) {
            Some(limit) => Err(Failure::Limit(limit)),
            None => Ok(series),
        }
    }

    fn judge<'s>(&self, samples: impl Iterator<Item = Sample<'s>>, holds: impl Fn(f64) -> bool) -> Findings {
        let mut findings = Findings { found: Vec::new(), others: Seen::Nothing, no_data: true };
        // Thousands of series may be fine: their labels are only copied where there may be an alert.
        let known: HashSet<u64> = self.alerts.keys().map(|labels| of_labels(labels.iter())).collect();
        for sample in samples {
            let value = sample.value();
            let seen = if value.is_nan() {
                Seen::Nothing
            } else if holds(value) {
                Seen::Holds
            } else {
                Seen::Clear
            };
            findings.no_data &= seen == Seen::Nothing;
            let may_be_known = || !known.is_empty() && known.contains(&of_labels(sample.labels()));
            if seen == Seen::Holds || may_be_known() {
                let key: Labels = sample.labels().collect();
                let shown = (seen == Seen::Holds).then(|| self.rule.show(&sample));
                findings.found.push(Found { key, seen, value, shown });
            }
        }
        findings
    }

    #[cfg(feature = "rules")]
    fn query(&self, query: &crate::promql::Query, view: &View<'_>, now: Now) -> Result<Findings, Failure> {
        let wall = now.wall.as_millisecond();
        let mut labels_seen = HashSet::new();
        let mut findings = Findings { found: Vec::new(), others: Seen::Clear, no_data: false };
        let answer = query.evaluate(view.samples, view.history, wall, self.rule.offset, view.dialect);
        for element in answer.map_err(Failure::Expression)? {
            let shown = self.rule.show(&Sample::of_labels(element.labels(), element.value()));
            if !labels_seen.insert(shown.labels.clone()) {
                return Err(Failure::SameLabels);
            }
            let (key, value) = (shown.labels.clone(), element.value());
            findings.found.push(Found { key, seen: Seen::Holds, value, shown: Some(shown) });
        }
        Ok(findings)
    }

    fn apply(&mut self, findings: Findings, now: Now, changes: &mut Vec<Alert>) -> Result<(), Failure> {
        self.no_data = findings.no_data;
        let mut touched = HashSet::new();
        for found in findings.found {
            if touched.insert(found.key.clone()) {
                self.step(found, now, changes);
            }
        }
        let others: Vec<Labels> = self.alerts.keys().filter(|key| !touched.contains(*key)).cloned().collect();
        for key in others {
            self.step(Found { key, seen: findings.others, value: f64::NAN, shown: None }, now, changes);
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
        if live.track.step(found.seen, now, &self.rule.timing).is_some() {
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

    fn resolve_all(&mut self, now: Now, changes: &mut Vec<Alert>) {
        let at_once = Timing { keep_firing: Duration::ZERO, ..self.rule.timing };
        for mut live in std::mem::take(&mut self.alerts).into_values() {
            let told = live.told && live.track.state() == State::Firing;
            if told && live.track.step(Seen::Clear, now, &at_once) == Some(Change::Resolved) {
                changes.extend(live.alert(&self.rule.name));
            }
        }
    }

    /// Gives the alerts that are pending or firing, sorted by their labels.
    fn active(&self) -> impl Iterator<Item = Alert> {
        self.alerts.values().filter(|live| live.is_active()).filter_map(|live| live.alert(&self.rule.name))
    }

    /// Notes when it was evaluated, and how long that took.
    pub(crate) fn evaluated(&mut self, at: Timestamp, took: Duration) {
        self.evaluated = Some((at, took));
    }

    /// What is shown of it.
    pub(crate) fn view(&self) -> RuleView {
        RuleView {
            about: Arc::clone(&self.about),
            state: self.state(),
            error: self.error,
            evaluated: self.evaluated,
            alerts: self.active().collect(),
        }
    }

    fn state(&self) -> State {
        let any = |state| self.alerts.values().any(|live| live.track.state() == state);
        match () {
            () if any(State::Firing) => State::Firing,
            () if any(State::Pending) => State::Pending,
            () if self.no_data => State::NoData,
            () if any(State::Resolved) => State::Resolved,
            () => State::Inactive,
        }
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            track: Track::default(),
            value: f64::NAN,
            labels: Labels::default(),
            annotations: Labels::default(),
            told: false,
        }
    }
}

impl Live {
    fn is_active(&self) -> bool {
        matches!(self.track.state(), State::Pending | State::Firing)
    }

    /// Nothing is shown of an alert that never was active.
    fn alert(&self, rule: &str) -> Option<Alert> {
        let state = self.track.state();
        Some(Alert {
            rule: rule.to_owned(),
            state,
            value: self.value,
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            active_at: self.track.active_at()?,
            // An alert that is pending for the second time has not fired yet.
            fired_at: self.track.fired_at().filter(|_| state != State::Pending),
            resolved_at: self.track.resolved_at().filter(|_| state == State::Resolved),
        })
    }
}

fn is_visible(sample: &Sample<'_>, now: i64) -> bool {
    sample.timestamp().is_none_or(|at| at <= now && now.saturating_sub(at) < LOOK_BACK_MILLISECONDS)
}
