//! The place of one check: its last answer, the run on its way, and who may wait for it.

mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};

use self::state::{Answer, Flight, State};
use crate::change::{Change, Listener};
use crate::check::Check;
use crate::crew::Crew;
use crate::history::PastRun;
use crate::observe;
use crate::report::{CheckReport, Reason};
use crate::run::{self, Outcome};
use crate::status::Status;

/// How long after the deadline a waiting probe gives up on a runner that does not even report the timeout.
const GRACE: Duration = Duration::from_millis(50);
/// And how much longer it waits where that has passed: a process that was held up, as one whose share of the processor is
/// used up, finds all its timers passed at once, and the runner is to have its turn first.
const SECOND_GRACE: Duration = Duration::from_millis(25);

pub(crate) struct Slot {
    pub(crate) check: Check,
    /// One permit: a run that hangs in a thread keeps it, so that there is never a second.
    pub(crate) running: Arc<Semaphore>,
    /// Its number in the order of registration.
    pub(crate) index: usize,
    listener: Listener,
    tags: Arc<[Arc<str>]>,
    /// An answer is older than this for nobody.
    max_age: Duration,
    /// Set where checks run in the background only; probes then never begin a run.
    interval: Option<Duration>,
    state: Mutex<State>,
}

enum Step {
    Use(Answer),
    Wait(Flight),
    /// Nobody runs it: there is no runtime, or that is not for probes to do.
    Stuck,
}

impl Slot {
    /// `interval` is that of the background runs, if probes are not to begin any.
    pub(crate) fn new(check: Check, index: usize, listener: Listener, interval: Option<Duration>) -> Self {
        let one_run = check.deadline.saturating_add(GRACE);
        let by_default = match interval {
            // A run may begin an interval late, and be half an interval early for the one after.
            Some(interval) => check.ttl.max(interval).saturating_add(interval).saturating_add(one_run),
            None => check.ttl.saturating_add(one_run),
        };
        Self {
            max_age: check.max_age.unwrap_or(by_default),
            tags: check.tags.clone().into(),
            check,
            index,
            listener,
            running: Arc::new(Semaphore::new(1)),
            interval,
            state: Mutex::default(),
        }
    }

    /// The status now, if an answer that is fresh enough lies ready.
    pub(crate) fn fresh_status(&self, now: Instant) -> Option<Status> {
        let state = self.state.lock();
        state.last.as_ref().filter(|last| self.is_fresh(last, now)).map(|last| last.status)
    }

    /// The answer now, if one that is fresh enough lies ready.
    pub(crate) fn fresh_report(&self, now: Instant) -> Option<CheckReport> {
        let state = self.state.lock();
        state.last.as_ref().filter(|last| self.is_fresh(last, now)).map(|last| self.report(last, now))
    }

    /// Gives the answer: a fresh one, the one before while a run younger than the deadline is on its way, or that of
    /// the run.
    ///
    /// Dropping the future leaves the run on its way; others may be waiting for it.
    pub(crate) async fn answer(self: &Arc<Self>, crew: &Arc<Crew>) -> CheckReport {
        match self.step(crew) {
            Step::Use(answer) => self.report(&answer, Instant::now()),
            Step::Stuck => self.not_run(),
            Step::Wait(mut flight) => {
                // Nothing is ever sent: the end of the sender is the message.
                let mut landed = timeout_at(flight.gives_up, flight.landed.changed()).await.is_ok();
                if !landed {
                    landed = timeout(SECOND_GRACE, flight.landed.changed()).await.is_ok();
                }
                let now = Instant::now();
                let last = self.state.lock().last.clone();
                match (landed, last) {
                    (true, Some(last)) if self.is_usable(&last, now) => self.report(&last, now),
                    _ => self.not_run(),
                }
            }
        }
    }

    fn step(self: &Arc<Self>, crew: &Arc<Crew>) -> Step {
        let now = Instant::now();
        let mut state = self.state.lock();
        let last = state.last.as_ref();
        if let Some(fresh) = last.filter(|last| self.is_fresh(last, now)) {
            return Step::Use(fresh.clone());
        }
        if let Some(flight) = state.flying() {
            // One probe a TTL waits for the truth; the crowd behind it is not held up by a slow check.
            return match last.filter(|last| self.is_usable(last, now)) {
                Some(last) => Step::Use(last.clone()),
                None => Step::Wait(flight.clone()),
            };
        }
        match (self.interval, Handle::try_current()) {
            (None, Ok(runtime)) => Step::Wait(self.begin(&mut state, &runtime, crew, now)),
            _ => Step::Stuck,
        }
    }

    /// Begins a run if one is due, and waits for nothing.
    pub(crate) fn begin_if_due(self: &Arc<Self>, crew: &Arc<Crew>, interval: Duration, runtime: &Handle) {
        let now = Instant::now();
        let mut state = self.state.lock();
        // What is due before the middle of the next interval is due now.
        let due = self.check.ttl.saturating_sub(interval / 2);
        let old = |last: &Answer| now.saturating_duration_since(last.at) >= due;
        if state.flying().is_none() && state.last.as_ref().is_none_or(old) {
            self.begin(&mut state, runtime, crew, now);
        }
    }

