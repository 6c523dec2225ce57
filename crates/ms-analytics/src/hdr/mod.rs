//! Histograms of fixed relative precision, written as every HdrHistogram implementation reads them.
//!
//! A [`Histogram`] counts whole numbers in buckets whose width is a fixed share of the value, so any percentile is off
//! by that share at most, memory is bounded, and histograms of threads, machines and periods add up. It reads and
//! writes the V2 encoding; with the feature `hlog` also the compressed one and whole interval logs
//! ([`read::hlog`](crate::read::hlog), [`LogWriter`]).

mod geometry;
#[cfg(feature = "hlog")]
mod log_report;
#[cfg(feature = "hlog")]
mod log_writer;
mod v2;
mod wire;

use serde::Serialize;

use self::geometry::Geometry;
#[cfg(feature = "hlog")]
pub use self::log_report::{Figures, IntervalRow, LogAnalytics, LogReport};
#[cfg(feature = "hlog")]
pub use self::log_writer::{LogWriter, TagError};
pub use self::v2::DecodeError;

/// Counts of whole numbers, to a precision of 0 to 5 significant decimal digits.
///
/// # Examples
///
/// ```
/// use ms_analytics::hdr::Histogram;
///
/// let mut micros = Histogram::new(1, 3_600_000_000, 3)?;
/// for value in [100, 200, 300, 40_000] {
///     micros.record(value);
/// }
/// assert_eq!(micros.value_at_percentile(75.0), 300);
/// assert_eq!(micros.value_at_percentile(100.0), 40_031); // the highest value that counts as 40,000
/// assert_eq!(Histogram::from_v2(&micros.to_v2())?, micros);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: hdrhistogram::Histogram<u64>,
    saturated: u64,
}

/// The figures of a histogram, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Number of values.
    pub total_count: u64,
    /// The lowest value that the smallest one may have been; 0 without values.
    pub min_value: u64,
    /// The highest value that the largest one may have been; 0 without values.
    pub max_value: u64,
    /// Mean, every value taken for the middle of its bucket.
    pub mean: f64,
    /// Standard deviation of the population, reckoned likewise.
    pub stddev: f64,
}

/// Bounds and precision that no histogram can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no histogram from {lowest} to {highest} with {digits} digits")]
#[non_exhaustive]
pub struct BoundsError {
    /// The lowest value to tell from 0; at least 1.
    pub lowest: u64,
    /// The highest value to be counted; at least twice the lowest.
    pub highest: u64,
    /// Significant decimal digits; at most 5.
    pub digits: u8,
}

impl Histogram {
    /// Starts empty. Memory is 8 bytes a bucket: 185 KiB for 1 µs to 1 h in microseconds at 3 digits.
    ///
    /// # Errors
    ///
    /// [`BoundsError`] if `lowest` is 0, `highest` is less than twice that, or `digits` exceeds 5.
    pub fn new(lowest: u64, highest: u64, digits: u8) -> Result<Self, BoundsError> {
        let bounds = BoundsError { lowest, highest, digits };
        if highest > i64::MAX.cast_unsigned() {
            return Err(bounds);
        }
        let counts = hdrhistogram::Histogram::new_with_bounds(lowest, highest, digits).map_err(|_| bounds)?;
        Ok(Self { counts, saturated: 0 })
    }

    /// Counts a value. One that is higher than the histogram reaches counts as the highest and is told of by
    /// [`saturated`](Self::saturated).
    pub fn record(&mut self, value: u64) {
        self.record_n(value, 1);
    }

    /// Counts a value `count` times.
    pub fn record_n(&mut self, value: u64, count: u64) {
        if self.counts.record_n(value, count).is_err() {
            self.saturated = self.saturated.saturating_add(count);
            self.counts.saturating_record_n(value, count);
        }
    }

    /// Counts a value, and those that its measurement kept from being taken.
    ///
    /// Where a request was to start every `expected_interval`, an answer that took longer held back the next ones
    /// (coordinated omission). They are counted as value − interval, value − 2 intervals and so on down to one
    /// interval; 0 adds none. Time is proportional to the number of buckets, however short the interval.
    pub fn record_corrected(&mut self, value: u64, expected_interval: u64) {
        self.record(value);
        if expected_interval == 0 {
            return;
        }
        let mut missing = value.saturating_sub(expected_interval);
        while missing >= expected_interval {
            let lowest = self.geometry().lowest_equivalent(missing).max(expected_interval);
            let more = (missing - lowest) / expected_interval;
            self.record_n(missing, more + 1);
            missing = missing.saturating_sub(more * expected_interval).saturating_sub(expected_interval);
        }
    }

    /// Adds all counts of another histogram, whatever its bounds and digits.
    ///
    /// With the same bounds nothing is lost and any order of merges gives the same counts; otherwise a bucket of
    /// `other` goes where its lowest value belongs, as the reference implementations do.
    pub fn merge(&mut self, other: &Self) {
        self.saturated = self.saturated.saturating_add(other.saturated);
        for (_, value, count) in other.recorded() {
            self.record_n(value, count);
        }
    }

    /// Returns how many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// Returns how many values were too high, and counted as the highest.
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    /// Returns the lowest value that is told from 0.
    pub fn lowest(&self) -> u64 {
        self.counts.low()
    }

    /// Returns the highest value that was asked to be countable.
    pub fn highest(&self) -> u64 {
        self.counts.high()
    }

