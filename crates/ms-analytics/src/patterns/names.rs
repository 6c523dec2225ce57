//! Names by number, each kept once.

use std::sync::Arc;

use rustc_hash::FxBuildHasher;

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    // Keyed with random state: rosters come from outside, and their names could be chosen to collide.
    numbers: std::collections::HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

/// Maps keyed by our own small numbers need no defence.
pub(super) type NumberMap<K, V> = std::collections::HashMap<K, V, FxBuildHasher>;

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // Four billion names do not fit into memory.
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let name: Arc<str> = name.into();
        self.numbers.insert(Arc::clone(&name), number);
        self.names.push(name);
        number
    }

    /// Adds all names of `other` and returns their new numbers.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<u32> {
        other.names.iter().map(|name| self.number(name)).collect()
    }

    pub(super) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", |name| name)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}
