//! Functions of the samples of a range.

use super::aggregate::{average, best, quantile, sum, variance};
use super::compat::Compat;
use super::plan::{Over, Range};
use super::regression::regression;
use crate::samples::Point;

/// The samples of one series, of which there is at least one.
pub(super) struct Stretch<'p> {
    pub(super) points: &'p [Point],
    /// Where the range begins and ends, and the moment of the evaluation, in milliseconds.
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) now: i64,
}

/// Gives the function that a name stands for.
pub(super) fn of_range(name: &str) -> Option<Over> {
    Some(match name {
        "rate" => Over::Extrapolated { is_counter: true, is_rate: true },
        "increase" => Over::Extrapolated { is_counter: true, is_rate: false },
        "delta" => Over::Extrapolated { is_counter: false, is_rate: false },
        "irate" => Over::InstantRate,
        "idelta" => Over::InstantDelta,
        "changes" => Over::Changes,
        "resets" => Over::Resets,
        "deriv" => Over::Derivative,
        "predict_linear" => Over::Predict,
        "avg_over_time" => Over::Average,
        "min_over_time" => Over::Minimum,
        "max_over_time" => Over::Maximum,
        "sum_over_time" => Over::Sum,
        "count_over_time" => Over::Count,
        "last_over_time" => Over::Last,
        "stddev_over_time" => Over::Deviation,
        "stdvar_over_time" => Over::Variance,
        "present_over_time" => Over::Present,
        "quantile_over_time" => Over::Quantile,
        _ => return None,
    })
}

impl Range {
    /// `argument` is the number that some functions take.
    pub(super) fn of(&self, stretch: &Stretch<'_>, argument: f64, compat: Compat) -> Option<f64> {
        let values = || stretch.points.iter().map(|point| point.value).collect::<Vec<_>>();
        let pairs = || stretch.points.array_windows::<2>().map(|[one, next]| (one.value, next.value));
        let count =
            |holds: fn(f64, f64) -> bool| pairs().filter(|(one, next)| holds(*one, *next)).count() as f64;
        Some(match self.function {
            Over::Extrapolated { is_counter, is_rate } => {
                return self.extrapolated(stretch, is_counter, is_rate, compat);
            }
            Over::InstantRate => return instant(stretch.points, true),
            Over::InstantDelta => return instant(stretch.points, false),
            Over::Changes =>
            {
                #[expect(clippy::float_cmp, reason = "any difference is a change")]
                count(|one, next| one != next && !(one.is_nan() && next.is_nan()))
            }
            Over::Resets => count(|one, next| next < one),
            Over::Derivative => regression(stretch.points, stretch.points.first()?.at)?.slope,
            Over::Predict => {
                let line = regression(stretch.points, stretch.now)?;
                line.slope * argument + line.intercept
            }
            Over::Average => average(&values()),
            Over::Minimum => best(&values(), |value, least| value < least),
            Over::Maximum => best(&values(), |value, most| value > most),
            Over::Sum => sum(&values()),
            Over::Count => stretch.points.len() as f64,
            Over::Last => stretch.points.last()?.value,
            Over::Deviation => variance(&values()).sqrt(),
            Over::Variance => variance(&values()),
            Over::Present => 1.0,
            Over::Quantile => quantile(argument, values()),
        })
    }

    /// What the samples grew by, with what may have been grown before the first and behind the last.
    fn extrapolated(
        &self,
        stretch: &Stretch<'_>,
        is_counter: bool,
        is_rate: bool,
        compat: Compat,
    ) -> Option<f64> {
        let [first, .., last] = stretch.points else { return None };
        let mut growth = last.value - first.value;
        if is_counter {
            let mut before = first.value;
            for point in stretch.points {
                if point.value < before {
                    growth += before;
                }
                before = point.value;
            }
        }
        let sampled = seconds(last.at - first.at);
        let apart = sampled / (stretch.points.len() - 1) as f64;
        // Further away there would have been a sample: the series begins, or ends, in between.
        let near = apart * 1.1;
        let reach = |distance: f64| if distance < near { distance } else { apart / 2.0 };
        let to_start = seconds(first.at - stretch.start);
        let since_zero = if is_counter && growth > 0.0 && first.value >= 0.0 {
            sampled * (first.value / growth)
        } else {
            f64::INFINITY
        };
        // No counter was ever below zero.
        let to_start = match compat {
            Compat::V3 => reach(to_start).min(since_zero),
            Compat::V2_42 => reach(to_start.min(since_zero)),
        };
        let to_end = reach(seconds(stretch.end - last.at));
        let mut factor = (sampled + to_start + to_end) / sampled;
        if is_rate {
            factor /= seconds(self.window.range);
        }
        Some(growth * factor)
    }
}

/// Of the last two samples alone.
fn instant(points: &[Point], is_rate: bool) -> Option<f64> {
    let [.., before, last] = points else { return None };
    if !is_rate {
        return Some(last.value - before.value);
    }
    let growth = if last.value < before.value { last.value } else { last.value - before.value };
    Some(growth / seconds(last.at - before.at))
}

fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[cfg(test)]
mod tests;
