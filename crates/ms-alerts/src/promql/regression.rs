//! A line through points.

use super::aggregate::sum;
use crate::samples::Point;

/// In units a second; the intercept is where it meets the moment asked for.
pub(super) struct Line {
    pub(super) slope: f64,
    pub(super) intercept: f64,
}

/// By least squares; nothing through fewer than two points.
pub(super) fn regression(points: &[Point], at: i64) -> Option<Line> {
    let [first, _, ..] = points else { return None };
    #[expect(clippy::float_cmp, reason = "all values are one")]
    if points.iter().all(|point| point.value == first.value) {
        let is_infinite = first.value.is_infinite();
        let (slope, intercept) = if is_infinite { (f64::NAN, f64::NAN) } else { (0.0, first.value) };
        return Some(Line { slope, intercept });
    }
    let count = points.len() as f64;
    let sum_of = |term: fn(f64, f64) -> f64| {
        sum(&points
            .iter()
            .map(|point| term((point.at - at) as f64 / 1000.0, point.value))
            .collect::<Vec<_>>())
    };
    let (x, y) = (sum_of(|x, _| x), sum_of(|_, y| y));
    let (xy, xx) = (sum_of(|x, y| x * y), sum_of(|x, _| x * x));
    let slope = (xy - x * y / count) / (xx - x * x / count);
    Some(Line { slope, intercept: y / count - slope * x / count })
}
