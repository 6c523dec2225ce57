//! Which ids have been seen.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;

use rustc_hash::FxBuildHasher;

/// A run shorter than this is kept number by number.
const LONG_RUN: u64 = 1024;
const MOST_RUNS: usize = 64;

/// Remembers ids. Those counted up, as most rosters' are, take no memory; other numbers take some ten bytes, other
/// texts some twenty.
#[derive(Debug, Default)]
pub(super) struct Ids {
    /// Numbers counted up without a gap, the last of them under way.
    run: Option<RangeInclusive<u64>>,
    runs: Vec<RangeInclusive<u64>>,
    numbers: HashSet<u64>,
    texts: Texts,
}

/// Texts by two independent keyed hashes: a false alarm among a billion rows has odds of one in 10^20.
#[derive(Debug, Default)]
struct Texts {
    first: RandomState,
    second: RandomState,
    seen: HashSet<(u64, u64), FxBuildHasher>,
}

impl Texts {
    fn key(&self, id: &str) -> (u64, u64) {
        (self.first.hash_one(id), self.second.hash_one(id))
    }
}

impl Ids {
    /// Remembers the id; false if it was known.
    pub(super) fn insert(&mut self, id: &str) -> bool {
        match number(id) {
            Some(number) => self.insert_number(number),
            None => self.texts.seen.insert(self.texts.key(id)),
        }
    }

    /// Forgets the id that was remembered last.
    pub(super) fn forget_last(&mut self, id: &str) {
        let Some(number) = number(id) else {
            self.texts.seen.remove(&self.texts.key(id));
            return;
        };
        self.run = match self.run.take() {
            Some(run) if *run.end() == number && *run.start() < number => Some(*run.start()..=number - 1),
            Some(run) if *run.end() == number => None,
            other => other,
        };
    }

    fn insert_number(&mut self, number: u64) -> bool {
        if let Some(run) = &self.run
            && run.end().checked_add(1) == Some(number)
            && self.runs.is_empty()
            && self.numbers.is_empty()
        {
            // The common case: nothing else to look into.
            self.run = Some(*run.start()..=number);
            return true;
        }
        let mut runs = self.run.iter().chain(&self.runs);
        if runs.any(|run| run.contains(&number)) || self.numbers.contains(&number) {
            return false;
        }
        self.run = match self.run.take() {
            Some(run) if run.end().checked_add(1) == Some(number) => Some(*run.start()..=number),
            Some(run) => {
                self.put_away(run);
                Some(number..=number)
            }
            None => Some(number..=number),
        };
        true
    }

    fn put_away(&mut self, run: RangeInclusive<u64>) {
        if run.end() - run.start() >= LONG_RUN && self.runs.len() < MOST_RUNS {
            self.runs.push(run);
        } else {
            self.numbers.extend(run);
        }
    }
}

/// A number that has one spelling only; nineteen digits always fit.
fn number(id: &str) -> Option<u64> {
    let has_one_spelling = matches!(id.len(), 1..=19) && (!id.starts_with('0') || id == "0");
    if !has_one_spelling {
        return None;
    }
    id.bytes().try_fold(0, |number: u64, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { Some(number * 10 + u64::from(digit)) }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_two_spellings_are_two_ids() {
        let mut ids = Ids::default();
        for id in [
            "7",
            "07",
            "+7",
            "7.0",
            "0",
            "00",
            "18446744073709551615",
            "18446744073709551616",
            "9999999999999999999",
            "a",
            "",
        ] {
            assert!(ids.insert(id), "{id}");
            assert!(!ids.insert(id), "{id}");
        }
        assert!(ids.insert("8"));
    }

    #[test]
    fn long_runs_are_remembered() {
        let mut ids = Ids::default();
        for start in [0_u64, 10_000, 5_000] {
            assert!((start..start + 3000).all(|id| ids.insert(&id.to_string())));
        }
        assert!(!ids.insert("2999") && !ids.insert("12000") && !ids.insert("5000") && ids.insert("3000"));
        assert!(ids.numbers.is_empty());
    }

    proptest! {
        #[test]
        fn equals_a_set(steps in prop::collection::vec((0..40_u64, any::<bool>()), 0..200)) {
            let (mut ids, mut set) = (Ids::default(), BTreeSet::new());
            for (id, stays) in steps {
                let is_new = set.insert(id);
                prop_assert_eq!(ids.insert(&id.to_string()), is_new);
                if is_new && !stays {
                    ids.forget_last(&id.to_string());
                    set.remove(&id);
                }
            }
        }
    }
}
