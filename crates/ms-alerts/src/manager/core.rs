//! One evaluation after the other.

use std::cell::RefCell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::ReentrantMutex;
use tokio::sync::watch;
use tokio::time::Instant;

#[cfg(feature = "rules")]
use super::memory::{Memory, asked_by};
use super::shown::Shown;
use crate::alert::Alert;
use crate::delivery::{Delivery, Notification};
use crate::group::{About, Group};
use crate::observe;
#[cfg(feature = "rules")]
use crate::samples::History;
use crate::samples::{ExpositionError, Samples, Source};
use crate::snapshot::Snapshot;
use crate::state::{Now, State};
use crate::template::External;
use crate::tracked::View;

pub(crate) struct Core {
    /// Locked by who evaluates. A condition that calls the manager which evaluates it finds it lent out: it is told so and does
    /// not wait for itself.
    pub(super) evaluator: ReentrantMutex<RefCell<Evaluator>>,
    pub(super) shown: Shown,
    /// What is to be evaluated, and how often.
    pub(super) beats: watch::Sender<HashSet<Arc<About>>>,
    source_failed: AtomicBool,
    sources: Vec<Source>,
    pub(crate) delivery: Delivery,
    pub(super) external: External,
    #[cfg(feature = "rules")]
    pub(super) memory: Memory,
}

/// What an evaluation changes.
pub(super) struct Evaluator {
    /// The first group holds the rules made in code.
    pub(super) groups: Vec<Group>,
    introduced: observe::Introduced,
    #[cfg(feature = "rules")]
    pub(super) history: History,
}

pub(super) fn beats_of(groups: &[Group]) -> HashSet<Arc<About>> {
    groups.iter().map(|group| Arc::clone(&group.about)).collect()
}

impl Core {
    /// The first group must be the one of the rules made in code, whose names are `names`.
    pub(crate) fn new(
        groups: Vec<Group>,
        names: HashSet<String>,
        sources: Vec<Source>,
        delivery: Delivery,
        external: External,
        #[cfg(feature = "rules")] memory: Memory,
    ) -> Self {
        observe::describe();
        Self {
            beats: watch::Sender::new(beats_of(&groups)),
            shown: Shown::new(&groups, names),
            evaluator: ReentrantMutex::new(RefCell::new(Evaluator {
                #[cfg(feature = "rules")]
                history: History::new(asked_by(&groups), memory.limits),
                groups,
                introduced: observe::Introduced::default(),
            })),
            source_failed: AtomicBool::new(false),
            sources,
            delivery,
            external,
            #[cfg(feature = "rules")]
            memory,
        }
    }

    /// Gives the groups as they are, and as they will be after a reload.
    pub(crate) fn beats(&self) -> watch::Receiver<HashSet<Arc<About>>> {
        self.beats.subscribe()
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.shown.snapshot()
    }

    /// Reads the sources and evaluates the groups that are `due` as of the moment `at`. Blocks.
    ///
    /// If a source fails, nothing is evaluated: what cannot be seen neither fires nor resolves.
    pub(crate) fn evaluate_sources(&self, due: &HashSet<Arc<About>>, at: Instant) {
        let now = Now { at, ..Now::read() };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let readings: Vec<_> = self.sources.iter().map(Source::read).collect();
            let samples: Result<Vec<Samples<'_>>, ExpositionError> =
                readings.iter().map(|reading| reading.samples()).collect();
            self.evaluate(&Samples::joined(samples?), now, |group| due.contains(group));
            Ok::<_, ExpositionError>(())
        }));
        // A source that cannot be read has gone, and its series with it.
        #[cfg(feature = "rules")]
        if !matches!(outcome, Ok(Ok(()))) {
            self.evaluator.lock().borrow_mut().history.record(&Samples::default(), now);
        }
        let problem = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            // Conditions of rules are caught one by one, so this was a source.
            Err(_) => Some("it panicked".to_owned()),
        };
        self.tell_of_sources(problem.as_deref());
    }

    /// Each failure is counted, and the first of several on end is logged.
    fn tell_of_sources(&self, problem: Option<&str>) {
        let failed_before = self.source_failed.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) => {
                observe::evaluation_failed("source");
                if !failed_before {
                    tracing::error!(problem, "a source of metrics failed; no rule is evaluated");
                }
            }
            None if failed_before => tracing::info!("the sources of metrics work again"),
            None => {}
        }
    }

    /// Gives nothing if it is called by what it evaluates.
    pub(super) fn evaluate(
        &self,
        samples: &Samples<'_>,
        now: Now,
        due: impl Fn(&About) -> bool,
    ) -> Vec<Alert> {
        let started = Instant::now();
        let lock = self.evaluator.lock();
        let Ok(mut evaluator) = lock.try_borrow_mut() else {
            observe::evaluation_failed("reentrant");
            tracing::error!("a condition checks the rules that it belongs to; that check was left out");
            return Vec::new();
        };
        let Evaluator {
            groups,
            introduced,
            #[cfg(feature = "rules")]
            history,
        } = &mut *evaluator;
        if let Some(own) = groups.first_mut() {
            own.rules.extend(self.shown.take_added());
        }
        #[cfg(feature = "rules")]
        history.record(samples, now);
        let mut changes = Vec::new();
        let mut evaluated = 0;
        for group in groups.iter_mut().filter(|group| due(&group.about)) {
            for rule in &mut group.rules {
                evaluated += 1;
                let view = View {
                    samples,
                    external: &self.external,
                    #[cfg(feature = "rules")]
                    history,
                    #[cfg(feature = "rules")]
                    dialect: self.memory.dialect,
                };
                let begun = Instant::now();
                let (changed, failure) = rule.evaluate(&view, now);
                rule.evaluated(now.wall, begun.elapsed(), &group.about.name, introduced);
                // The next rules of the group read it.
                #[cfg(feature = "rules")]
                rule.write(history);
                if let Some(failure) = failure {
                    observe::evaluation_failed(failure.reason());
                }
                // Under the lock, so that the sinks hear of changes in the order in which they happened.
                for change in &changed {
                    let url = Arc::clone(&self.external.url);
                    let notification = Notification::new(change.clone(), Arc::clone(rule.identity()), url);
                    self.delivery.push(notification, started);
                }
                changes.extend(changed);
            }
        }
        let snapshot = Snapshot::of(groups);
        let (mut firing, mut pending) = (0, 0);
        for alert in snapshot.alerts() {
            *(if alert.state == State::Firing { &mut firing } else { &mut pending }) += 1;
        }
        self.shown.replace(snapshot);
        observe::evaluated(evaluated, started.elapsed(), pending, firing);
        changes
    }
}
