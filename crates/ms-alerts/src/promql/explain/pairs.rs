//! What becomes of the two sides of an operator.

use std::collections::HashSet;

use super::super::eval::{EvalError, Moment, Value};
use super::super::plan::{Binary, Operator, Set};
use super::super::vector::{Element, Key};
use super::elements;

/// `left` elements are left in the end.
pub(super) fn notes<'s>(
    binary: &'s Binary,
    moment: &Moment<'s, '_, '_>,
    left: usize,
) -> Result<Vec<String>, EvalError> {
    let (one, other) = (moment.value(&binary.left)?, moment.value(&binary.right)?);
    match (one, other) {
        (Value::Vector(one), Value::Vector(other)) => Ok(of_vectors(binary, &one, &other, left)),
        (Value::Vector(vector), Value::Scalar(_)) | (Value::Scalar(_), Value::Vector(vector)) => {
            let holds = binary.operator.is_comparison() && !vector.is_empty();
            Ok(if holds {
                vec![format!("it holds for {left} of {}", elements(vector.len()))]
            } else {
                Vec::new()
            })
        }
        (Value::Scalar(_), Value::Scalar(_)) => Ok(Vec::new()),
    }
}

fn of_vectors(binary: &Binary, one: &[Element<'_>], other: &[Element<'_>], left: usize) -> Vec<String> {
    let mut notes = Vec::new();
    match binary.operator {
        Operator::Set(Set::Or) => return notes,
        Operator::Set(Set::Unless) => {
            let taken = one.len().saturating_sub(left);
            let what =
                format!("{taken} of {} on the left have a partner on the right, and go", elements(one.len()));
            return if taken > 0 { vec![what] } else { notes };
        }
        _ => {}
    }
    for (side, vector) in [("left", one), ("right", other)] {
        if vector.is_empty() {
            notes.push(format!("its {side} side is empty"));
        }
    }
    if !notes.is_empty() {
        return notes;
    }
    notes.extend(alone(binary, "left", one, "right", other));
    // What only the right side of `and` has changes nothing.
    if !matches!(binary.operator, Operator::Set(_)) {
        notes.extend(alone(binary, "right", other, "left", one));
    }
    let pairs = one.len().max(other.len());
    if binary.operator.is_comparison() && notes.is_empty() {
        notes.push(format!("it holds for {left} of {}", elements(pairs)));
    }
    notes
}

/// Tells of elements without a partner on the other side.
fn alone(
    binary: &Binary,
    side: &str,
    vector: &[Element<'_>],
    other_side: &str,
    others: &[Element<'_>],
) -> Option<String> {
    let keys = |elements: &[Element<'_>]| {
        let keys = elements.iter().map(|element| shown(&element.key(&binary.matching.labels)));
        keys.collect::<Vec<String>>()
    };
    let there = keys(others);
    let known: HashSet<&String> = there.iter().collect();
    let mut alone = keys(vector);
    alone.retain(|key| !known.contains(key));
    // The first of all, since there is no order else.
    Some(format!(
        "no partner on the {other_side} for {} of {} on the {side}, such as {}; there one is {}",
        alone.len(),
        elements(vector.len()),
        alone.iter().min()?,
        there.iter().min()?,
    ))
}

/// The labels that have to agree.
fn shown(key: &Key<'_>) -> String {
    let labels: Vec<String> = key.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", labels.join(", "))
}
