//! An expression made ready: what cannot be evaluated is no longer in it.

use super::selector::Selector;
use crate::condition::Comparison;

#[derive(Debug)]
pub(super) enum Node {
    Number(f64),
    Select(Selector),
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Sum,
    Average,
    Minimum,
    Maximum,
    Count,
    Group,
    Deviation,
    Variance,
}
