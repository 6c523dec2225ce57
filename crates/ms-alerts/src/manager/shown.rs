//! What the world is shown, and what it has handed in: neither waits for an evaluation.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::error::BuildError;
use crate::group::Group;
use crate::snapshot::Snapshot;
use crate::tracked::Tracked;

/// The lock is held for moments only: no closure of the caller's runs and nothing is written to a peer meanwhile.
pub(super) struct Shown(Mutex<Inner>);

struct Inner {
    /// What was true at the end of the last evaluation.
    snapshot: Arc<Snapshot>,
    /// The names of the rules made in code, which are their identities.
    names: HashSet<String>,
    /// Rules made in code that the next evaluation takes in.
    added: Vec<Tracked>,
}

impl Shown {
    pub(super) fn new(groups: &[Group], names: HashSet<String>) -> Self {
        let snapshot = Arc::new(Snapshot::of(groups));
        Self(Mutex::new(Inner { snapshot, names, added: Vec::new() }))
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.lock().snapshot)
    }

    /// Shows a rule at once, though it is yet to be evaluated.
    pub(super) fn add(&self, rule: Tracked) -> Result<(), BuildError> {
        let mut inner = self.0.lock();
        claim(&mut inner.names, &rule)?;
        // Copied only while somebody reads it.
        Arc::make_mut(&mut inner.snapshot).add_own(rule.view());
        inner.added.push(rule);
        Ok(())
    }

    /// Gives the rules that were added since the last time.
    pub(super) fn take_added(&self) -> Vec<Tracked> {
        mem::take(&mut self.0.lock().added)
    }

    /// Shows the groups as they are now.
    pub(super) fn replace(&self, mut snapshot: Snapshot) {
        let mut inner = self.0.lock();
        inner.added.iter().for_each(|rule| snapshot.add_own(rule.view()));
        let old = mem::replace(&mut inner.snapshot, Arc::new(snapshot));
        drop(inner);
        // Thousands of alerts take their time to go.
        drop(old);
    }
}

/// Gives a rule made in code its name, unless another has it.
pub(crate) fn claim(names: &mut HashSet<String>, rule: &Tracked) -> Result<(), BuildError> {
    if names.insert(rule.name().to_owned()) {
        return Ok(());
    }
    Err(BuildError::Duplicate { rule: rule.name().to_owned() })
}
