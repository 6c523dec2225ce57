//! Names by number, each kept once.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHasher};

/// Places for names met lately.
const LATELY: usize = 1024;

#[derive(Clone, Debug)]
pub(super) struct Names {
    // Keyed with random state: rosters come from outside, and their names could be chosen to collide.
    numbers: HashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
    /// Numbers by a fast hash. Names chosen to collide only miss here.
    lately: Box<[u32]>,
}

/// Maps keyed by our own small numbers need no defence.
pub(super) type NumberMap<K, V> = HashMap<K, V, FxBuildHasher>;

impl Default for Names {
    fn default() -> Self {
        Self { numbers: HashMap::new(), names: Vec::new(), lately: Box::new([0; LATELY]) }
    }
}

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        let place = place(name);
        let lately = self.lately.get(place).copied().unwrap_or_default();
        if self.name(lately) == name {
            return lately;
        }
        let number = self.look_up(name);
        if let Some(lately) = self.lately.get_mut(place) {
            *lately = number;
        }
        number
    }

    fn look_up(&mut self, name: &str) -> u32 {
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

    /// Returns the name; none has the empty one.
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

fn place(name: &str) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish() as usize % LATELY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_among_many() {
        let mut names = Names::default();
        for round in 0..2 {
            for number in 0..5000 {
                assert_eq!(names.number(&format!("E{number}")), number, "round {round}");
            }
        }
        assert_eq!(names.len(), 5000);
    }
}
