//! Histograms without buckets: quantiles over the last minute, in the sketches of metrics-exporter-prometheus.
//!
//! Its recorder is left out on purpose: version 0.18.3 drains the newest block of 64 values first and forgets the older
//! ones when a series begins or wakes up, so that the median of 1 to 100, recorded at once, is 82. Given one by one and
//! in order none is forgotten, none waits for an upkeep, and what is not finite never gets in.
//!
//! A sketch has 32,768 bins of 0.02 % each: it takes all values below a 700th of the largest for one, and the median of
//! many milliseconds becomes 14 of them when a single ten seconds are recorded. Sixteenth roots span a sixteenth of the
//! range on the same bins, for an error of 0.16 % instead of 0.01 %.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use metrics::HistogramFn;
use metrics_exporter_prometheus::Distribution;
use parking_lot::Mutex;
use quanta::Instant;

use crate::registry::{Invalid, InvalidSamples};

/// What is shown of each series.
pub(crate) const QUANTILES: [(f64, &str); 7] = [
    (0.0, "quantile=\"0\""),
    (0.5, "quantile=\"0.5\""),
    (0.9, "quantile=\"0.9\""),
    (0.95, "quantile=\"0.95\""),
    (0.99, "quantile=\"0.99\""),
    (0.999, "quantile=\"0.999\""),
    (1.0, "quantile=\"1\""),
];

/// A minute, forgotten in three parts.
const PARTS: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
const PART: Duration = Duration::from_secs(20);

/// The sketches take values one by one: more of one value in one call than this weigh no more in the quantiles, so that
/// no call holds the lock for long.
const MOST_AT_ONCE: u64 = 100_000;

/// What the sketches take, in bytes, once a value has come.
const IDLE_SKETCHES: usize = 2 * 1024;

/// A summary: count and sum for good, quantiles over the last forty to sixty seconds.
pub(crate) struct SummaryCell {
    state: Mutex<State>,
    invalid: Arc<InvalidSamples>,
}

struct State {
    count: u64,
    sum: f64,
    /// There was a negative value.
    has_negatives: bool,
    sketches: Distribution,
}

/// What is shown of a series at one moment.
pub(crate) struct Snapshot {
    pub(crate) count: u64,
    pub(crate) sum: f64,
    /// In the order of [`QUANTILES`]; NaN if there was no value in the last minute.
    pub(crate) quantiles: [f64; QUANTILES.len()],
}

/// Lets the clock measure the processor's time stamp counter, which takes it some milliseconds: now, and not within
/// the first request.
pub(crate) fn start_clock() {
    let _ = Instant::now();
}

impl SummaryCell {
    pub(crate) fn new(invalid: Arc<InvalidSamples>) -> Self {
        // Which quantiles are shown is ours to say.
        let sketches = Distribution::new_summary(Arc::default(), PART, PARTS);
        Self { state: Mutex::new(State { count: 0, sum: 0.0, has_negatives: false, sketches }), invalid }
    }

    pub(crate) fn snapshot(&self, now: Instant) -> Snapshot {
        let state = self.state.lock();
        let (count, sum) = (state.count, state.sum);
        let sketch = match &state.sketches {
            Distribution::Summary(sketches, ..) => Some(sketches.snapshot(now)),
            _ => None,
        };
        drop(state);
        let quantile = |quantile| sketch.as_ref()?.quantile(quantile).map(of_root);
        Snapshot { count, sum, quantiles: QUANTILES.map(|(share, _)| quantile(share).unwrap_or(f64::NAN)) }
    }

    pub(crate) fn has_negatives(&self) -> bool {
        self.state.lock().has_negatives
    }

    /// What it takes of the memory, in bytes, while no value comes: the sketches of a minute of values between a
    /// microsecond and ten seconds take 120 KiB more.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + IDLE_SKETCHES
    }

    /// Adds count and sum of another one, whose values are older than those that quantiles are made of.
    pub(crate) fn absorb(&self, other: &Self) {
        let (count, sum, has_negatives) = {
            let other = other.state.lock();
            (other.count, other.sum, other.has_negatives)
        };
        let mut state = self.state.lock();
        state.has_negatives |= has_negatives;
        state.count = state.count.saturating_add(count);
        state.sum = (state.sum + sum).clamp(f64::MIN, f64::MAX);
    }

    fn record_at(&self, value: f64, count: u64, now: impl FnOnce() -> Instant) {
        let step = value * count as f64;
        if !step.is_finite() {
            self.invalid.count(Invalid::of(value, count), count);
            return;
        }
        let mut state = self.state.lock();
        state.count = state.count.saturating_add(count);
        // Two finite values may add up to infinity, which would stay for good.
        state.sum = (state.sum + step).clamp(f64::MIN, f64::MAX);
        state.has_negatives |= value < 0.0;
        // Read under the lock: an older value behind a newer one would be forgotten.
        let now = now();
        let root = root(value);
        for _ in 0..count.min(MOST_AT_ONCE) {
            state.sketches.record_samples(&[(root, now)]);
        }
    }
}

