//! Names by number, each kept once.

use std::collections::HashMap;
use std::hash::Hasher;

use rustc_hash::{FxBuildHasher, FxHasher};

/// At most this many places for names met lately: half a megabyte.
const MOST_PLACES: usize = 1 << 16;

#[derive(Clone, Debug)]
pub(super) struct Names {
    // Keyed with random state: rosters come from outside, and their names could be chosen to collide.
    numbers: HashMap<Box<str>, u32>,
    /// All names, one behind the other, and where each ends: next to each other they stay in the cache.
    text: String,
    ends: Vec<usize>,
    /// By a fast hash, a power of two of them. Names chosen to collide only miss here.
    lately: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    number: u32,
}

const NOBODY: Place = Place { hash: 0, number: u32::MAX };

/// Maps keyed by our own small numbers need no defence.
pub(super) type NumberMap<K, V> = HashMap<K, V, FxBuildHasher>;

impl Default for Names {
    fn default() -> Self {
        Self { numbers: HashMap::new(), text: String::new(), ends: Vec::new(), lately: vec![NOBODY; 256] }
    }
}

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        let hash = hash(name);
        let guess = self.guess(hash);
        self.confirm(name, hash, guess, self.bounds(guess))
    }

    /// The number that a name of this hash had lately. One load, so that a caller can have many under way at once;
    /// likewise [`Names::bounds`].
    pub(super) fn guess(&self, hash: u64) -> u32 {
        let place = self.lately.get(self.position(hash)).copied().unwrap_or(NOBODY);
        if place.hash == (hash >> 32) as u32 { place.number } else { NOBODY.number }
    }

    /// Where the name of this number begins and ends.
    pub(super) fn bounds(&self, number: u32) -> (usize, usize) {
        let number = number as usize;
        let end = self.ends.get(number).copied().unwrap_or_default();
        let start =
            number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        (start, end)
    }

    /// Returns the name's number, the guess if that is right.
    pub(super) fn confirm(&mut self, name: &str, hash: u64, guess: u32, (start, end): (usize, usize)) -> u32 {
        if guess != NOBODY.number && self.text.get(start..end) == Some(name) {
            return guess;
        }
        let number = self.look_up(name);
        let position = self.position(hash);
        if let Some(place) = self.lately.get_mut(position) {
            *place = Place { hash: (hash >> 32) as u32, number };
        }
        number
    }

    fn position(&self, hash: u64) -> usize {
        hash as usize & (self.lately.len() - 1)
    }

    fn look_up(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // Four billion names do not fit into memory.
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.into(), number);
        self.text.push_str(name);
        self.ends.push(self.text.len());
        if self.ends.len() > self.lately.len() / 2 && self.lately.len() < MOST_PLACES {
            self.lately = vec![NOBODY; self.lately.len() * 4];
        }
        number
    }

    /// Adds all names of `other` and returns their new numbers.
    pub(super) fn merge(&mut self, other: &Self) -> Vec<u32> {
        other.iter().map(|name| self.number(name)).collect()
    }

    /// Returns the name; a number that is none has the empty one.
    pub(super) fn name(&self, number: u32) -> &str {
        let (start, end) = self.bounds(number);
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..).take(self.len()).map(|number| self.name(number))
    }
}

/// A fast hash; of no use where collisions must be rare.
pub(super) fn hash(name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number_among_many() {
        let mut names = Names::default();
        for round in 0..2 {
            for number in 0..100_000 {
                assert_eq!(names.number(&format!("E{number}")), number, "round {round}");
            }
        }
        assert_eq!(names.len(), 100_000);
        assert_eq!(names.name(70_000), "E70000");
        assert_eq!(names.number(""), 100_000);
    }
}
