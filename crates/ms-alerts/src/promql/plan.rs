//! An expression made ready: what cannot be evaluated is no longer in it.

use super::selector::Selector;
use crate::condition::Comparison;

/// How long a sample is looked at, in milliseconds.
pub(super) const LOOK_BACK: i64 = 5 * 60 * 1000;

#[derive(Debug)]
pub(super) enum Node {
    Number(f64),
    Select(Selector),
    /// A selector some milliseconds ago.
    Earlier(Selector, i64),
    Over(Box<Range>),
    /// The share, and the buckets.
    HistogramQuantile(Box<(Node, Node)>),
    AbsentOver(Box<Window>, Vec<(String, String)>),
    Negate(Box<Node>),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    /// Changes each element; the arguments behind the vector are numbers.
    Change(Change, Box<Node>, Vec<Node>),
    /// The time of the evaluation, in seconds since 1970.
    Time,
    Vector(Box<Node>),
    Scalar(Box<Node>),
    Absent {
        inner: Box<Node>,
        labels: Vec<(String, String)>,
    },
}

/// A function of a range.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) function: Over,
    pub(super) window: Window,
    pub(super) argument: Option<Node>,
}

/// Samples of a range that ends some time ago; in milliseconds.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) selector: Selector,
    pub(super) range: i64,
    pub(super) offset: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Extrapolated { is_counter: bool, is_rate: bool },
    InstantRate,
    InstantDelta,
    Changes,
    Resets,
    Derivative,
    Predict,
    Average,
    Minimum,
    Maximum,
    Sum,
    Count,
    Last,
    Deviation,
    Variance,
    Present,
    Quantile,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Each(fn(f64) -> f64),
    Round,
    Clamp,
    ClampMin,
    ClampMax,
}

#[derive(Debug)]
pub(super) struct Binary {
    pub(super) operator: Operator,
    pub(super) left: Node,
    pub(super) right: Node,
    pub(super) matching: Matching,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Arithmetic(Arithmetic),
    Compare {
        comparison: Comparison,
        /// Gives 0 or 1 instead of leaving out what does not hold.
        as_number: bool,
    },
    Set(Set),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Atan2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    And,
    Or,
    Unless,
}

/// Which elements of two vectors belong together.
#[derive(Debug)]
pub(super) struct Matching {
    pub(super) labels: Grouping,
    pub(super) sides: Sides,
}

/// Labels to go by, or to leave out of account.
#[derive(Debug)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Debug)]
pub(super) enum Sides {
    OneToOne,
    /// The labels are taken over from the one.
    ManyToOne(Vec<String>),
    OneToMany(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Aggregate {
    pub(super) kind: Kind,
    pub(super) inner: Node,
    pub(super) grouping: Grouping,
    /// The number that some kinds take.
    pub(super) argument: Option<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Quantile,
    /// Keeps the elements that are greatest, with their labels.
    Top,
    Bottom,
    Sum,
    Average,
    Minimum,
    Maximum,
    Count,
    Group,
    Deviation,
    Variance,
}

impl Node {
    /// Calls `ask` with each selector that looks back, and how far it does.
    pub(super) fn looks_back(&self, ask: &mut dyn FnMut(&Selector, i64)) {
        match self {
            Self::Earlier(selector, offset) => ask(selector, offset.saturating_add(LOOK_BACK)),
            Self::Over(range) => {
                range.window.looks_back(ask);
                range.argument.iter().for_each(|argument| argument.looks_back(ask));
            }
            Self::AbsentOver(window, _) => window.looks_back(ask),
            Self::HistogramQuantile(both) => {
                both.0.looks_back(ask);
                both.1.looks_back(ask);
            }
            Self::Negate(inner) | Self::Vector(inner) | Self::Scalar(inner) | Self::Absent { inner, .. } => {
                inner.looks_back(ask);
            }
            Self::Binary(binary) => {
                [&binary.left, &binary.right].into_iter().for_each(|side| side.looks_back(ask))
            }
            Self::Aggregate(aggregate) => {
                aggregate.inner.looks_back(ask);
                aggregate.argument.iter().for_each(|argument| argument.looks_back(ask));
            }
            Self::Change(_, inner, numbers) => {
                inner.looks_back(ask);
                numbers.iter().for_each(|number| number.looks_back(ask));
            }
            Self::Number(_) | Self::Select(_) | Self::Time => {}
        }
    }
}

impl Window {
    fn looks_back(&self, ask: &mut dyn FnMut(&Selector, i64)) {
        ask(&self.selector, self.range.saturating_add(self.offset));
    }
}
