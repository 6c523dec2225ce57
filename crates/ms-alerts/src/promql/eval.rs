//! Walks through an expression.

mod budget;
mod filter;
mod ledger;
mod range;
mod select;

use std::fmt;
use std::ptr;

use super::compat::Dialect;
use super::plan::{At, Binary, Kind, Node, Operator, Part, When};
use super::vector::{Element, distinct};
use super::{aggregate, binary, functions, histogram, matching, sort, top};
use crate::samples::{History, Incomplete, Samples};
pub(super) use budget::Budget;
use ledger::Ledger;

/// Why an expression has no answer on these samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EvalError {
    SameLabels,
    /// Several elements where `on` or `ignoring` must leave one.
    ManyToMany,
    /// `group_left` or `group_right` is missing, or leaves two results with the same labels.
    ManyToOne,
    /// `topk` or `bottomk` of something that is no whole number.
    NotACount,
    /// A limit of the history was reached.
    Incomplete,
    /// It names a moment of which nothing can be known.
    BeforeStart,
    /// It would look at more samples than any rule may.
    TooManySamples,
    /// It would take longer than any rule may.
    TooManySteps,
    /// Its steps together would look at more samples, or take longer, than any range may.
    LongRange,
    /// It makes a label that is longer than any is.
    LongLabel,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SameLabels => "two elements of a vector have the same labels",
            Self::ManyToMany => "several series of the side that must have one match a series of the other",
            Self::ManyToOne => {
                "several series match one; say so with `group_left` or `group_right`, or match more labels"
            }
            Self::NotACount => "the first argument of `topk` or `bottomk` is no whole number",
            Self::BeforeStart => "`@` names a time before the first evaluation, of which nothing is known",
            Self::Incomplete => "samples are missing, for the history was full",
            Self::TooManySamples => "it looks at more than 10 million samples",
            Self::TooManySteps => "it takes more than 100 million steps",
            Self::LongRange => {
                "its steps together look at more than 50 million samples or take more than 500 million steps"
            }
            Self::LongLabel => "it makes a label of more than 64 KiB",
        })
    }
}

impl EvalError {
    /// It has cost too much, whatever the samples are.
    pub(crate) fn is_of_budget(self) -> bool {
        matches!(self, Self::TooManySamples | Self::TooManySteps | Self::LongRange | Self::LongLabel)
    }
}

impl From<Incomplete> for EvalError {
    fn from(Incomplete: Incomplete) -> Self {
        Self::Incomplete
    }
}

/// The samples that are looked at, and when.
#[derive(Clone, Copy)]
pub(super) struct Moment<'s, 'd, 'b> {
    /// Those of the moment; without them, what the history has of it.
    pub(super) samples: Option<&'s Samples<'d>>,
    pub(super) history: &'s History,
    /// Of the evaluation, in milliseconds since 1970, as all moments of an expression.
    pub(super) now: i64,
    /// How far the history's clock is ahead of that.
    pub(super) ahead: i64,
    /// The first and the last moment that are asked for.
    pub(super) bounds: (i64, i64),
    pub(super) dialect: Dialect,
    pub(super) budget: &'b Budget,
    /// Of the subquery around it.
    ledger: Option<&'b Ledger<'s>>,
}

impl<'s, 'd, 'b> Moment<'s, 'd, 'b> {
    pub(super) fn new(
        samples: Option<&'s Samples<'d>>,
        history: &'s History,
        now: i64,
        bounds: (i64, i64),
        dialect: Dialect,
        budget: &'b Budget,
    ) -> Self {
        Self { samples, history, now, ahead: 0, bounds, dialect, budget, ledger: None }
    }
}

/// What an expression gives.
pub(crate) enum Value<'s> {
    Scalar(f64),
    Vector(Vec<Element<'s>>),
}

