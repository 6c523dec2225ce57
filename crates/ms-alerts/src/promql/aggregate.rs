//! Many elements into one a group.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::compat::Compat;
use super::plan::{Aggregate, Grouping, Kind};
use super::vector::{Element, Key};
use crate::format::without_exponent;

/// Gives one element a group, in the order in which the groups begin.
pub(super) fn groups<'s>(
    aggregate: &'s Aggregate,
    argument: f64,
    vector: Vec<Element<'s>>,
    compat: Compat,
) -> Vec<Element<'s>> {
    let Some(label) = &aggregate.label else {
        return in_groups(aggregate.kind, &aggregate.grouping, argument, vector, compat);
    };
    let mut vector = vector;
    for element in &mut vector {
        element.set(label, Cow::Owned(without_exponent(element.value)));
    }
    let mut grouping = aggregate.grouping.clone();
    if let Grouping::By(labels) = &mut grouping {
        labels.push(label.clone());
    }
    in_groups(aggregate.kind, &grouping, argument, vector, compat)
}

fn in_groups<'s>(
    kind: Kind,
    grouping: &Grouping,
    argument: f64,
    vector: Vec<Element<'s>>,
    compat: Compat,
) -> Vec<Element<'s>> {
    let mut places: HashMap<Key<'s>, usize> = HashMap::new();
    let mut values: Vec<Vec<f64>> = Vec::new();
    for element in vector {
        match places.entry(element.key(grouping)) {
            Entry::Vacant(place) => {
                place.insert(values.len());
                values.push(vec![element.value]);
            }
            Entry::Occupied(place) => {
                if let Some(group) = values.get_mut(*place.get()) {
                    group.push(element.value);
                }
            }
        }
    }
    let mut groups: Vec<(Key<'s>, usize)> = places.into_iter().collect();
    groups.sort_unstable_by_key(|(_, place)| *place);
    groups
        .into_iter()
        .zip(values)
        .map(|((labels, _), values)| Element::new(labels, kind.of(argument, values, compat)))
        .collect()
}

impl Kind {
    /// There is at least one value in a group.
    fn of(self, argument: f64, values: Vec<f64>, compat: Compat) -> f64 {
        let count = values.len() as f64;
        match self {
            Self::Sum => sum(&values),
            Self::Average => average(&values),
            Self::Minimum => best(&values, |value, least| value < least),
            Self::Maximum => best(&values, |value, most| value > most),
            Self::Count | Self::CountValues => count,
            Self::Group => 1.0,
            // Version 2 does not look at what is alone in its group.
            Self::Variance | Self::Deviation if values.len() == 1 && compat == Compat::V2_42 => 0.0,
            Self::Variance => variance(&values),
            Self::Deviation => variance(&values).sqrt(),
            Self::Quantile => quantile(argument, values),
            // They keep elements instead, see `top`.
            Self::Top | Self::Bottom => f64::NAN,
        }
    }
}

/// By Kahan and Neumaier, so that the order of the series does not matter.
pub(super) fn sum(values: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = sum + value;
        if next.is_infinite() {
            lost = 0.0;
        } else if sum.abs() >= value.abs() {
            lost += (sum - next) + value;
        } else {
            lost += (value - next) + sum;
        }
        sum = next;
    }
    if sum.is_infinite() { sum } else { sum + lost }
}

pub(super) fn average(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let whole = sum(values);
    if whole.is_finite() || values.iter().any(|value| !value.is_finite()) {
        return whole / count;
    }
    // The sum alone is out of range.
    sum(&values.iter().map(|value| value / count).collect::<Vec<_>>())
}

/// NaN only where there is nothing else.
pub(super) fn best(values: &[f64], better: impl Fn(f64, f64) -> bool) -> f64 {
    let choose = |best: f64, value: &f64| if best.is_nan() || better(*value, best) { *value } else { best };
    values.iter().fold(f64::NAN, choose)
}

/// Of the whole group, not of a sample of it; by Welford.
pub(super) fn variance(values: &[f64]) -> f64 {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
    }
    squares / count
}

/// Between the two values beside it, by weight; NaN is the least of all.
pub(super) fn quantile(share: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || share.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&share) {
        return if share < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    values
        .sort_unstable_by(|one, other| other.is_nan().cmp(&one.is_nan()).then_with(|| one.total_cmp(other)));
    let rank = share * (values.len() - 1) as f64;
    let weight = rank - rank.floor();
    let at = |place: usize| values.get(place).or(values.last()).copied().unwrap_or(f64::NAN);
    let lower = rank.floor() as usize;
    at(lower) * (1.0 - weight) + at(lower + 1) * weight
}
