//! A rule with its alerts: what becomes of what an evaluation sees.

mod apply;
mod journaled;
mod kept;
mod live;
mod look;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::alert::Alert;
#[cfg(feature = "rules")]
use crate::group::What;
use crate::group::{About, Failure, Rule, Shown};
use crate::identity::Identity;
use crate::labels::Labels;
use crate::observe::{Introduced, RuleMetrics};
use crate::samples::Samples;
use crate::snapshot::{RuleAbout, RuleView};
use crate::state::{Now, Seen, State};
use crate::template::External;
pub(crate) use journaled::Orphans;
use live::Live;

/// A rule and what is known of its alerts.
#[derive(Debug)]
pub(crate) struct Tracked {
    rule: Rule,
    /// By the labels of the series (rules made in code) or of the alert (rule files, as in Prometheus).
    alerts: BTreeMap<Labels, Live>,
    no_data: bool,
    /// Of a rule that judges a range.
    kept: kept::Kept,
    /// Since when no series has had a number.
    missing_since: Option<Instant>,
    error: Option<Failure>,
    about: Arc<RuleAbout>,
    identity: Arc<Identity>,
    /// Whose alerts of some labels were before it was read anew with other ones.
    inherited: HashMap<Labels, Arc<Identity>>,
    /// When it was evaluated last, and how long that took.
    evaluated: Option<(Timestamp, Duration)>,
    /// Made at the first evaluation: by then the service has its recorder.
    metrics: Option<RuleMetrics>,
    /// The alerts that the journal knows.
    journaled: HashSet<Labels>,
    /// What a recording rule has to write.
    #[cfg(feature = "rules")]
    recorded: Vec<(Labels, f64)>,
    #[cfg(feature = "rules")]
    written: crate::written::Written,
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
    /// What is shown of the alert that there is no data, if it is time for one.
    absent: Option<Shown>,
}

/// What rules are evaluated over.
pub(crate) struct View<'v> {
    pub(crate) samples: &'v Samples<'v>,
    pub(crate) external: &'v External,
    #[cfg(feature = "rules")]
    pub(crate) unseen: &'v crate::unseen::Unseen,
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
            inherited: HashMap::new(),
            evaluated: None,
            metrics: None,
            journaled: HashSet::new(),
            alerts: BTreeMap::new(),
            no_data: false,
            kept: kept::Kept::default(),
            missing_since: None,
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

    /// Gives where people find the rule, if they find the service.
    pub(crate) fn generator_url(&self, external: &External) -> String {
        external.table_link(&self.about.expression)
    }

    #[cfg(any(feature = "rules", test))]
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Whose alert it is for the sinks. What another rule announced under the same labels, and resolved, goes on as that one's: else
    /// the two might arrive in any order.
    pub(crate) fn identity_of(&self, alert: &Alert) -> &Arc<Identity> {
        self.inherited.get(&alert.labels).unwrap_or(&self.identity)
    }

    /// Takes over what the sinks were told of a rule that is gone.
    #[cfg(feature = "rules")]
    pub(crate) fn inherit(&mut self, gone: &Self, told: &[Alert]) {
        let told = told.iter().map(|alert| (alert.labels.clone(), Arc::clone(gone.identity_of(alert))));
        self.inherited.extend(told);
    }

    /// Takes over what the sinks were told of an alert whose rule is gone.
    pub(crate) fn inherit_one(&mut self, labels: Labels, whose: Arc<Identity>) {
        self.inherited.entry(labels).or_insert(whose);
    }

    /// Tells whether it was never evaluated, not even before a reload.
    pub(crate) fn is_new(&self) -> bool {
        self.evaluated.is_none()
    }

    #[cfg(feature = "rules")]
    pub(crate) fn identify(&mut self, identity: Arc<Identity>) {
        self.identity = identity;
    }

    /// Takes over from the same rule before a reload.
    #[cfg(feature = "rules")]
    pub(crate) fn adopt(&mut self, before: Self) {
        self.alerts = before.alerts;
        self.inherited = before.inherited;
        self.no_data = before.no_data;
        self.error = before.error;
        self.evaluated = before.evaluated;
        self.written = before.written;
        self.metrics = before.metrics;
        self.journaled = before.journaled;
    }

    /// Ends a rule that is no more; gives the alerts that fired, resolved.
    #[cfg(feature = "rules")]
    pub(crate) fn end(&mut self, history: &mut crate::samples::History, now: Now) -> Vec<Alert> {
        self.written.write(history, self.rule.offset, Vec::new());
        self.metrics.iter().for_each(RuleMetrics::end);
        let mut changes = Vec::new();
        self.resolve_all(now, &mut changes);
        changes
    }

    /// Gives what a recording rule writes, and of what.
    #[cfg(feature = "rules")]
    pub(crate) fn records(&self) -> Option<(&str, &crate::promql::Query)> {
        match &self.rule.what {
            What::Record(query) => Some((&self.rule.name, query)),
            _ => None,
        }
    }

    /// Tells which metrics the rule looks back at.
    #[cfg(feature = "rules")]
    pub(crate) fn ask(&self, asked: &mut crate::samples::Asked) {
        if let What::Promql(query) | What::Record(query) = &self.rule.what {
            query.ask(asked, self.rule.offset);
        }
        let texts = self.rule.labels.iter().chain(&self.rule.annotations);
        texts.for_each(|(_, text)| text.ask(asked));
    }

    /// Writes what others may read of its last evaluation, if that did not fail.
    #[cfg(feature = "rules")]
    pub(crate) fn write(&mut self, history: &mut crate::samples::History) {
        if self.error.is_some() {
            return;
        }
        let series = match self.rule.what {
            What::Record(_) => std::mem::take(&mut self.recorded),
            _ => crate::written::of_alerts(history, &self.rule.labels, self.active()),
        };
        self.written.write(history, self.rule.offset, series);
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
        let kept = self.keep(view, now);
        // The samples are only read and the state is not touched before the condition has returned.
        let findings = catch_unwind(AssertUnwindSafe(|| self.look(view, now)));
        let outcome = match kept.and(findings.unwrap_or(Err(Failure::Panicked))) {
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

    /// Gives the alerts that are pending or firing, sorted by their labels.
    fn active(&self) -> impl Iterator<Item = Alert> {
        self.alerts.values().filter(|live| live.is_active()).filter_map(|live| live.alert(&self.rule.name))
    }

    /// Notes when it was evaluated, and how long that took.
    pub(crate) fn evaluated(&mut self, at: Timestamp, took: Duration, group: &str, known: &mut Introduced) {
        self.evaluated = Some((at, took));
        let metrics = self.metrics.get_or_insert_with(|| known.introduce(group, &self.rule.name));
        metrics.evaluated(at, took, self.error.is_some());
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
