//! Percentiles of a finished sample, by any of numpy's methods.

use crate::nearest;

/// How a percentile between two values of the sample is found: the nine of Hyndman and Fan (1996), under numpy's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PercentileMethod {
    /// Type 1, `inverted_cdf`: a value of the sample.
    InvertedCdf,
    /// Type 2, `averaged_inverted_cdf`: as type 1, the mean of both neighbours where it jumps.
    AveragedInvertedCdf,
    /// Type 3, `closest_observation`: the nearest value, of two the one with the even rank.
    ClosestObservation,
    /// Type 4, `interpolated_inverted_cdf`.
    InterpolatedInvertedCdf,
    /// Type 5, `hazen`.
    Hazen,
    /// Type 6, `weibull`.
    Weibull,
    /// Type 7, `linear`: numpy's default, and pandas'.
    #[default]
    Linear,
    /// Type 8, `median_unbiased`: the best where nothing is known of the distribution.
    MedianUnbiased,
    /// Type 9, `normal_unbiased`.
    NormalUnbiased,
}

impl PercentileMethod {
    /// All of them, by type.
    pub const ALL: [Self; 9] = [
        Self::InvertedCdf,
        Self::AveragedInvertedCdf,
        Self::ClosestObservation,
        Self::InterpolatedInvertedCdf,
        Self::Hazen,
        Self::Weibull,
        Self::Linear,
        Self::MedianUnbiased,
        Self::NormalUnbiased,
    ];

    /// Returns numpy's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvertedCdf => "inverted_cdf",
            Self::AveragedInvertedCdf => "averaged_inverted_cdf",
            Self::ClosestObservation => "closest_observation",
            Self::InterpolatedInvertedCdf => "interpolated_inverted_cdf",
            Self::Hazen => "hazen",
            Self::Weibull => "weibull",
            Self::Linear => "linear",
            Self::MedianUnbiased => "median_unbiased",
            Self::NormalUnbiased => "normal_unbiased",
        }
    }

    /// Where the quantile lies in a sorted sample of `count` values, which is not 0. The order of the operations is
    /// numpy's: another one differs in the last bit.
    fn place(self, count: usize, quantile: f64) -> Place {
        let n = count as f64;
        let between = |alpha: f64, beta: f64| n * quantile + (alpha + quantile * (1.0 - alpha - beta)) - 1.0;
        let last = count - 1;
        match self {
            Self::InvertedCdf => {
                let virtual_index = n * quantile - 1.0;
                Place::value(virtual_index.ceil(), last)
            }
            Self::ClosestObservation => {
                let virtual_index = n * quantile - 1.0 - 0.5;
                let low = virtual_index.floor();
                let is_tie_to_odd_index = virtual_index == low && low.rem_euclid(2.0) == 1.0;
                Place::value(if is_tie_to_odd_index { low } else { low + 1.0 }, last)
            }
            Self::AveragedInvertedCdf => {
                let place = Place::between(n * quantile - 1.0, last);
                Place { share: if place.share == 0.0 { 0.5 } else { 1.0 }, ..place }
            }
            Self::InterpolatedInvertedCdf => Place::between(between(0.0, 1.0), last),
            Self::Hazen => Place::between(between(0.5, 0.5), last),
            Self::Weibull => Place::between(between(0.0, 0.0), last),
            Self::Linear => Place::between((n - 1.0) * quantile, last),
            Self::MedianUnbiased => Place::between(between(1.0 / 3.0, 1.0 / 3.0), last),
            Self::NormalUnbiased => Place::between(between(3.0 / 8.0, 3.0 / 8.0), last),
        }
    }
}

/// Between the values of these two ranks, a share of the way to the higher.
#[derive(Clone, Copy, Debug)]
struct Place {
    low: usize,
    high: usize,
    share: f64,
}

impl Place {
    fn value(index: f64, last: usize) -> Self {
        let index = (index.max(0.0) as usize).min(last);
        Self { low: index, high: index, share: 0.0 }
    }

    fn between(virtual_index: f64, last: usize) -> Self {
        if virtual_index < 0.0 {
            return Self::value(0.0, last);
        }
        if virtual_index >= last as f64 {
            return Self { low: last, high: last, share: 0.0 };
        }
        let low = virtual_index.floor();
        Self { low: low as usize, high: low as usize + 1, share: virtual_index - low }
    }
}

/// Finds quantiles (0 to 1) of a sample that is not empty, without sorting it.
pub(crate) fn quantiles(sample: &[f64], quantiles: &[f64], method: PercentileMethod) -> Vec<f64> {
    let places: Vec<_> = quantiles.iter().map(|quantile| method.place(sample.len(), *quantile)).collect();
    let mut ranks: Vec<_> = places.iter().flat_map(|place| [place.low, place.high]).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let (Some(first), Some(last)) = (ranks.first(), ranks.last()) else { return Vec::new() };
    let (mut near, below) = nearest::around(sample, *first, *last);
    let mut values = Vec::with_capacity(ranks.len());
    // What lies before `settled` is smaller than all the rest and needs no second look.
    let mut settled = 0;
    for rank in &ranks {
        let Some(rest) = near.get_mut(settled..) else { break };
        let (_, value, _) = rest.select_nth_unstable_by(rank - below - settled, f64::total_cmp);
        values.push(*value);
        settled = rank - below + 1;
    }
    let value = |rank: usize| {
        let found = ranks.binary_search(&rank).ok().and_then(|at| values.get(at));
        found.copied().unwrap_or(f64::NAN)
    };
    places.iter().map(|place| lerp(value(place.low), value(place.high), place.share)).collect()
}

/// numpy's `_lerp`: from whichever end is nearer, so that it is monotonic.
fn lerp(low: f64, high: f64, share: f64) -> f64 {
    let spread = high - low;
    if share >= 0.5 { high - spread * (1.0 - share) } else { low + spread * share }
}