fn root(value: f64) -> f64 {
    value.abs().sqrt().sqrt().sqrt().sqrt().copysign(value)
}

/// The value that has this root, without the last digits, which the way there and back has made up.
fn of_root(root: f64) -> f64 {
    let value = root.powi(16).clamp(0.0, f64::MAX).copysign(root);
    format!("{value:.11e}").parse().unwrap_or(value)
}

impl HistogramFn for SummaryCell {
    fn record(&self, value: f64) {
        self.record_at(value, 1, Instant::now);
    }

    fn record_many(&self, value: f64, count: usize) {
        if count > 0 {
            self.record_at(value, count as u64, Instant::now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(summary: &SummaryCell, now: Instant) -> f64 {
        summary.snapshot(now).quantiles[1]
    }

    #[test]
    fn quantiles_forget_after_a_minute_and_totals_never() {
        let (summary, start) = (SummaryCell::new(Arc::default()), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for (value, seconds) in [(1.0, 0), (1.0, 10), (1.0, 19), (100.0, 20), (100.0, 41)] {
            summary.record_at(value, 1, || at(seconds));
        }
        assert!((median(&summary, at(59)) - 1.0).abs() < 0.01);
        assert!((median(&summary, at(60)) - 100.0).abs() < 1.0);
        assert!(median(&summary, at(101)).is_nan(), "no value is not zero");
        summary.record_at(7.0, 3, || at(500));
        let snapshot = summary.snapshot(at(500));
        assert_eq!((snapshot.count, snapshot.sum), (8, 224.0 - 1.0 + 1.0));
    }

    #[test]
    fn sums_stay_finite() {
        let summary = SummaryCell::new(Arc::default());
        for value in [f64::MAX, f64::MAX, f64::NAN, f64::INFINITY] {
            summary.record(value);
        }
        summary.record_many(f64::MAX, 2);
        let snapshot = summary.snapshot(Instant::now());
        assert_eq!((snapshot.count, snapshot.sum), (2, f64::MAX));
        assert_eq!(summary.invalid.counted(Invalid::NotANumber), 1);
        assert_eq!(summary.invalid.counted(Invalid::Infinite), 3);
    }

    #[test]
    fn one_large_value_does_not_hide_the_small_ones() {
        let (summary, now) = (SummaryCell::new(Arc::default()), Instant::now());
        for value in [1e-12, 1e-6, 0.001, 0.002, 0.003, 10.0, 1e6, 1e15, -1e-6, -1e9] {
            summary.record_at(value, 100, || now);
        }
        let quantiles = summary.snapshot(now).quantiles;
        let expected = [-1e9, 0.001, 1e6, 1e15, 1e15, 1e15, 1e15];
        for (quantile, expected) in quantiles.into_iter().zip(expected) {
            assert!((quantile / expected - 1.0).abs() < 0.002, "{quantiles:?}");
        }
        assert_eq!((quantiles[0], quantiles[6]), (-1e9, 1e15), "the ends are exact");
    }

    #[test]
    fn the_ends_are_as_recorded_to_twelve_digits() {
        for value in [0.0, 0.1, -0.3, 1.0, 17.0, 123_456.789, 1e-320, f64::MAX, -f64::MAX, f64::MIN_POSITIVE]
        {
            let (summary, now) = (SummaryCell::new(Arc::default()), Instant::now());
            summary.record_at(value, 1, || now);
            let [low, .., high] = summary.snapshot(now).quantiles;
            assert_eq!(low.to_bits(), high.to_bits());
            assert!((low - value).abs() <= value.abs() * 1e-11, "{value}: {low}");
        }
    }

    #[test]
    fn a_great_many_at_once_are_counted_and_hold_up_nobody() {
        let summary = SummaryCell::new(Arc::default());
        summary.record_many(0.0, usize::MAX);
        assert_eq!(summary.snapshot(Instant::now()).count, u64::MAX);
    }
}
