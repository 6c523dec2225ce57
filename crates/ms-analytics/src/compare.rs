//! Two periods, one beside the other.

use serde::Serialize;

use crate::hdr::Histogram;
use crate::percentiles::PercentileMethod;
use crate::response_times::{PerformanceAnalytics, ResponseTimesError, mean};

const PERCENTILES: [f64; 7] = [50.0, 75.0, 90.0, 95.0, 99.0, 99.9, 100.0];

/// How response times changed from one period to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The earlier period.
    pub before: Period,
    /// The later one.
    pub after: Period,
    /// The median, 75, 90, 95, 99, 99.9 and 100 % of both.
    pub quantiles: Vec<QuantileChange>,
}

/// One of the periods.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Period {
    /// Number of values.
    pub count: u64,
    /// Their mean, in their unit.
    pub mean: f64,
}

/// One percentile of both periods.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QuantileChange {
    /// Which one, 0 to 100.
    pub percentile: f64,
    /// Its value before.
    pub before: f64,
    /// Its value after.
    pub after: f64,
    /// After minus before.
    pub difference: f64,
    /// After divided by before: 2 is twice as long. `None` if before is 0.
    pub ratio: Option<f64>,
}

impl PerformanceAnalytics {
    /// Compares two samples percentile by percentile (linear, as numpy).
    ///
    /// A percentile rests on few values where the sample is small: with fewer than 1,000 the 99.9th is all but the
    /// maximum. The counts of both periods are part of the answer for that reason.
    ///
    /// # Errors
    ///
    /// [`ResponseTimesError`] if either sample is empty or holds an infinity or NaN.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::PerformanceAnalytics;
    ///
    /// let comparison = PerformanceAnalytics::compare(&[0.1, 0.2, 0.3], &[0.2, 0.4, 0.6])?;
    /// assert_eq!(comparison.quantiles[0].percentile, 50.0);
    /// assert_eq!(comparison.quantiles[0].ratio, Some(2.0));
    /// # Ok::<(), ms_analytics::ResponseTimesError>(())
    /// ```
    pub fn compare(before: &[f64], after: &[f64]) -> Result<Comparison, ResponseTimesError> {
        let percentiles = |sample| Self::percentiles(sample, &PERCENTILES, PercentileMethod::Linear);
        let quantiles = changes(percentiles(before)?, percentiles(after)?);
        let period = |sample: &[f64]| Period { count: sample.len() as u64, mean: mean(sample) };
        Ok(Comparison { before: period(before), after: period(after), quantiles })
    }
}

impl Comparison {
    /// Compares two histograms of one unit.
    ///
    /// # Errors
    ///
    /// [`ResponseTimesError::Empty`] if either holds no value.
    pub fn of_histograms(before: &Histogram, after: &Histogram) -> Result<Self, ResponseTimesError> {
        if before.count() == 0 || after.count() == 0 {
            return Err(ResponseTimesError::Empty);
        }
        let percentiles = |one: &Histogram| PERCENTILES.map(|at| one.value_at_percentile(at) as f64).to_vec();
        let period = |one: &Histogram| Period { count: one.count(), mean: one.summary().mean };
        let quantiles = changes(percentiles(before), percentiles(after));
        Ok(Self { before: period(before), after: period(after), quantiles })
    }
}

fn changes(before: Vec<f64>, after: Vec<f64>) -> Vec<QuantileChange> {
    let change = |(percentile, (before, after)): (f64, (f64, f64))| QuantileChange {
        percentile,
        before,
        after,
        difference: after - before,
        ratio: (before != 0.0).then(|| after / before).filter(|ratio| ratio.is_finite()),
    };
    PERCENTILES.into_iter().zip(before.into_iter().zip(after)).map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_percentile_is_that_of_its_period() {
        let before: Vec<_> = (0..=1000).map(f64::from).collect();
        let after: Vec<_> = before.iter().map(|time| time * 3.0).collect();
        let comparison = PerformanceAnalytics::compare(&before, &after).unwrap();
        assert_eq!((comparison.before.count, comparison.after.mean), (1001, 1500.0));
        for change in &comparison.quantiles {
            let alike = |ours: f64, theirs: f64| (ours - theirs).abs() <= 1e-9;
            assert!(alike(change.before, change.percentile * 10.0), "{change:?}");
            assert!(alike(change.difference, change.percentile * 20.0), "{change:?}");
            assert!(change.ratio.is_some_and(|ratio| alike(ratio, 3.0)), "{change:?}");
        }
        assert_eq!(PerformanceAnalytics::compare(&before, &[]), Err(ResponseTimesError::Empty));
    }

    #[test]
    fn nothing_is_no_multiple_of_nothing() {
        let comparison = PerformanceAnalytics::compare(&[0.0], &[0.5]).unwrap();
        assert_eq!(comparison.quantiles[0].ratio, None);
    }

    #[test]
    fn histograms_are_compared_by_their_own_percentiles() {
        let mut before = Histogram::new(1, 1_000_000, 3).unwrap();
        let mut after = before.clone();
        assert_eq!(Comparison::of_histograms(&before, &after), Err(ResponseTimesError::Empty));
        (1..=100).for_each(|value| before.record(value));
        (1..=100).for_each(|value| after.record(value * 2));
        let comparison = Comparison::of_histograms(&before, &after).unwrap();
        assert_eq!((comparison.quantiles[3].before, comparison.quantiles[3].after), (95.0, 190.0));
    }
}
