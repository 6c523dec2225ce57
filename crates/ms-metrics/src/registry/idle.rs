//! Series that nobody uses any more leave the page; what they counted stays in it.
//!
//! A series is idle while nobody outside the registry has its handle and nobody has looked it up. Both are seen without
//! a step on the way of a sample: the holders of a cell are counted by its `Arc`, and a look-up leaves a mark. The last
//! word is the `Arc`'s too: a cell whose key is forgotten, and that nobody else has, cannot be written to any more, so
//! nothing is counted between reading its total and moving it.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use quanta::Instant;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Registry;
use super::families::Families;
use super::family::{Cell, Family};
use crate::catalog::LABEL_OVERFLOW;
use crate::guard::{CheckedLabel, OTHER};

/// Longer than any process runs, and short enough to be added to the time.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How long a series may be idle, and when to look for such next.
pub(super) struct Idle {
    timeout: Duration,
    due: Mutex<Instant>,
}

impl Idle {
    pub(super) fn new(timeout: Duration) -> Self {
        let timeout = timeout.clamp(Duration::from_secs(1), LONGEST);
        Self { timeout, due: Mutex::new(Instant::now() + timeout / 4) }
    }

    /// Nothing unless it is time; nobody else begins while the guard lives.
    fn begin(&self, now: Instant) -> Option<MutexGuard<'_, Instant>> {
        let mut due = self.due.try_lock().filter(|due| now >= **due)?;
        *due = now + self.timeout / 4;
        Some(due)
    }
}

impl Registry {
    /// Lets idle series go if it is time: whenever somebody reads, and, lest the memory grow while nobody does, whenever
    /// a key is not known.
    pub(crate) fn sweep(&self) {
        let Some(idle) = &self.idle else { return };
        let now = Instant::now();
        let Some(_sweeping) = idle.begin(now) else { return };
        let mut used = FxHashMap::default();
        let known = [&self.counters, &self.gauges, &self.histograms];
        for known in known {
            known.visit(|cell, was_used| {
                used.insert(cell.address(), was_used);
            });
        }
        let mut families = self.families.write();
        let candidates = families.find_idle(&used, now, idle.timeout);
        // A page that begins now waits for the lock.
        let pages = Arc::strong_count(&self.reading) - 1;
        if candidates.is_empty() || pages > 0 {
            return;
        }
        for known in known {
            known.forget(|cell| candidates.contains(&cell.address()));
        }
        families.expire(&candidates);
    }
}

impl Families {
    fn find_idle(
        &mut self,
        used: &FxHashMap<usize, bool>,
        now: Instant,
        timeout: Duration,
    ) -> FxHashSet<usize> {
        let mut idle = FxHashSet::default();
        // What tells of metrics without end does not go away with them.
        let families = self.by_name.iter_mut().filter(|(name, _)| *name != LABEL_OVERFLOW);
        families.for_each(|(_, family)| family.find_idle(used, now, timeout, &mut idle));
        idle
    }

    fn expire(&mut self, candidates: &FxHashSet<usize>) {
        self.by_name.iter_mut().for_each(|(name, family)| family.expire(name, candidates));
    }
}

impl Family {
    fn find_idle(
        &mut self,
        used: &FxHashMap<usize, bool>,
        now: Instant,
        timeout: Duration,
        idle: &mut FxHashSet<usize>,
    ) {
        // A series without labels has nowhere to go.
        let lasting = [self.places.get("").copied(), self.other];
        for (place, series) in self.series.iter_mut().enumerate() {
            let known = used.get(&series.cell.address());
            let held = series.cell.holders() > 1 + usize::from(known.is_some());
            let active = std::mem::take(&mut series.used) || held || known == Some(&true);
            match series.last_used {
                Some(last) if !active => {
                    if now.saturating_duration_since(last) >= timeout && !lasting.contains(&Some(place)) {
                        idle.insert(series.cell.address());
                    }
                }
                _ => series.last_used = Some(now),
            }
        }
    }

