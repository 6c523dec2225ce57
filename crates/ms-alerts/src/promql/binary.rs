//! Operators between two numbers, and between a vector and a number.

use super::compat::Compat;
use super::plan::{Arithmetic, Operator};
use super::vector::Element;

impl Arithmetic {
    fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
            Self::Power => left.powf(right),
            Self::Atan2 => left.atan2(right),
        }
    }
}

impl Operator {
    /// Tells whether the result is another thing than the metric was; version 2 forgets to say so of `atan2`.
    pub(super) fn drops_name(self, compat: Compat) -> bool {
        match self {
            Self::Arithmetic(Arithmetic::Atan2) => compat == Compat::V3,
            Self::Arithmetic(_) => true,
            Self::Compare { as_number, .. } => as_number,
            Self::Set(_) => false,
        }
    }

    /// Gives the result; nothing where a comparison leaves the element out. `kept` is the value of one that stays.
    pub(super) fn apply(self, left: f64, right: f64, kept: f64) -> Option<f64> {
        match self {
            Self::Arithmetic(arithmetic) => Some(arithmetic.apply(left, right)),
            Self::Compare { comparison, as_number: true } => {
                Some(f64::from(u8::from(comparison.holds(left, right))))
            }
            Self::Compare { comparison, .. } => comparison.holds(left, right).then_some(kept),
            // Only between vectors, which the parser checks.
            Self::Set(_) => None,
        }
    }
}

/// A comparison of two numbers is one `bool`, which the parser checks.
pub(super) fn numbers(operator: Operator, left: f64, right: f64) -> f64 {
    operator.apply(left, right, left).unwrap_or(f64::NAN)
}

/// Applies an operator to each element and a number, which stands on the left if `reversed`.
pub(super) fn with_number(
    operator: Operator,
    mut vector: Vec<Element<'_>>,
    number: f64,
    reversed: bool,
    compat: Compat,
) -> Vec<Element<'_>> {
    vector.retain_mut(|element| {
        let (left, right) = if reversed { (number, element.value) } else { (element.value, number) };
        let Some(value) = operator.apply(left, right, element.value) else { return false };
        element.value = value;
        if operator.drops_name(compat) {
            element.drop_name();
        }
        true
    });
    vector
}
