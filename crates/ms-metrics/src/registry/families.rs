//! All metrics by name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::SharedString;
use rustc_hash::FxHashMap;

use super::buckets::Buckets;
use super::family::{Cell, Family, Placed};
use super::kind::Kind;
use crate::catalog::LABEL_OVERFLOW;
use crate::cells::CounterCell;
use crate::guard::{CheckedLabel, Refusal};

/// Names come from code, yet nothing bounds what code makes them of.
const MOST_METRICS: usize = 10_000;
const PARTS: [&str; 3] = ["_bucket", "_sum", "_count"];
const SILENCE: Duration = Duration::from_secs(3600);

pub(crate) struct Families {
    /// In order, so that two pages can be compared.
    pub(super) by_name: BTreeMap<String, Family>,
    /// By name as given.
    help: FxHashMap<String, SharedString>,
    cap: usize,
}

impl Families {
    pub(crate) fn new(cap: usize) -> Self {
        Self { by_name: BTreeMap::new(), help: FxHashMap::default(), cap: cap.max(1) }
    }

    /// Keeps the help of a metric; the first one stays.
    pub(crate) fn describe(&mut self, given: &str, help: SharedString) {
        if self.help.len() < MOST_METRICS {
            self.help.entry(given.to_owned()).or_insert(help);
        }
    }

    /// Finds or makes the metric `name`, which was `given` before it was made valid.
    pub(crate) fn family(
        &mut self,
        given: &str,
        name: &str,
        kind: Kind,
        buckets: Option<&Arc<Buckets>>,
    ) -> Result<&mut Family, Refusal> {
        if !self.by_name.contains_key(name) {
            if self.by_name.len() >= MOST_METRICS {
                return Err(Refusal::TooManyMetrics);
            }
            if self.shares_lines(name, kind) {
                return Err(Refusal::Kind);
            }
        }
        let make = || Family::new(given.to_owned(), kind, buckets.cloned());
        let family = self.by_name.entry(name.to_owned()).or_insert_with(make);
        if family.given != given {
            Err(Refusal::Name)
        } else if family.kind != kind {
            Err(Refusal::Kind)
        } else {
            Ok(family)
        }
    }

    /// Tells if a line of the new metric would read as another metric's.
    fn shares_lines(&self, name: &str, kind: Kind) -> bool {
        let is_part = |part: &&str| {
            let whole = name.strip_suffix(*part).and_then(|whole| self.by_name.get(whole));
            whole.is_some_and(|whole| whole.kind.suffixes().contains(part))
        };
        let has_part = |part: &&str| self.by_name.contains_key(&format!("{name}{part}"));
        PARTS.iter().any(is_part) || kind.suffixes().iter().any(has_part)
    }

    /// Finds or makes a series.
    pub(crate) fn place(
        &mut self,
        given: &str,
        name: &str,
        kind: Kind,
        buckets: Option<&Arc<Buckets>>,
        labels: &[CheckedLabel],
        make: impl FnOnce(Option<&Arc<Buckets>>) -> Cell,
    ) -> Result<Placed, Refusal> {
        let cap = self.cap;
        self.family(given, name, kind, buckets)?.place(name, labels, cap, make)
    }

    /// Counts a registration that found no room. True if it is time to warn.
    pub(crate) fn count_overflow(&mut self, metric: &str, label: &str, now: Instant) -> bool {
        let labels = [CheckedLabel::own("metric", metric), CheckedLabel::own("label", label)];
        let make = |_: Option<&_>| Cell::Counter(Arc::<CounterCell>::default());
        if let Ok(Placed { cell: Cell::Counter(counter), .. }) =
            self.place(LABEL_OVERFLOW, LABEL_OVERFLOW, Kind::Counter, None, &labels, make)
        {
            counter.add(1);
        }
        self.by_name.get_mut(metric).is_some_and(|family| is_due(&mut family.warned, now))
    }

    pub(crate) fn write(&self, page: &mut String) {
        for (name, family) in &self.by_name {
            let help = self.help.get(&family.given).map(AsRef::as_ref);
            family.write(page, name, help);
        }
    }
}

/// True once an hour.
pub(super) fn is_due(last: &mut Option<Instant>, now: Instant) -> bool {
    let due = last.is_none_or(|last| now.saturating_duration_since(last) >= SILENCE);
    if due {
        *last = Some(now);
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_due_once_an_hour() {
        let (mut last, start) = (None, Instant::now());
        let due: Vec<_> = [0, 1, 3599, 3600, 3601, 7200]
            .map(|seconds| is_due(&mut last, start + Duration::from_secs(seconds)))
            .to_vec();
        assert_eq!(due, [true, false, false, true, false, true]);
    }

    #[test]
    fn metrics_whose_lines_would_meet_are_refused() {
        let mut families = Families::new(10);
        let mut register = |name: &str, kind| families.family(name, name, kind, None).map(drop);
        assert_eq!(register("h", Kind::Histogram), Ok(()));
        assert_eq!(register("h_count", Kind::Counter), Err(Refusal::Kind));
        assert_eq!(register("h_bucket", Kind::Gauge), Err(Refusal::Kind));
        assert_eq!(register("s", Kind::Summary), Ok(()));
        assert_eq!(register("s_bucket", Kind::Gauge), Ok(()), "summaries have no such line");
        assert_eq!(register("s_sum", Kind::Gauge), Err(Refusal::Kind));
        assert_eq!(register("x_sum", Kind::Counter), Ok(()));
        assert_eq!(register("x", Kind::Summary), Err(Refusal::Kind));
        assert_eq!(register("x", Kind::Counter), Ok(()));
        assert_eq!(register("x", Kind::Gauge), Err(Refusal::Kind));
        assert_eq!(families.family("x.", "x_", Kind::Gauge, None).map(drop), Ok(()));
        assert_eq!(families.family("x-", "x_", Kind::Gauge, None).map(drop), Err(Refusal::Name));
    }
}
