//! Rules read again while they are in use.

use std::collections::HashMap;
use std::sync::Arc;

use super::AlertManager;
use super::core::{Core, Evaluator, beats_of};
use super::memory::asked_by;
use crate::alert::Alert;
use crate::group::Group;
use crate::observe;
use crate::rules_file::{RuleFileError, RuleSet};
use crate::snapshot::Snapshot;
use crate::state::Now;

impl AlertManager {
    /// Reads the rule files again, those that a pattern finds by now, and puts what they say in place of what they said. Gives
    /// the alerts of rules that are gone: those that fired are resolved, at the sinks too.
    ///
    /// A rule that has the file, group, name and labels that it had keeps its alerts, as in Prometheus, whatever became of the
    /// rest of it. A group that is new or has other options is evaluated at once, the others when they are due. Rules made in
    /// code and those of texts stay as they are.
    ///
    /// Blocks while files are read and while an evaluation runs; [`AlertHandle::reload`](crate::AlertHandle::reload) waits
    /// elsewhere.
    ///
    /// # Errors
    ///
    /// [`RuleFileError`] as of the builder's methods, and [`RuleFileError::Evaluating`] if a condition of these rules asks for it.
    /// The rules are as they were.
    pub fn reload(&self) -> Result<Vec<Alert>, RuleFileError> {
        self.0.delivery.start();
        // Before the origins: whoever holds them waits for the evaluation.
        if self.0.evaluator.is_owned_by_current_thread() {
            observe::reload_failed();
            return Err(RuleFileError::Evaluating);
        }
        let origins = self.0.memory.origins.lock();
        let groups = RuleSet::read(&origins).inspect_err(|_| observe::reload_failed())?;
        let resolved = self.0.replace(groups).ok_or(RuleFileError::Evaluating)?;
        observe::loaded();
        Ok(resolved)
    }
}

impl Core {
    fn replace(&self, mut new: Vec<Group>) -> Option<Vec<Alert>> {
        let now = Now::read();
        new.iter_mut().for_each(|group| group.default_interval(self.memory.interval));
        let lock = self.evaluator.lock();
        let mut evaluator = lock.try_borrow_mut().ok()?;
        let Evaluator { groups, history, .. } = &mut *evaluator;

        let mut before = std::mem::take(groups).into_iter();
        groups.extend(before.next());
        let mut rules: Vec<_> = before.flat_map(|group| group.rules).map(Some).collect();
        let identities = rules.iter().flatten().map(|rule| Arc::clone(rule.identity()));
        let places: HashMap<_, _> = identities.zip(0..).collect();
        for rule in new.iter_mut().flat_map(|group| &mut group.rules) {
            let place: Option<&usize> = places.get(rule.identity());
            if let Some(same) = place.and_then(|place| rules.get_mut(*place)).and_then(Option::take) {
                rule.adopt(same);
            }
        }
        groups.extend(new);
        history.ask_anew(asked_by(groups));

        let mut resolved = Vec::new();
        let mut outbox = self.delivery.outbox(&self.external);
        for mut gone in rules.into_iter().flatten() {
            let mut changes = gone.end(history, now);
            changes.iter_mut().for_each(|change| change.generator_url = gone.generator_url(&self.external));
            outbox.take(&mut gone, &changes, now);
            let mut rules = groups.iter_mut().flat_map(|group| &mut group.rules);
            if let Some(heir) = rules.find(|rule| rule.is_new() && rule.name() == gone.name()) {
                heir.inherit(&gone, &changes);
            }
            resolved.extend(changes);
        }
        // Under the lock, as everything that the sinks hear of.
        outbox.send(now, now, &mut None);
        self.shown.replace(Snapshot::of(groups));
        self.beats.send_replace(beats_of(groups));
        Some(resolved)
    }
}
