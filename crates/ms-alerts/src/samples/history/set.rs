//! The series of one metric.

use std::collections::HashMap;

use super::series::Series;
use crate::fingerprint::of_labels;

/// In the order in which they were first seen.
#[derive(Debug, Default)]
pub(super) struct SeriesSet {
    series: Vec<Series>,
    /// Where each is, by a hash of its labels; where that is taken, by the next number that is free.
    places: HashMap<u64, usize>,
    /// Behind the one that was found last: an exposition has them in the same order each time.
    next: usize,
}

impl SeriesSet {
    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Series> {
        self.series.iter()
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Series> {
        self.series.get_mut(place)
    }

    /// Gives the place of a series; if there is none, the number under which [`insert`](Self::insert) adds it. `hash` is that of
    /// its labels.
    pub(super) fn find(
        &mut self,
        hash: impl FnOnce() -> u64,
        is_it: impl Fn(&Series) -> bool,
    ) -> Result<usize, u64> {
        let found = if self.series.get(self.next).is_some_and(&is_it) {
            Ok(self.next)
        } else {
            let mut number = hash();
            loop {
                let Some(place) = self.places.get(&number) else { break Err(number) };
                if self.series.get(*place).is_some_and(&is_it) {
                    break Ok(*place);
                }
                number = number.wrapping_add(1);
            }
        };
        if let Ok(place) = found {
            self.next = place + 1;
        }
        found
    }

    /// Gives the place of the new one.
    pub(super) fn insert(&mut self, number: u64, series: Series) -> usize {
        let place = self.series.len();
        self.places.insert(number, place);
        self.series.push(series);
        self.next = place + 1;
        place
    }

    pub(super) fn retain(&mut self, is_kept: impl FnMut(&mut Series) -> bool) {
        let before = self.series.len();
        self.series.retain_mut(is_kept);
        if self.series.len() == before {
            return;
        }
        (self.places, self.next) = (HashMap::with_capacity(self.series.len()), 0);
        for (place, series) in self.series.iter().enumerate() {
            let mut number = of_labels(series.labels());
            while self.places.contains_key(&number) {
                number = number.wrapping_add(1);
            }
            self.places.insert(number, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(name: u8) -> Series {
        Series::of([("x", name.to_string().as_str())].into_iter())
    }

    fn place_of(set: &mut SeriesSet, name: u8) -> Result<usize, u64> {
        let wanted = name.to_string();
        set.find(|| of_labels([("x", wanted.as_str())].into_iter()), |series| series.label("x") == wanted)
    }

    proptest! {
        #[test]
        fn each_series_is_found_as_long_as_it_is_there(steps in prop::collection::vec((0..5_u8, 0..40_u8), 1..300)) {
            let (mut set, mut there) = (SeriesSet::default(), std::collections::BTreeSet::new());
            for (step, name) in steps {
                if step == 0 {
                    set.retain(|series| series.label("x").parse::<u8>().unwrap() % 7 != name % 7);
                    there.retain(|known| known % 7 != name % 7);
                } else if let Err(number) = place_of(&mut set, name) {
                    prop_assert!(there.insert(name));
                    set.insert(number, series(name));
                }
                for name in 0..40 {
                    let found = place_of(&mut set, name).ok().and_then(|place| set.get_mut(place));
                    let found = found.map(|series| series.label("x").to_owned());
                    prop_assert_eq!(found, there.contains(&name).then(|| name.to_string()));
                }
            }
        }
    }

    #[test]
    fn series_whose_hashes_are_alike_are_told_apart() {
        let mut set = SeriesSet::default();
        for name in 0..20_u8 {
            let number = set.find(|| u64::MAX - 3, |_| false).unwrap_err();
            set.insert(number, series(name));
        }
        for name in 0..20_u8 {
            let found = set.find(|| u64::MAX - 3, |series| series.label("x") == name.to_string());
            assert_eq!(found, Ok(usize::from(name)));
        }
    }
}
