//! Quantiles and fractions of classic histograms.

use std::collections::HashMap;

use super::compat::Compat;
use super::plan::Grouping;
use super::vector::{Element, Key};
use crate::samples::parse_number;

const BOUND: &str = "le";
/// Version 3 takes counts that differ by less for equal: what is left of adding floats in another order.
const SAME: f64 = 1e-12;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    bound: f64,
    /// Of all observations up to the bound.
    count: f64,
}

/// Gives one element a histogram; `share` is from 0 to 1.
pub(super) fn quantiles<'s>(share: f64, vector: &[Element<'s>], compat: Compat) -> Vec<Element<'s>> {
    let quantile = |(labels, buckets)| Element::new(labels, quantile(share, buckets, compat));
    histograms(vector).into_iter().map(quantile).collect()
}

/// Gives one element a histogram: which share of it lies between two bounds. Version 2 has this of native ones alone.
pub(super) fn fractions<'s>(between: (f64, f64), vector: &[Element<'s>], compat: Compat) -> Vec<Element<'s>> {
    if compat == Compat::V2_42 {
        return Vec::new();
    }
    let fraction = |(labels, buckets)| Element::new(labels, fraction(between, buckets));
    histograms(vector).into_iter().map(fraction).collect()
}

fn histograms<'s>(vector: &[Element<'s>]) -> HashMap<Key<'s>, Vec<Bucket>> {
    let apart = Grouping::Without(vec![BOUND.to_owned()]);
    let mut histograms: HashMap<Key<'s>, Vec<Bucket>> = HashMap::new();
    for element in vector {
        let bound = element.labels().iter().find(|(name, _)| *name == BOUND);
        // What has no bound is no bucket.
        let Some(bound) = bound.and_then(|(_, bound)| parse_number(bound)) else { continue };
        let bucket = Bucket { bound, count: element.value };
        histograms.entry(element.key(&apart)).or_default().push(bucket);
    }
    for buckets in histograms.values_mut() {
        buckets.sort_by(|one, other| one.bound.total_cmp(&other.bound));
        // The same bound written in two ways.
        buckets.dedup_by(|next, kept| {
            let is_same = next.bound.to_bits() == kept.bound.to_bits();
            if is_same {
                kept.count += next.count;
            }
            is_same
        });
    }
    histograms
}

fn fraction((from, to): (f64, f64), buckets: Vec<Bucket>) -> f64 {
    let Some(all) = buckets.last().filter(|all| all.bound == f64::INFINITY && all.count != 0.0) else {
        return f64::NAN;
    };
    if from.is_nan() || to.is_nan() {
        return f64::NAN;
    }
    if from >= to {
        return 0.0;
    }
    (below(to, &buckets, all.count) - below(from, &buckets, all.count)) / all.count
}

/// How many observations there are below a value. Where the first bucket begins, none is below 0 if it ends above.
fn below(value: f64, buckets: &[Bucket], all: f64) -> f64 {
    let is_positive = buckets.first().is_some_and(|first| first.bound > 0.0);
    let (mut start, mut before) = (if is_positive { 0.0 } else { f64::NEG_INFINITY }, 0.0);
    for bucket in buckets {
        if start >= value {
            return if before > all { all } else { before };
        }
        if bucket.bound > value {
            let part = (value - start) / (bucket.bound - start);
            let within =
                if start.is_finite() { before + (bucket.count - before) * part } else { bucket.count };
            return if within > all { all } else { within };
        }
        (start, before) = (bucket.bound, bucket.count);
    }
    all
}

fn quantile(share: f64, mut buckets: Vec<Bucket>, compat: Compat) -> f64 {
    if share.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&share) {
        return if share < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    rise(&mut buckets, compat);
    let [finite @ .., all] = buckets.as_slice() else { return f64::NAN };
    let Some(last) = finite.last().filter(|_| all.bound == f64::INFINITY && all.count != 0.0) else {
        return f64::NAN;
    };
    let rank = share * all.count;
    let at = search(finite, rank);
    let Some(found) = finite.get(at) else { return last.bound };
    match at.checked_sub(1).and_then(|before| finite.get(before)) {
        None if found.bound <= 0.0 => found.bound,
        None => found.bound * (rank / found.count),
        Some(before) => {
            let part = (rank - before.count) / (found.count - before.count);
            before.bound + (found.bound - before.bound) * part
        }
    }
}

