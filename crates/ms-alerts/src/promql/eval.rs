//! Walks through an expression.

use std::collections::HashSet;
use std::fmt;

use super::compat::Compat;
use super::over::Stretch;
use super::plan::{Binary, Kind, LOOK_BACK, Node, Operator, Over, Range, Window};
use super::selector::Selector;
use super::vector::{Element, NAME, distinct};
use super::{aggregate, binary, functions, histogram, matching, top};
use crate::samples::{History, Incomplete, Sample, Samples, Series};

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
            Self::Incomplete => "samples are missing, for the history was full",
        })
    }
}

impl From<Incomplete> for EvalError {
    fn from(Incomplete: Incomplete) -> Self {
        Self::Incomplete
    }
}

/// The samples that are looked at.
pub(super) struct Moment<'s, 'd> {
    pub(super) samples: &'s Samples<'d>,
    pub(super) history: &'s History,
    pub(super) now: i64,
    pub(super) compat: Compat,
}

pub(super) enum Value<'s> {
    Scalar(f64),
    Vector(Vec<Element<'s>>),
}

impl<'s> Moment<'s, '_> {
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
            Node::Earlier(selector, offset) => self.earlier(selector, *offset).map(Value::Vector),
            Node::Over(range) => self.over(range).map(Value::Vector),
            Node::HistogramQuantile(both) => {
                let share = self.number(&both.0)?;
                let buckets = self.answer(&both.1)?;
                Ok(Value::Vector(histogram::quantiles(share, &buckets, self.compat)))
            }
            Node::AbsentOver(window, labels) => {
                let mut present = false;
                self.stretches(window, |_, _, _| present = true)?;
                Ok(Value::Vector(functions::absent(present, labels)))
            }
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
                let argument = aggregate.argument.as_ref().map_or(Ok(f64::NAN), |node| self.number(node))?;
                let inner = self.answer(&aggregate.inner)?;
                let groups = match aggregate.kind {
                    Kind::Top | Kind::Bottom => top::keep(aggregate, argument, inner)?,
                    _ => aggregate::groups(aggregate, argument, inner),
                };
                Ok(Value::Vector(groups))
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
                Ok(Value::Vector(functions::absent(!self.answer(inner)?.is_empty(), labels)))
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
            if !self.is_visible(&sample) || !selector.matches(|name| sample.label(name)) {
                return;
            }
            let element = Element::of(sample.name(), sample.labels(), sample.value());
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

    /// A sample with a time stamp of its own may be too old, or not be yet.
    fn is_visible(&self, sample: &Sample<'_>) -> bool {
        let first = self.compat.first(self.now.saturating_sub(LOOK_BACK));
        sample.timestamp().is_none_or(|at| (first..=self.now).contains(&at))
    }

    fn earlier(&self, selector: &'s Selector, offset: i64) -> Result<Vec<Element<'s>>, EvalError> {
        let moment = self.history.now().saturating_sub(offset);
        let first = self.compat.first(moment.saturating_sub(LOOK_BACK));
        let mut selected = Vec::new();
        for (metric, series) in self.series(selector)? {
            let value = series.last_between(first, moment);
            selected.extend(value.map(|value| Element::of(metric, series.labels(), value)));
        }
        Ok(selected)
    }

    fn over(&self, range: &'s Range) -> Result<Vec<Element<'s>>, EvalError> {
        let argument = range.argument.as_ref().map_or(Ok(f64::NAN), |node| self.number(node))?;
        let mut vector = Vec::new();
        self.stretches(&range.window, |metric, series, stretch| {
            let Some(value) = range.of(stretch, argument, self.compat) else { return };
            let mut element = Element::of(metric, series.labels(), value);
            if range.function != Over::Last {
                element.drop_name();
            }
            vector.push(element);
        })?;
        distinct(vector)
    }

    /// Calls `visit` with each series that has samples within a range.
    fn stretches(
        &self,
        window: &'s Window,
        mut visit: impl FnMut(&'s str, &'s Series, &Stretch<'_>),
    ) -> Result<(), EvalError> {
        let now = self.history.now();
        let end = now.saturating_sub(window.offset);
        let start = end.saturating_sub(window.range);
        let mut points = Vec::new();
        for (metric, series) in self.series(&window.selector)? {
            points.clear();
            points.extend(series.between(self.compat.first(start), end));
            if !points.is_empty() {
                visit(metric, series, &Stretch { points: &points, start, end, now });
            }
        }
        Ok(())
    }

    fn series(
        &self,
        selector: &'s Selector,
    ) -> Result<impl Iterator<Item = (&'s str, &'s Series)>, EvalError> {
        let label = |metric: &'s str, series: &'s Series, name: &str| {
            if name == NAME { metric } else { series.label(name) }
        };
        let series = self.history.series(selector.name())?;
        Ok(series.filter(move |(metric, series)| selector.matches(|name| label(metric, series, name))))
    }
}
