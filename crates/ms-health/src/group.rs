//! Some of the checks under a path of their own.

use std::sync::Arc;

use crate::endpoint::Endpoint;
use crate::error::BuildError;
use crate::slot::Slot;

const LONGEST: usize = 64;

pub(crate) struct Group {
    path: String,
    /// Whether the check of that number belongs to it.
    members: Vec<bool>,
}

impl Group {
    pub(crate) fn new(name: String, wanted: &[String], slots: &[Arc<Slot>]) -> Result<Self, BuildError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let path = format!("/health/{name}");
        let taken = Endpoint::ALL.iter().any(|endpoint| endpoint.path() == path);
        if name.is_empty() || name.len() > LONGEST || !name.chars().all(plain) || taken {
            return Err(BuildError::InvalidGroup { name });
        }
        let is = |slot: &Slot, word: &str| {
            &*slot.check.name == word || slot.check.tags.iter().any(|tag| &**tag == word)
        };
        // A typing error would be a group that is always fine.
        if let Some(unknown) = wanted.iter().find(|word| !slots.iter().any(|slot| is(slot, word))) {
            return Err(BuildError::UnknownCheck { group: name, name: unknown.clone() });
        }
        let members = slots.iter().map(|slot| wanted.iter().any(|word| is(slot, word))).collect();
        Ok(Self { path, members })
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn name(&self) -> &str {
        self.path.trim_start_matches("/health/")
    }

    pub(crate) fn has(&self, slot: &Slot) -> bool {
        self.members.get(slot.index).copied().unwrap_or(false)
    }
}
