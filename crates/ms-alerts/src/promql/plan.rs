//! An expression made ready: what cannot be evaluated is no longer in it.

mod kinds;

use ::regex::Regex;

pub(super) use kinds::{Arithmetic, Change, Kind, Operator, Order, Over, Part, Set};

use super::selector::Selector;

/// How long a sample is looked at, in milliseconds.
pub(super) const LOOK_BACK: i64 = 5 * 60 * 1000;
/// Longer spans would overflow sums of moments.
pub(super) const LONGEST: i64 = 100 * 365 * 24 * 60 * 60 * 1000;

#[derive(Debug)]
pub(super) enum Node {
    Number(f64),
    Select(Selector, When),
    Over(Box<Range>),
    /// The share, and the buckets.
    HistogramQuantile(Box<(Node, Node)>),
    /// From where, up to where, and the buckets.
    HistogramFraction(Box<[Node; 3]>),
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
    /// When the samples are from, in seconds since 1970.
    Timestamp(Box<Node>),
    /// Of each element, or of the moment.
    Calendar(Part, Option<Box<Node>>),
    Sort(Box<Node>, Order),
    LabelReplace(Box<LabelReplace>),
    LabelJoin(Box<LabelJoin>),
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

/// What there was within a range.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) of: Source,
    /// In milliseconds.
    pub(super) range: i64,
    /// Where it ends.
    pub(super) when: When,
}

#[derive(Debug)]
pub(super) enum Source {
    Series(Selector),
    /// The answers of an expression, one a step; without one, the default.
    Subquery {
        inner: Box<Node>,
        step: Option<i64>,
    },
}

/// When something is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct When {
    pub(super) at: At,
    /// So many milliseconds before that; behind it if negative.
    pub(super) offset: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// At the moment of the evaluation, or of the step of a subquery.
    Evaluation,
    /// At the ends of the range that is asked for; for one moment they are that.
    Start,
    End,
    /// In milliseconds since 1970.
    Fixed(i64),
}

/// Sets a label to what a pattern makes of another.
#[derive(Debug)]
pub(super) struct LabelReplace {
    pub(super) inner: Node,
    pub(super) to: String,
    pub(super) replacement: String,
    pub(super) from: String,
    pub(super) pattern: Regex,
}

/// Sets a label to several others with a text between them.
#[derive(Debug)]
pub(super) struct LabelJoin {
    pub(super) inner: Node,
    pub(super) to: String,
    pub(super) separator: String,
    pub(super) from: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Binary {
    pub(super) operator: Operator,
    pub(super) left: Node,
    pub(super) right: Node,
    pub(super) matching: Matching,
}

/// Which elements of two vectors belong together.
#[derive(Debug)]
pub(super) struct Matching {
    pub(super) labels: Grouping,
    pub(super) sides: Sides,
}

/// Labels to go by, or to leave out of account.
#[derive(Debug, Clone)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Debug, PartialEq, Eq)]
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
    /// The label that `count_values` adds.
    pub(super) label: Option<String>,
}

impl When {
    pub(super) const NOW: Self = Self { at: At::Evaluation, offset: 0 };
}