    /// Moves the totals of the candidates that nobody has to `__other__`. A gauge has none.
    fn expire(&mut self, name: &str, candidates: &FxHashSet<usize>) {
        let gone: FxHashSet<usize> = self
            .series
            .iter_mut()
            .enumerate()
            .filter(|(_, series)| candidates.contains(&series.cell.address()))
            .filter_map(|(place, series)| series.cell.is_sole().then_some(place))
            .collect();
        if gone.is_empty() {
            return;
        }
        self.expired += gone.len() as u64;
        let mut identities: Vec<_> = self
            .places
            .extract_if(|_, place| gone.contains(place))
            .map(|(identity, place)| (place, identity))
            .collect();
        identities.sort_unstable();
        for (place, identity) in identities {
            let names = label_names(&identity);
            // First, so that the labels of `__other__` keep the names that they were given.
            self.move_to_other(name, place, &names);
            self.label_names.retain_mut(|known| {
                known.series -= usize::from(names.contains(&known.name.as_str()));
                known.series > 0
            });
        }
        let mut place = 0;
        let mut moved = FxHashMap::default();
        let mut left = 0;
        self.series.retain(|_| {
            let stays = !gone.contains(&place);
            if stays {
                moved.insert(place, left);
                left += 1;
            }
            place += 1;
            stays
        });
        let to = |place: usize| moved.get(&place).copied().unwrap_or(place);
        self.places.values_mut().for_each(|place| *place = to(*place));
        self.other = self.other.map(to);
    }

    fn move_to_other(&mut self, name: &str, place: usize, names: &[&str]) {
        let Some(cell) = self.series.get(place).map(|series| series.cell.clone()) else { return };
        if matches!(cell, Cell::Gauge(_)) {
            return;
        }
        let others: Vec<_> = names.iter().map(|name| CheckedLabel::own(name, OTHER)).collect();
        let other = self.other_place(name, &others);
        if let Some(other) = self.series.get(other) {
            other.cell.absorb(&cell);
        }
    }
}

/// The names in what [`joined`](super::family::joined) has written.
fn label_names(mut joined: &str) -> Vec<&str> {
    let mut names = Vec::new();
    while let Some((name, quoted)) = joined.split_once("=\"") {
        names.push(name.trim_start_matches(','));
        let mut escaped = false;
        let end = quoted.find(|letter| {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        joined = end.and_then(|end| quoted.get(end + 1..)).unwrap_or_default();
    }
    names
}

#[cfg(test)]
mod tests {
    use metrics::{Key, Label};

    use super::*;
    use crate::catalog::Catalog;
    use crate::exposition::Format;
    use crate::registry::AllowedValues;
    use crate::registry::family::joined;

    #[test]
    fn no_series_leaves_while_a_page_is_half_written() {
        const MINUTE: Duration = Duration::from_secs(60);
        let (clock, mock) = quanta::Clock::mock();
        quanta::with_clock(&clock, || {
            let catalog = Catalog::new([]).unwrap();
            let registry =
                Registry::new(10, Some(MINUTE), &catalog, FxHashMap::default(), AllowedValues::default())
                    .unwrap();
            let count = |value: &'static str| {
                registry.counter(&Key::from_parts("a", vec![Label::new("v", value)])).increment(1);
            };
            count("1");
            registry.begin();
            let (mut cursor, mut page) = (registry.begin(), String::new());
            registry.render_some(Format::Text, &mut cursor, &mut page, 1);
            for _ in 0..8 {
                mock.increment(MINUTE / 4);
                count("2");
            }
            registry.render_some(Format::Text, &mut cursor, &mut page, usize::MAX);
            assert!(page.contains("a{v=\"1\"} 1\n") && !page.contains("a{v=\"__other__\"}"), "{page}");
            mock.increment(MINUTE / 4);
            let after = registry.render(Format::Text);
            assert!(after.contains("a{v=\"__other__\"} 1\n") && !after.contains("a{v=\"1\"}"), "{after}");
        });
    }

    #[test]
    fn names_are_found_behind_hostile_values() {
        for values in [["a", "b"], ["\"", "\\"], ["\\\"", "=\""], [",x=\"1\"", "\\\\"], ["\n", "\",\\\""]] {
            let labels = [CheckedLabel::own("one", values[0]), CheckedLabel::own("two", values[1])];
            assert_eq!(label_names(&joined(labels.iter())), ["one", "two"], "{values:?}");
        }
        assert!(label_names("").is_empty());
    }
}
