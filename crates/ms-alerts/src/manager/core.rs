//! One evaluation after the other.

use std::cell::RefCell;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parking_lot::ReentrantMutex;
use tokio::sync::watch;
use tokio::time::Instant;

#[cfg(feature = "rules")]
use super::memory::{Memory, asked_by};
use super::shown::Shown;
use crate::alert::Alert;
use crate::delivery::Delivery;
use crate::group::{About, Group};
use crate::observe;
#[cfg(feature = "rules")]
use crate::samples::History;
use crate::samples::{Samples, Source, parse_exposition};
use crate::snapshot::Snapshot;
use crate::sources::{Read, Sources};
use crate::state::{Now, State};
use crate::template::External;
use crate::tracked::{Orphans, View};
#[cfg(feature = "rules")]
use crate::unseen::Unseen;

pub(crate) struct Core {
    /// Locked by who evaluates. A condition that calls the manager which evaluates it finds it lent out: it is told so and does
    /// not wait for itself.
    pub(super) evaluator: ReentrantMutex<RefCell<Evaluator>>,
    pub(super) shown: Shown,
    /// What is to be evaluated, and how often.
    pub(super) beats: watch::Sender<HashSet<Arc<About>>>,
    pub(crate) sources: Sources,
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
    /// Alerts of before a restart, until the first evaluation.
    orphans: Option<Orphans>,
    /// When the journal last heard of an evaluation.
    written_at: Option<Instant>,
    #[cfg(feature = "rules")]
    pub(super) history: History,
}

/// What is looked at.
pub(super) struct Round<'r, 's> {
    pub(super) samples: &'r Samples<'s>,
    pub(super) now: Now,
    #[cfg(feature = "rules")]
    unseen: Unseen,
}

impl<'r, 's> Round<'r, 's> {
    /// Samples of which none is missing for a source that failed.
    pub(super) fn of(samples: &'r Samples<'s>, now: Now) -> Self {
        Self {
            samples,
            now,
            #[cfg(feature = "rules")]
            unseen: Unseen::default(),
        }
    }
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
        orphans: Option<Orphans>,
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
                orphans,
                written_at: None,
            })),
            sources: Sources::new(sources),
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

    /// Evaluates the groups that are `due` over what the sources gave. Blocks.
    ///
    /// The series of a source that failed have gone. That lets no alert resolve: what cannot be seen may be as bad as before.
    pub(crate) fn evaluate_read(&self, read: &[Read], due: &HashSet<Arc<About>>, now: Now) {
        let samples = self.sources.samples(read);
        let up = self.sources.up(&samples);
        #[cfg(feature = "rules")]
        let unseen = self.sources.unseen(&samples);
        let up = parse_exposition(&up).unwrap_or_default();
        let round = Round {
            samples: &Samples::joined(
                samples.into_iter().flatten().chain([up].into_iter().filter(|up| !up.is_empty())),
            ),
            now,
            #[cfg(feature = "rules")]
            unseen,
        };
        // Conditions of rules are caught one by one; a recorder of metrics may panic too.
        if catch_unwind(AssertUnwindSafe(|| self.evaluate(round, |group| due.contains(group)))).is_err() {
            observe::evaluation_failed("panic");
        }
    }

    /// Gives nothing if it is called by what it evaluates.
    pub(super) fn evaluate(&self, round: Round<'_, '_>, due: impl Fn(&About) -> bool) -> Vec<Alert> {
        let started = Now::read();
        let lock = self.evaluator.lock();
        let Ok(mut evaluator) = lock.try_borrow_mut() else {
            observe::evaluation_failed("reentrant");
            tracing::error!("a condition checks the rules that it belongs to; that check was left out");
            return Vec::new();
        };
        let Evaluator {
            groups,
            introduced,
            orphans,
            written_at,
            #[cfg(feature = "rules")]
            history,
        } = &mut *evaluator;
        let mut added = self.shown.take_added();
        let mut outbox = self.delivery.outbox(&self.external);
        if let Some(mut orphans) = orphans.take() {
            added.iter_mut().for_each(|rule| orphans.come_home(rule));
            for (alert, whose) in outbox.end(orphans, started) {
                let mut rules = groups.iter_mut().flat_map(|group| &mut group.rules).chain(&mut added);
                if let Some(heir) = rules.find(|rule| rule.is_new() && rule.name() == alert.rule) {
                    heir.inherit_one(alert.labels, whose);
                }
            }
        }
        if let Some(own) = groups.first_mut() {
            own.rules.extend(added);
        }
        let Round { samples, now, .. } = round;
        #[cfg(feature = "rules")]
        {
            if self.memory.replayed_from.get().is_some() {
                history.begins_with_time();
            }
            history.record(samples, now);
        }
        #[cfg(feature = "rules")]
        let unseen = round.unseen.and_recorded(groups);
        let mut changes = Vec::new();
        let mut evaluated = 0;
        for group in groups.iter_mut().filter(|group| due(&group.about)) {
            for rule in &mut group.rules {
                evaluated += 1;
                let view = View {
                    samples,
                    external: &self.external,
                    #[cfg(feature = "rules")]
                    unseen: &unseen,
                    #[cfg(feature = "rules")]
                    history,
                    #[cfg(feature = "rules")]
                    dialect: self.memory.dialect,
                };
                let begun = Instant::now();
                let (mut changed, failure) = rule.evaluate(&view, now);
                rule.evaluated(now.wall, begun.elapsed(), &group.about.name, introduced);
                // The next rules of the group read it.
                #[cfg(feature = "rules")]
                rule.write(history);
                if let Some(failure) = failure {
                    observe::evaluation_failed(failure.reason());
                }
                changed
                    .iter_mut()
                    .for_each(|change| change.generator_url = rule.generator_url(&self.external));
                outbox.take(rule, &changed, now);
                changes.extend(changed);
            }
        }
        // Under the lock, so that the sinks hear of changes in the order in which they happened.
        outbox.send(started, now, written_at);
        let snapshot = Snapshot::of(groups);
        let (mut firing, mut pending) = (0, 0);
        for alert in snapshot.alerts() {
            *(if alert.state == State::Firing { &mut firing } else { &mut pending }) += 1;
        }
        self.shown.replace(snapshot);
        #[cfg(feature = "rules")]
        self.delivery.show(self.snapshot());
        observe::evaluated(evaluated, started.at.elapsed(), pending, firing);
        changes
    }
}