impl<'s> Moment<'s, '_, '_> {
    pub(super) fn answer(&self, node: &'s Node) -> Result<Vec<Element<'s>>, EvalError> {
        match self.value(node)? {
            Value::Scalar(number) => Ok(vec![Element::new(Vec::new(), number)]),
            Value::Vector(vector) => Ok(vector),
        }
    }

    pub(super) fn value(&self, node: &'s Node) -> Result<Value<'s>, EvalError> {
        self.budget.step(1)?;
        let vector = match node {
            Node::Number(number) => return Ok(Value::Scalar(*number)),
            Node::Time => return Ok(Value::Scalar(self.seconds())),
            Node::Scalar(inner) => return Ok(Value::Scalar(functions::scalar(&self.answer(inner)?))),
            Node::Negate(inner) => return self.negate(inner),
            Node::Binary(binary) => return self.binary(binary),
            Node::Select(selector, when) => self.select(selector, *when, |_, value| Some(value))?,
            Node::Over(range) => self.over(range, Some)?,
            Node::HistogramQuantile(both) => {
                let share = self.number(&both.0)?;
                histogram::quantiles(share, &self.answer(&both.1)?, self.dialect.compat)
            }
            Node::HistogramFraction(all) => {
                let [from, to, buckets] = all.as_ref();
                let (from, to) = (self.number(from)?, self.number(to)?);
                histogram::fractions((from, to), &self.answer(buckets)?, self.dialect.compat)
            }
            Node::AbsentOver(window, labels) => {
                let mut present = false;
                self.stretches(window, |_, _| present = true)?;
                functions::absent(present, labels)
            }
            Node::Aggregate(aggregate) => {
                let argument = aggregate.argument.as_ref().map_or(Ok(f64::NAN), |node| self.number(node))?;
                let inner = self.answer(&aggregate.inner)?;
                match aggregate.kind {
                    Kind::Top | Kind::Bottom => top::keep(aggregate, argument, inner)?,
                    _ => aggregate::groups(aggregate, argument, inner, self.dialect.compat),
                }
            }
            Node::Change(change, inner, numbers) => {
                let numbers: Vec<f64> =
                    numbers.iter().map(|node| self.number(node)).collect::<Result<_, _>>()?;
                distinct(functions::change(*change, self.answer(inner)?, &numbers))?
            }
            Node::Timestamp(inner) => self.timestamps(inner)?,
            Node::Calendar(part, inner) => self.calendar(*part, inner.as_deref())?,
            Node::Sort(inner, order) => sort::sorted(self.answer(inner)?, *order),
            Node::LabelReplace(replace) => {
                let mut vector = self.answer(&replace.inner)?;
                replace.apply(&mut vector)?;
                distinct(vector)?
            }
            Node::LabelJoin(join) => {
                let mut vector = self.answer(&join.inner)?;
                join.apply(&mut vector)?;
                distinct(vector)?
            }
            Node::Vector(inner) => self.answer(inner)?,
            Node::Absent { inner, labels } => functions::absent(!self.answer(inner)?.is_empty(), labels),
        };
        Ok(Value::Vector(vector))
    }

    fn seconds(&self) -> f64 {
        self.now as f64 / 1000.0
    }

    /// When something is looked at, in milliseconds since 1970.
    fn moment(&self, when: When) -> i64 {
        let base = match when.at {
            At::Evaluation => self.now,
            At::Start => self.bounds.0,
            At::End => self.bounds.1,
            At::Fixed(moment) => moment,
        };
        base.saturating_sub(when.offset)
    }

    /// A number where the parser lets no vector stand.
    fn number(&self, node: &'s Node) -> Result<f64, EvalError> {
        match self.value(node)? {
            Value::Scalar(number) => Ok(number),
            Value::Vector(vector) => Ok(functions::scalar(&vector)),
        }
    }

    fn negate(&self, inner: &'s Node) -> Result<Value<'s>, EvalError> {
        let mut vector = match self.value(inner)? {
            Value::Scalar(number) => return Ok(Value::Scalar(-number)),
            Value::Vector(vector) => vector,
        };
        for element in &mut vector {
            Ledger::drop_name(self.ledger, ptr::from_ref(inner).addr(), element)?;
            element.value = -element.value;
        }
        distinct(vector).map(Value::Vector)
    }

    /// Of a selector those of its samples; anything else is of the moment.
    fn timestamps(&self, inner: &'s Node) -> Result<Vec<Element<'s>>, EvalError> {
        let mut vector = match inner {
            Node::Select(selector, when) => self.select(selector, *when, |at, _| Some(at as f64 / 1000.0))?,
            _ => {
                let mut vector = self.answer(inner)?;
                vector.iter_mut().for_each(|element| element.value = self.seconds());
                vector
            }
        };
        vector.iter_mut().for_each(Element::drop_name);
        distinct(vector)
    }

    fn calendar(&self, part: Part, inner: Option<&'s Node>) -> Result<Vec<Element<'s>>, EvalError> {
        let Some(inner) = inner else { return Ok(vec![Element::new(Vec::new(), part.of(self.seconds()))]) };
        let mut vector = self.answer(inner)?;
        for element in &mut vector {
            element.drop_name();
            element.value = part.of(element.value);
        }
        distinct(vector)
    }

    fn binary(&self, binary: &'s Binary) -> Result<Value<'s>, EvalError> {
        if let Some(vector) = self.filtered(binary)? {
            return Ok(Value::Vector(vector));
        }
        let (left, right) = (self.value(&binary.left)?, self.value(&binary.right)?);
        let compat = self.dialect.compat;
        let vector = match (left, right) {
            (Value::Scalar(left), Value::Scalar(right)) => {
                return Ok(Value::Scalar(binary::numbers(binary.operator, left, right)));
            }
            (Value::Vector(vector), Value::Scalar(number)) => {
                binary::with_number(binary.operator, vector, number, false, compat)
            }
            (Value::Scalar(number), Value::Vector(vector)) => {
                binary::with_number(binary.operator, vector, number, true, compat)
            }
            (Value::Vector(left), Value::Vector(right)) => match binary.operator {
                Operator::Set(set) => matching::set(set, &binary.matching, left, right),
                operator => matching::pairs(operator, &binary.matching, left, right, compat)?,
            },
        };
        distinct(vector).map(Value::Vector)
    }
}

#[cfg(test)]
mod tests;