    fn begin(
        self: &Arc<Self>,
        state: &mut State,
        runtime: &Handle,
        crew: &Arc<Crew>,
        now: Instant,
    ) -> Flight {
        let (landing, landed) = watch::channel(());
        let gives_up = now.checked_add(self.check.deadline + GRACE).unwrap_or(now);
        let flight = Flight { landed, gives_up };
        state.flight = Some(flight.clone());
        let (slot, crew) = (Arc::clone(self), Arc::clone(crew));
        // A task of its own, so that the probe that began it may go away.
        runtime.spawn(async move {
            let outcome = run::once(&slot, crew).await;
            slot.publish(outcome, now);
            drop(landing);
        });
        flight
    }

    fn publish(&self, outcome: Outcome, started: Instant) {
        let at = Instant::now();
        let took = at.saturating_duration_since(started);
        let mut state = self.state.lock();
        let (before, began) = state.last.as_ref().map(|last| (last.status, last.since)).unzip();
        let before = if std::mem::take(&mut state.silent) { Some(Status::Unknown) } else { before };
        let found = outcome.status;
        let status = state.smoothed(found, &self.check);
        let Outcome { reason, error, readings, .. } = outcome;
        let since = began.filter(|_| before == Some(status)).unwrap_or(at);
        state.history.add(status, PastRun { found, reason, error: error.clone(), took, at });
        state.last = Some(Answer { status, reason, error: error.clone(), readings, took, at, since });
        state.flight = None;
        drop(state);
        // Outside the lock: a recorder or a subscriber is foreign code.
        observe::run(&self.check.name, status, reason, took);
        if before != Some(status) {
            self.changed(before, status, reason, error.as_deref());
        }
    }

    /// The last hour by the minute, oldest first.
    pub(crate) fn hour(&self) -> Vec<Option<Status>> {
        self.state.lock().history.hour(Instant::now())
    }

    /// The last runs, newest first.
    pub(crate) fn runs(&self) -> Vec<PastRun> {
        self.state.lock().history.runs().cloned().collect()
    }

    /// What is known now, asking nobody.
    pub(crate) fn known(&self) -> CheckReport {
        let now = Instant::now();
        let last = self.state.lock().last.clone();
        // That nobody asked of late is no change of the check: nothing is told.
        match last {
            Some(last) if self.is_usable(&last, now) => self.report(&last, now),
            last => self.silence(last.map(|last| now.saturating_duration_since(last.at))),
        }
    }

    /// Tells the log, the metrics and who listens. Not under the lock: all of that is foreign code.
    fn changed(&self, from: Option<Status>, to: Status, reason: Option<Reason>, error: Option<&str>) {
        observe::change(&self.check.name, from, to, reason, error);
        if from.is_some() || to != Status::Healthy {
            let (check, critical) = (&*self.check.name, self.check.critical);
            self.listener.tell(&Change { check, critical, from, to, reason, error });
        }
    }

    fn is_fresh(&self, answer: &Answer, now: Instant) -> bool {
        let age = now.saturating_duration_since(answer.at);
        // In the background nobody but the poller can bring a newer one.
        if self.interval.is_some() {
            age <= self.max_age
        } else {
            age < self.check.ttl && age <= self.max_age
        }
    }

    fn is_usable(&self, answer: &Answer, now: Instant) -> bool {
        now.saturating_duration_since(answer.at) <= self.max_age
    }

    fn report(&self, answer: &Answer, now: Instant) -> CheckReport {
        CheckReport {
            name: Arc::clone(&self.check.name),
            critical: self.check.critical,
            status: answer.status,
            reason: answer.reason,
            error: answer.error.clone(),
            readings: Arc::clone(&answer.readings),
            duration: answer.took,
            age: now.saturating_duration_since(answer.at),
            since: now.saturating_duration_since(answer.since),
            tags: Arc::clone(&self.tags),
            description: self.check.description.clone(),
        }
    }

    /// What is said of a check that was asked and has no answer, or only one that is too old.
    fn not_run(&self) -> CheckReport {
        let now = Instant::now();
        let mut state = self.state.lock();
        // It may have come since the caller looked; then there is no silence to tell.
        if let Some(late) = state.last.as_ref().filter(|last| self.is_usable(last, now)) {
            return self.report(late, now);
        }
        let last = state.last.as_ref().map(|last| (last.status, now.saturating_duration_since(last.at)));
        let first_told = !std::mem::replace(&mut state.silent, true);
        drop(state);
        if first_told {
            let was = last.map(|(status, _)| status).filter(|status| *status != Status::Unknown);
            observe::status(&self.check.name, Status::Unknown);
            self.changed(was, Status::Unknown, Some(Reason::NotRun), None);
        }
        self.silence(last.map(|(_, age)| age))
    }

    /// `age` is that of the last answer, if there ever was one.
    fn silence(&self, age: Option<Duration>) -> CheckReport {
        let age = age.unwrap_or_default();
        CheckReport {
            name: Arc::clone(&self.check.name),
            critical: self.check.critical,
            status: Status::Unknown,
            reason: Some(Reason::NotRun),
            error: None,
            readings: Arc::default(),
            duration: Duration::ZERO,
            age,
            since: age.saturating_sub(self.max_age),
            tags: Arc::clone(&self.tags),
            description: self.check.description.clone(),
        }
    }
}
