//! Mean and percentiles of a finished sample.

use serde::Serialize;

use crate::nearest;
use crate::sum::pairwise_sum;

/// Analyses response times as the origin did with numpy.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerformanceAnalytics;

/// Mean and percentiles, in the unit of the sample; seconds by convention.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ResponseTimes {
    /// The arithmetic mean.
    pub avg_response_time: f64,
    /// 95 of 100 were at most this long.
    pub p95_response_time: f64,
    /// 99 of 100 were at most this long.
    pub p99_response_time: f64,
}

impl ResponseTimes {
    pub(crate) fn new(avg_response_time: f64, p95_response_time: f64, p99_response_time: f64) -> Self {
        Self { avg_response_time, p95_response_time, p99_response_time }
    }
}

/// Why a sample has no mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResponseTimesError {
    /// There is nothing to analyse.
    #[error("the sample is empty")]
    Empty,
    /// A value is infinite or no number.
    #[error("value {index} of the sample is not finite")]
    NotFinite {
        /// Its position, counted from 0.
        index: usize,
    },
}

impl PerformanceAnalytics {
    /// Computes mean, 95th and 99th percentile.
    ///
    /// Percentiles are numpy's default, linear interpolation (Hyndman and Fan's type 7), equal to the last bit; the
    /// mean adds up as numpy does, but stays finite where numpy's sum passes the largest number. A percentile between
    /// two values that are further apart than the largest number is infinite, as there; in JSON that is `null`.
    ///
    /// # Errors
    ///
    /// [`ResponseTimesError`] if the sample is empty or holds an infinity or NaN.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::PerformanceAnalytics;
    ///
    /// let times = PerformanceAnalytics::analyze_response_times(&[0.1, 0.2, 0.3])?;
    /// assert_eq!(times.p95_response_time, 0.29);
    /// # Ok::<(), ms_analytics::ResponseTimesError>(())
    /// ```
    pub fn analyze_response_times(sample: &[f64]) -> Result<ResponseTimes, ResponseTimesError> {
        if let Some(index) = sample.iter().position(|time| !time.is_finite()) {
            return Err(ResponseTimesError::NotFinite { index });
        }
        if sample.is_empty() {
            return Err(ResponseTimesError::Empty);
        }
        let [p95, p99] = percentiles(sample, [0.95, 0.99]);
        Ok(ResponseTimes::new(mean(sample), p95, p99))
    }
}

fn mean(sample: &[f64]) -> f64 {
    let count = sample.len() as f64;
    let mean = pairwise_sum(sample) / count;
    if mean.is_finite() {
        return mean;
    }
    let shares: Vec<f64> = sample.iter().map(|time| time / count).collect();
    pairwise_sum(&shares)
}

/// numpy's `_quantile` with `method="linear"`, for ascending quantiles of a sample that is not empty.
fn percentiles<const N: usize>(sample: &[f64], quantiles: [f64; N]) -> [f64; N] {
    let last = sample.len().saturating_sub(1);
    let places = quantiles.map(|quantile| Place::new(last as f64 * quantile));
    let (first, highest) = match places.as_slice() {
        [first, .., highest] => (first.index, highest.index),
        _ => (0, last),
    };
    let (mut near, below) = nearest::around(sample, first, highest.saturating_add(1).min(last));
    // What lies before `settled` is smaller than all the rest and needs no second look.
    let mut settled = 0;
    places.map(|Place { index, t }| {
        let Some(rest) = near.get_mut(settled..) else { return f64::NAN };
        let (_, low, above) = rest.select_nth_unstable_by(index - below - settled, f64::total_cmp);
        settled = index - below;
        let low = *low;
        let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
        lerp(low, high, t)
    })
}

/// Where a percentile lies: behind the value of this rank, a share `t` of the way to the next.
#[derive(Clone, Copy, Debug)]
struct Place {
    index: usize,
    t: f64,
}

impl Place {
    fn new(virtual_index: f64) -> Self {
        let index = virtual_index.floor();
        Self { index: index as usize, t: virtual_index - index }
    }
}

/// numpy's `_lerp`: from whichever end is nearer, so that it is monotonic.
fn lerp(low: f64, high: f64, t: f64) -> f64 {
    let spread = high - low;
    if t >= 0.5 { high - spread * (1.0 - t) } else { low + spread * t }
}
