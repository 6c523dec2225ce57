//! Mean and percentiles of a finished sample.

use serde::Serialize;

use crate::percentiles::{PercentileMethod, quantiles};
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

/// The whole picture of a sample, in its unit; seconds by convention. Percentiles are numpy's default, linear.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Distribution {
    /// Number of values.
    pub count: u64,
    /// The arithmetic mean.
    pub avg_response_time: f64,
    /// The median.
    pub p50_response_time: f64,
    /// The 90th percentile.
    pub p90_response_time: f64,
    /// The 95th percentile.
    pub p95_response_time: f64,
    /// The 99th percentile.
    pub p99_response_time: f64,
    /// The 99.9th percentile.
    #[serde(rename = "p99.9_response_time")]
    pub p99_9_response_time: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// Standard deviation of the sample taken for the whole population; infinite if its square overflows.
    pub std_population: f64,
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
    /// A percentile is not from 0 to 100.
    #[error("percentile {index} is not from 0 to 100")]
    Percentile {
        /// Its position among those asked for, counted from 0.
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
        check(sample)?;
        match quantiles(sample, &[0.95, 0.99], PercentileMethod::Linear).as_slice() {
            [p95, p99] => Ok(ResponseTimes::new(mean(sample), *p95, *p99)),
            _ => Err(ResponseTimesError::Empty),
        }
    }

    /// Computes any percentiles (0 to 100) by any of numpy's methods, in the order asked for, equal to
    /// `numpy.percentile` to the last bit.
    ///
    /// # Errors
    ///
    /// [`ResponseTimesError`] if the sample is empty or holds an infinity or NaN, or if a percentile is no number from 0
    /// to 100.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::{PercentileMethod, PerformanceAnalytics};
    ///
    /// let sample = [0.1, 0.2, 0.3, 0.4];
    /// let percentiles = |method| PerformanceAnalytics::percentiles(&sample, &[50.0, 100.0], method);
    /// assert_eq!(percentiles(PercentileMethod::Linear)?, [0.25, 0.4]);
    /// assert_eq!(percentiles(PercentileMethod::InvertedCdf)?, [0.2, 0.4]);
    /// # Ok::<(), ms_analytics::ResponseTimesError>(())
    /// ```
    pub fn percentiles(
        sample: &[f64],
        percentiles: &[f64],
        method: PercentileMethod,
    ) -> Result<Vec<f64>, ResponseTimesError> {
        check(sample)?;
        if let Some(index) = percentiles.iter().position(|percentile| !(0.0..=100.0).contains(percentile)) {
            return Err(ResponseTimesError::Percentile { index });
        }
        let shares: Vec<_> = percentiles.iter().map(|percentile| percentile / 100.0).collect();
        Ok(quantiles(sample, &shares, method))
    }

    /// Computes the whole picture of a sample: count, mean, deviation, extremes and usual percentiles.
    ///
    /// # Errors
    ///
    /// [`ResponseTimesError`] if the sample is empty or holds an infinity or NaN.
    pub fn distribution(sample: &[f64]) -> Result<Distribution, ResponseTimesError> {
        check(sample)?;
        let shares = [0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0];
        let [min, p50, p90, p95, p99, p99_9, max] = *quantiles(sample, &shares, PercentileMethod::Linear)
        else {
            return Err(ResponseTimesError::Empty);
        };
        let avg_response_time = mean(sample);
        let squares: Vec<_> = sample.iter().map(|time| (time - avg_response_time).powi(2)).collect();
        let std_population = (pairwise_sum(&squares) / sample.len() as f64).sqrt();
        Ok(Distribution {
            count: sample.len() as u64,
            avg_response_time,
            p50_response_time: p50,
            p90_response_time: p90,
            p95_response_time: p95,
            p99_response_time: p99,
            p99_9_response_time: p99_9,
            min,
            max,
            std_population,
        })
    }
}

fn check(sample: &[f64]) -> Result<(), ResponseTimesError> {
    match sample.iter().position(|time| !time.is_finite()) {
        Some(index) => Err(ResponseTimesError::NotFinite { index }),
        None if sample.is_empty() => Err(ResponseTimesError::Empty),
        None => Ok(()),
    }
}

pub(crate) fn mean(sample: &[f64]) -> f64 {
    let count = sample.len() as f64;
    let mean = pairwise_sum(sample) / count;
    if mean.is_finite() {
        return mean;
    }
    let shares: Vec<f64> = sample.iter().map(|time| time / count).collect();
    pairwise_sum(&shares)
}
