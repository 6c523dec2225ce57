//! Which ids have been seen, in 24 bytes each.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Remembers ids by two independent keyed hashes: a false alarm among a billion rows has odds of one in 10^20.
#[derive(Debug, Default)]
pub(super) struct Ids {
    first: RandomState,
    second: RandomState,
    seen: HashMap<(u64, u64), u64, rustc_hash::FxBuildHasher>,
}

impl Ids {
    /// Returns the line on which the id was seen before, or remembers it.
    pub(super) fn seen_before(&mut self, id: &str, line: u64) -> Option<u64> {
        let key = (self.first.hash_one(id), self.second.hash_one(id));
        match self.seen.entry(key) {
            std::collections::hash_map::Entry::Occupied(entry) => Some(*entry.get()),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(line);
                None
            }
        }
    }
}