    /// Returns the significant decimal digits.
    pub fn digits(&self) -> u8 {
        self.counts.sigfig()
    }

    /// Returns the value that `percentile` of 100 values do not exceed: the highest one that its bucket may hold, for
    /// 0 the lowest. The rank is rounded half up, as in the Python and C implementations. 0 without values.
    pub fn value_at_percentile(&self, percentile: f64) -> u64 {
        // Not a number and numbers out of range become 0 and 100.
        let percentile = percentile.clamp(0.0, 100.0);
        // In the order in which the others do it: another one rounds halves differently.
        let rank = (percentile * self.count() as f64 / 100.0 + 0.5) as u64;
        let mut seen = 0_u64;
        for (_, value, count) in self.recorded() {
            seen = seen.saturating_add(count);
            // Counts beyond 2^53 may be rounded up to more than there are.
            if seen >= rank.clamp(1, self.count().max(1)) {
                return if percentile > 0.0 { self.counts.highest_equivalent(value) } else { value };
            }
        }
        0
    }

    /// Returns count, extremes, mean and deviation.
    pub fn summary(&self) -> Summary {
        Summary {
            total_count: self.count(),
            min_value: self.counts.min(),
            max_value: self.counts.max(),
            mean: self.counts.mean(),
            stddev: self.counts.stdev(),
        }
    }

    fn geometry(&self) -> Geometry {
        Geometry::new(self.lowest(), self.digits())
    }

    /// Index, lowest value and count of each bucket that is not empty.
    fn recorded(&self) -> impl Iterator<Item = (usize, u64, u64)> + '_ {
        let geometry = self.geometry();
        self.counts.iter_recorded().map(move |step| {
            let index = geometry.index(step.value_iterated_to());
            (index, geometry.value(index), step.count_at_value())
        })
    }
}

impl PartialEq for Histogram {
    /// Bounds, precision and counts are equal.
    fn eq(&self, other: &Self) -> bool {
        (self.lowest(), self.highest(), self.digits()) == (other.lowest(), other.highest(), other.digits())
            && self.recorded().eq(other.recorded())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One after the other, as the paper describes it.
    fn corrected_one_by_one(histogram: &mut Histogram, value: u64, interval: u64) {
        histogram.record(value);
        let mut missing = value.saturating_sub(interval);
        while missing >= interval {
            histogram.record(missing);
            missing -= interval;
        }
    }

    proptest! {
        // Each case makes histograms of 185 KiB.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn correction_by_bucket_equals_correction_one_by_one(
            values in prop::collection::vec((0..200_000_u64, 1..5_000_u64), 1..20)
        ) {
            let mut ours = Histogram::new(1, 100_000, 2).unwrap();
            let mut slow = ours.clone();
            for (value, interval) in values {
                ours.record_corrected(value, interval);
                corrected_one_by_one(&mut slow, value, interval);
            }
            prop_assert_eq!(ours.saturated(), slow.saturated());
            prop_assert_eq!(ours, slow);
        }

        #[test]
        fn any_split_and_order_merges_to_the_same(
            values in prop::collection::vec((0..u64::MAX, 0..3_usize), 0..60)
        ) {
            let empty = Histogram::new(1, 3_600_000_000, 3).unwrap();
            let (mut whole, mut parts) = (empty.clone(), [empty.clone(), empty.clone(), empty]);
            for (value, part) in values {
                let value = value >> (value % 64);
                whole.record(value);
                parts[part].record(value);
            }
            let [a, b, c] = parts;
            let (mut left, mut right) = (a.clone(), c.clone());
            left.merge(&b);
            left.merge(&c);
            right.merge(&b);
            right.merge(&a);
            prop_assert_eq!(left.saturated(), whole.saturated());
            prop_assert_eq!(&left, &whole);
            prop_assert_eq!(&right, &whole);
        }
    }

    #[test]
    fn a_microsecond_interval_of_an_hour_is_corrected_at_once() {
        let mut micros = Histogram::new(1, 3_600_000_000, 3).unwrap();
        micros.record_corrected(3_600_000_000, 1);
        assert_eq!(micros.count(), 3_600_000_000);
    }

    #[test]
    fn a_count_that_no_float_holds_has_a_last_percentile() {
        let mut huge = Histogram::new(1, 100, 3).unwrap();
        huge.record_n(5, (1 << 63) + 1_025);
        assert_eq!(huge.value_at_percentile(100.0), 5);
    }

    #[test]
    fn too_high_a_value_is_counted_and_told_of() {
        let mut seconds = Histogram::new(1, 60_000, 3).unwrap();
        seconds.record(600_000);
        seconds.record(59_000);
        assert_eq!((seconds.count(), seconds.saturated()), (2, 1));
        let p50 = seconds.value_at_percentile(50.0) as f64;
        assert!((p50 / 59_000.0 - 1.0).abs() <= 1e-3, "{p50}");
    }

    #[test]
    fn bounds_that_make_no_sense_are_refused() {
        for (lowest, highest, digits) in [(0, 100, 3), (10, 19, 3), (1, 100, 6), (1, u64::MAX, 3)] {
            assert!(Histogram::new(lowest, highest, digits).is_err(), "{lowest} {highest} {digits}");
        }
        assert_eq!(Histogram::new(1, 100, 3).unwrap().summary().max_value, 0);
        assert_eq!(Histogram::new(1, 100, 3).unwrap().value_at_percentile(f64::NAN), 0);
    }
}
