//! Samples that a metric does not take.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::RwLock;

use super::families::Families;
use super::family::{Cell, Placed};
use super::kind::Kind;
use crate::catalog::INVALID_SAMPLES;
use crate::cells::CounterCell;
use crate::guard::CheckedLabel;

/// Why a sample is not recorded; the value of the label `reason`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Invalid {
    NotANumber,
    Infinite,
    /// In a histogram none of whose bounds is negative.
    Negative,
    /// The counter is at its largest number.
    Saturated,
}

impl Invalid {
    const COUNT: usize = 4;

    /// What is wrong with a value that came `times` at once.
    pub(crate) fn of(value: f64, times: u64) -> Self {
        if value.is_nan() {
            Self::NotANumber
        } else if (value * times as f64).is_finite() {
            Self::Negative
        } else {
            Self::Infinite
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::NotANumber => "nan",
            Self::Infinite => "infinite",
            Self::Negative => "negative",
            Self::Saturated => "saturated",
        }
    }
}

/// Counts the samples that a metric does not take, by reason; one a metric.
#[derive(Default)]
pub(crate) struct InvalidSamples {
    metric: Box<str>,
    /// Where the counts are shown. Weak: what is there owns this.
    families: Weak<RwLock<Families>>,
    counts: [OnceLock<Arc<CounterCell>>; Invalid::COUNT],
}

impl InvalidSamples {
    pub(super) fn new(metric: &str, families: Weak<RwLock<Families>>) -> Self {
        Self { metric: metric.into(), families, counts: Default::default() }
    }

    #[cold]
    pub(crate) fn count(&self, invalid: Invalid, samples: u64) {
        let Some(place) = self.counts.get(invalid as usize) else { return };
        // No lock of ours is held where samples are recorded.
        place.get_or_init(|| self.series(invalid).unwrap_or_default()).tally(samples);
    }

    fn series(&self, invalid: Invalid) -> Option<Arc<CounterCell>> {
        let labels =
            [CheckedLabel::own("metric", &self.metric), CheckedLabel::own("reason", invalid.reason())];
        let families = self.families.upgrade()?;
        let placed = families.write().place(INVALID_SAMPLES, INVALID_SAMPLES, Kind::Counter, None, &labels);
        match placed {
            Ok(Placed { cell: Cell::Counter(counter), .. }) => Some(counter),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(crate) fn counted(&self, invalid: Invalid) -> u64 {
        self.counts[invalid as usize].get().map_or(0, |count| count.value())
    }
}

impl fmt::Debug for InvalidSamples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InvalidSamples").field("metric", &self.metric).finish_non_exhaustive()
    }
}