/// The first bucket that reaches `rank`; looks where Go does, which matters among NaN.
fn search(buckets: &[Bucket], rank: f64) -> usize {
    let (mut low, mut high) = (0, buckets.len());
    while low < high {
        let middle = low.midpoint(high);
        if buckets.get(middle).is_some_and(|bucket| bucket.count >= rank) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Buckets that were read one after the other may fall: what was counted below a bound is counted below the next.
fn rise(buckets: &mut [Bucket], compat: Compat) {
    let Some(mut most) = buckets.first().map(|first| first.count) else { return };
    for bucket in buckets.iter_mut().skip(1) {
        let is_same = compat == Compat::V3 && is_nearly(most, bucket.count);
        if bucket.count < most || is_same {
            bucket.count = most;
        } else if bucket.count > most || (compat == Compat::V3 && most.is_nan()) {
            most = bucket.count;
        }
    }
}

fn is_nearly(one: f64, other: f64) -> bool {
    one != 0.0 && other != 0.0 && (one - other).abs() / (one.abs() + other.abs()).min(f64::MAX) < SAME
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(share: f64, counts: &[(f64, f64)], compat: Compat) -> f64 {
        let buckets = counts.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count });
        quantile(share, buckets.collect(), compat)
    }

    #[test]
    fn a_quantile_lies_within_its_bucket() {
        let counts = [(1.0, 2.0), (3.0, 6.0), (f64::INFINITY, 8.0)];
        for (share, expected) in [(0.25, 1.0), (0.125, 0.5), (0.5, 2.0), (0.75, 3.0), (0.9, 3.0)] {
            assert_eq!(of(share, &counts, Compat::V3), expected, "{share}");
        }
        assert_eq!(of(1.5, &counts, Compat::V3), f64::INFINITY);
        assert!(of(0.5, &counts[..2], Compat::V3).is_nan(), "nothing holds all");
    }

    #[test]
    fn a_fraction_lies_between_two_bounds() {
        let counts = [(1.0, 2.0), (3.0, 6.0), (f64::INFINITY, 8.0)];
        let of = |from: f64, to: f64, counts: &[(f64, f64)]| {
            let buckets = counts.iter().map(|(bound, count)| Bucket { bound: *bound, count: *count });
            fraction((from, to), buckets.collect())
        };
        for (from, to, expected) in [
            (f64::NEG_INFINITY, f64::INFINITY, 1.0),
            (f64::NEG_INFINITY, 0.0, 0.0),
            (0.0, 0.5, 0.125),
            (0.5, 2.0, 0.375),
            (1.0, 3.0, 0.5),
            (2.0, 2.0, 0.0),
            (3.0, f64::INFINITY, 0.25),
            (2.0, 100.0, 0.25),
        ] {
            assert_eq!(of(from, to, &counts), expected, "{from} {to}");
        }
        // Nobody knows where a bucket below 0 begins.
        let negative = [(-1.0, 2.0), (1.0, 6.0), (f64::INFINITY, 8.0)];
        assert_eq!(of(f64::NEG_INFINITY, -2.0, &negative), 0.25);
        assert_eq!(of(-1.0, 0.0, &negative), 0.25);
        assert!(of(f64::NAN, 1.0, &counts).is_nan() && of(0.0, 1.0, &counts[..2]).is_nan());
        assert!(of(0.0, 1.0, &[(f64::INFINITY, 0.0)]).is_nan());
    }

    #[test]
    fn version_3_takes_nearly_equal_counts_for_equal() {
        // Both buckets hold the same two observations, but for the last digit.
        let counts = [(1.0, 2.0), (3.0, 2.0 + 1e-15), (f64::INFINITY, 2.0 + 1e-15)];
        assert_eq!(of(1.0, &counts, Compat::V3), 1.0);
        assert_eq!(of(1.0, &counts, Compat::V2_42), 3.0);
    }
}
