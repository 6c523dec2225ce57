//! Operators between two vectors: which elements belong together, and what becomes of their labels.

use std::collections::{HashMap, HashSet};

use super::compat::Compat;
use super::eval::EvalError;
use super::plan::{Grouping, Matching, Operator, Set, Sides};
use super::vector::{Element, Key};

/// `and`, `or`, `unless`.
pub(super) fn set<'s>(
    set: Set,
    matching: &Matching,
    mut left: Vec<Element<'s>>,
    mut right: Vec<Element<'s>>,
) -> Vec<Element<'s>> {
    let keys = |vector: &[Element<'s>]| -> HashSet<Key<'s>> {
        vector.iter().map(|element| element.key(&matching.labels)).collect()
    };
    match set {
        Set::And => {
            let known = keys(&right);
            left.retain(|element| known.contains(&element.key(&matching.labels)));
        }
        Set::Unless => {
            let known = keys(&right);
            left.retain(|element| !known.contains(&element.key(&matching.labels)));
        }
        Set::Or => {
            let known = keys(&left);
            right.retain(|element| !known.contains(&element.key(&matching.labels)));
            left.append(&mut right);
        }
    }
    left
}

/// Arithmetic and comparisons.
pub(super) fn pairs<'s>(
    operator: Operator,
    matching: &'s Matching,
    left: Vec<Element<'s>>,
    right: Vec<Element<'s>>,
    compat: Compat,
) -> Result<Vec<Element<'s>>, EvalError> {
    if left.is_empty() || right.is_empty() {
        return Ok(Vec::new());
    }
    let swapped = matches!(matching.sides, Sides::OneToMany(_));
    let (many, one) = if swapped { (right, left) } else { (left, right) };
    let mut ones: HashMap<Key<'s>, Element<'s>> = HashMap::with_capacity(one.len());
    for element in one {
        if ones.insert(element.key(&matching.labels), element).is_some() {
            return Err(EvalError::ManyToMany);
        }
    }
    let (mut results, mut matched) = (Vec::new(), HashSet::new());
    for element in many {
        let key = element.key(&matching.labels);
        let Some(other) = ones.get(&key) else { continue };
        let (left, right) = if swapped { (other.value, element.value) } else { (element.value, other.value) };
        let value = operator.apply(left, right, left);
        // Since version 3 what a comparison leaves out has a match too.
        let is_counted = matching.sides == Sides::OneToOne && (value.is_some() || compat == Compat::V3);
        if is_counted && !matched.insert(key) {
            return Err(EvalError::ManyToOne);
        }
        let Some(value) = value else { continue };
        let result = combine(operator, matching, &element, other, value, compat);
        if matching.sides != Sides::OneToOne && !matched.insert(result.labels().to_vec()) {
            return Err(EvalError::ManyToOne);
        }
        results.push(result);
    }
    Ok(results)
}

fn combine<'s>(
    operator: Operator,
    matching: &'s Matching,
    many: &Element<'s>,
    one: &Element<'s>,
    value: f64,
    compat: Compat,
) -> Element<'s> {
    let mut result = many.clone();
    result.value = value;
    if operator.drops_name(compat) {
        result.drop_name();
    }
    match &matching.sides {
        Sides::OneToOne => {
            let labels = match &matching.labels {
                by @ Grouping::By(_) => result.key(by),
                Grouping::Without(ignored) => {
                    let kept = |name: &str| !ignored.iter().any(|label| label == name);
                    result.labels().iter().filter(|(name, _)| kept(name)).cloned().collect()
                }
            };
            Element::new(labels, value)
        }
        Sides::ManyToOne(taken) | Sides::OneToMany(taken) => {
            taken.iter().for_each(|label| result.take(label, one));
            result
        }
    }
}
