//! Makes the health check of what was collected, or says what is wrong with it.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

use crate::builder::HealthCheckBuilder;
use crate::check::validate_name;
use crate::crew::Crew;
use crate::error::BuildError;
use crate::group::Group;
use crate::health::{HealthCheck, Inner};
use crate::observe;
use crate::slot::Slot;

impl HealthCheckBuilder {
    /// Makes the health check.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: a name that is invalid, reserved or used twice, a deadline, maximum age or threshold of zero, a
    /// group of unknown checks, an incomplete severity, a token of less than 16 bytes, or [`poll_interval`](Self::poll_interval) of zero or without a tokio runtime.
    pub fn build(self) -> Result<HealthCheck, BuildError> {
        if let Some(error) = self.token {
            return Err(error);
        }
        let mut names = HashSet::new();
        let mut slots = Vec::new();
        let system = self.system.into_iter().map(|check| (check, true));
        for (check, system) in system.chain(self.checks.into_iter().map(|check| (check, false))) {
            check.validate(system)?;
            let index = slots.len();
            if !names.insert(Arc::clone(&check.name)) {
                return Err(BuildError::Duplicate { name: check.name.to_string() });
            }
            slots.push(Arc::new(Slot::new(
                check,
                index,
                self.listener.clone(),
                self.poll.filter(|_| self.background),
            )));
        }
        if !self.mapping.is_complete() {
            return Err(BuildError::Severity);
        }
        let mut beats = HashSet::new();
        for beat in &self.heartbeats {
            validate_name(beat.name())?;
            if !beats.insert(beat.name()) {
                return Err(BuildError::Duplicate { name: beat.name().to_owned() });
            }
        }
        let mut groups: Vec<Group> = Vec::new();
        for (name, members) in self.groups {
            if groups.iter().any(|group| group.name() == name) {
                return Err(BuildError::DuplicateGroup { name });
            }
            groups.push(Group::new(name, &members, &slots)?);
        }
        observe::describe();
        let health = HealthCheck(Arc::new(Inner {
            slots,
            crew: Arc::new(Crew::new(self.concurrency, self.max_abandoned)),
            heartbeats: self.heartbeats,
            groups,
            mapping: self.mapping,
            format: self.format,
            kubernetes: self.kubernetes,
            page: self.page,
            access: self.access,
            drain: self.drain,
            phase: watch::Sender::new(self.phase),
        }));
        match self.poll {
            Some(interval) if interval.is_zero() => return Err(BuildError::ZeroInterval),
            Some(interval) => health.poll_every(interval)?,
            None => {}
        }
        Ok(health)
    }
}
