//! Walks through an expression.

use std::collections::HashSet;
use std::fmt;

use super::plan::{Binary, Node, Operator};
use super::selector::Selector;
use super::vector::{Element, distinct};
use super::{aggregate, binary, functions, matching};
use crate::samples::{Sample, Samples};

/// Why an expression has no answer on these samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EvalError {
    SameLabels,
    /// Several elements where `on` or `ignoring` must leave one.
    ManyToMany,
    /// `group_left` or `group_right` is missing, or leaves two results with the same labels.
    ManyToOne,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameLabels => "two elements of a vector have the same labels",
            Self::ManyToMany => "several series of the side that must have one match a series of the other",
            Self::ManyToOne => {
                "several series match one; say so with `group_left` or `group_right`, or match more labels"
            }
        })
    }
}

/// The samples that are looked at.
pub(super) struct Moment<'e, 's, 'd> {
    pub(super) samples: &'s Samples<'d>,
    pub(super) now: i64,
    pub(super) visible: &'e dyn Fn(&Sample<'s>) -> bool,
}

pub(super) enum Value<'s> {
    Scalar(f64),
    Vector(Vec<Element<'s>>),
}

impl<'s> Moment<'_, 's, '_> {
    pub(super) fn answer(&self, node: &'s Node) -> Result<Vec<Element<'s>>, EvalError> {
        match self.value(node)? {
            Value::Scalar(number) => Ok(vec![Element::new(Vec::new(), number)]),
            Value::Vector(vector) => Ok(vector),
        }
    }

    fn value(&self, node: &'s Node) -> Result<Value<'s>, EvalError> {
        match node {
            Node::Number(number) => Ok(Value::Scalar(*number)),
            Node::Select(selector) => Ok(Value::Vector(self.select(selector))),
            Node::Negate(inner) => match self.value(inner)? {
                Value::Scalar(number) => Ok(Value::Scalar(-number)),
                Value::Vector(mut vector) => {
                    for element in &mut vector {
                        element.drop_name();
                        element.value = -element.value;
                    }
                    distinct(vector).map(Value::Vector)
                }
            },
            Node::Binary(binary) => self.binary(binary),
            Node::Aggregate(aggregate) => {
                let inner = self.answer(&aggregate.inner)?;
                Ok(Value::Vector(aggregate::groups(aggregate, inner)))
            }
            Node::Change(change, inner, numbers) => {
                let numbers: Vec<f64> =
                    numbers.iter().map(|node| self.number(node)).collect::<Result<_, _>>()?;
                let vector = functions::change(*change, self.answer(inner)?, &numbers);
                distinct(vector).map(Value::Vector)
            }
            Node::Time => Ok(Value::Scalar(self.now as f64 / 1000.0)),
            Node::Vector(inner) => self.answer(inner).map(Value::Vector),
            Node::Scalar(inner) => Ok(Value::Scalar(functions::scalar(&self.answer(inner)?))),
            Node::Absent { inner, labels } => {
                Ok(Value::Vector(functions::absent(&self.answer(inner)?, labels)))
            }
        }
    }

    /// A number where the parser lets no vector stand.
    fn number(&self, node: &'s Node) -> Result<f64, EvalError> {
        match self.value(node)? {
            Value::Scalar(number) => Ok(number),
            Value::Vector(vector) => Ok(functions::scalar(&vector)),
        }
    }

    fn binary(&self, binary: &'s Binary) -> Result<Value<'s>, EvalError> {
        let (left, right) = (self.value(&binary.left)?, self.value(&binary.right)?);
        let vector = match (left, right) {
            (Value::Scalar(left), Value::Scalar(right)) => {
                return Ok(Value::Scalar(binary::numbers(binary.operator, left, right)));
            }
            (Value::Vector(vector), Value::Scalar(number)) => {
                binary::with_number(binary.operator, vector, number, false)
            }
            (Value::Scalar(number), Value::Vector(vector)) => {
                binary::with_number(binary.operator, vector, number, true)
            }
            (Value::Vector(left), Value::Vector(right)) => match binary.operator {
                Operator::Set(set) => matching::set(set, &binary.matching, left, right),
                operator => matching::pairs(operator, &binary.matching, left, right)?,
            },
        };
        distinct(vector).map(Value::Vector)
    }

    fn select(&self, selector: &'s Selector) -> Vec<Element<'s>> {
        let mut seen = HashSet::new();
        let mut selected = Vec::new();
        let mut consider = |sample: Sample<'s>| {
            if !(self.visible)(&sample) || !selector.matches(&sample) {
                return;
            }
            let element = Element::of(&sample);
            // Of two samples of one series in one exposition, the server keeps the first.
            if seen.insert(element.labels().to_vec()) {
                selected.push(element);
            }
        };
        match selector.name() {
            Some(name) => self.samples.named(name).for_each(&mut consider),
            None => self.samples.iter().for_each(&mut consider),
        }
        selected
    }
}
