//! Lengths of shifts, each once with its count.

use std::collections::BTreeMap;

use super::report::Durations;
use crate::sum::ratio;

const HOUR: u128 = 3_600_000_000;

/// Memory is that of the different lengths, of which a roster has few.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths(BTreeMap<u64, u64>);

impl Lengths {
    pub(super) fn add(&mut self, microseconds: u64, count: u64) {
        *self.0.entry(microseconds).or_default() += count;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(length, count)| self.add(*length, *count));
    }

    pub(super) fn report(&self) -> Durations {
        let count: u64 = self.0.values().sum();
        if count == 0 {
            return Durations::default();
        }
        let total: u128 = self.0.iter().map(|(length, count)| u128::from(*length) * u128::from(*count)).sum();
        let mut histogram = BTreeMap::new();
        for (length, count) in &self.0 {
            *histogram.entry((u128::from(*length) / HOUR) as u64).or_default() += count;
        }
        Durations {
            mean: Some(ratio(total, HOUR * u128::from(count))),
            min: self.at(0, count).map(hours),
            p50: self.quantile(0.5, count),
            p90: self.quantile(0.9, count),
            p99: self.quantile(0.99, count),
            max: self.at(count - 1, count).map(hours),
            histogram,
        }
    }

    fn quantile(&self, quantile: f64, count: u64) -> Option<f64> {
        let index = (count - 1) as f64 * quantile;
        let (low, share) = (index.floor(), index.fract());
        let (a, b) = (hours(self.at(low as u64, count)?), hours(self.at(low as u64 + 1, count)?));
        Some(if share >= 0.5 { b - (b - a) * (1.0 - share) } else { a + (b - a) * share })
    }

    /// The length of this rank, or the longest.
    fn at(&self, rank: u64, count: u64) -> Option<u64> {
        let rank = rank.min(count - 1);
        let mut seen = 0;
        self.0.iter().find_map(|(length, count)| {
            seen += count;
            (seen > rank).then_some(*length)
        })
    }
}

fn hours(microseconds: u64) -> f64 {
    ratio(u128::from(microseconds), HOUR)
}
