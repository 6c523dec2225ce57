//! `topk` and `bottomk`.

use std::collections::HashMap;

use super::eval::EvalError;
use super::plan::{Aggregate, Kind};
use super::vector::{Element, Key};

/// Keeps the `count` greatest, or least, elements of each group. NaN only where there is nothing else; of equal ones the
/// first.
pub(super) fn keep<'s>(
    aggregate: &Aggregate,
    count: f64,
    mut vector: Vec<Element<'s>>,
) -> Result<Vec<Element<'s>>, EvalError> {
    // Where Go's whole numbers end.
    if !(-(2_f64.powi(63))..2_f64.powi(63)).contains(&count) {
        return Err(EvalError::NotACount);
    }
    vector.sort_by(|one, other| {
        let by_value = match aggregate.kind {
            Kind::Bottom => one.value.total_cmp(&other.value),
            _ => other.value.total_cmp(&one.value),
        };
        one.value.is_nan().cmp(&other.value.is_nan()).then(by_value)
    });
    let mut kept: HashMap<Key<'s>, f64> = HashMap::new();
    vector.retain(|element| {
        let kept = kept.entry(element.key(&aggregate.grouping)).or_default();
        *kept += 1.0;
        *kept <= count.trunc()
    });
    Ok(vector)
}
