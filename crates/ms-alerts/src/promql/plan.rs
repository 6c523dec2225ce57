//! An expression made ready: what cannot be evaluated is no longer in it.

use ::regex::Regex;

use super::selector::Selector;
use crate::condition::Comparison;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    DaysInMonth,
    Hour,
    Minute,
    Month,
    Year,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    CountValues,
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

impl When {
    pub(super) const NOW: Self = Self { at: At::Evaluation, offset: 0 };

    /// How far back it looks if a look at its moment goes back by `span`.
    fn span(self, span: i64) -> i64 {
        match self.at {
            // Whatever is kept may be asked for.
            At::Fixed(_) => LONGEST,
            // What a rule asks for begins and ends with its evaluation.
            At::Evaluation | At::Start | At::End => span.saturating_add(self.offset.max(0)).min(LONGEST),
        }
    }
}

impl Node {
    /// Calls `ask` with each selector that looks back, and how far it does.
    ///
    /// It is evaluated at moments up to `span` ago, in milliseconds.
    pub(super) fn looks_back_from(&self, span: i64, ask: &mut dyn FnMut(&Selector, i64)) {
        match self {
            Self::Select(selector, When::NOW) if span == 0 => ask(selector, 0),
            Self::Select(selector, when) => ask(selector, when.span(span.saturating_add(LOOK_BACK))),
            Self::AbsentOver(window, _) => window.looks_back_from(span, ask),
            Self::Over(range) => {
                range.window.looks_back_from(span, ask);
                range.argument.iter().for_each(|argument| argument.looks_back_from(span, ask));
            }
            Self::HistogramQuantile(both) => {
                both.0.looks_back_from(span, ask);
                both.1.looks_back_from(span, ask);
            }
            Self::Negate(inner)
            | Self::Vector(inner)
            | Self::Scalar(inner)
            | Self::Timestamp(inner)
            | Self::Calendar(_, Some(inner))
            | Self::Sort(inner, _)
            | Self::Absent { inner, .. } => inner.looks_back_from(span, ask),
            Self::LabelReplace(replace) => replace.inner.looks_back_from(span, ask),
            Self::LabelJoin(join) => join.inner.looks_back_from(span, ask),
            Self::Binary(binary) => {
                [&binary.left, &binary.right].into_iter().for_each(|side| side.looks_back_from(span, ask))
            }
            Self::Aggregate(aggregate) => {
                aggregate.inner.looks_back_from(span, ask);
                aggregate.argument.iter().for_each(|argument| argument.looks_back_from(span, ask));
            }
            Self::Change(_, inner, numbers) => {
                inner.looks_back_from(span, ask);
                numbers.iter().for_each(|number| number.looks_back_from(span, ask));
            }
            Self::Number(_) | Self::Time | Self::Calendar(_, None) => {}
        }
    }
}

impl Window {
    fn looks_back_from(&self, span: i64, ask: &mut dyn FnMut(&Selector, i64)) {
        let span = self.when.span(span.saturating_add(self.range));
        match &self.of {
            Source::Series(selector) => ask(selector, span),
            Source::Subquery { inner, .. } => inner.looks_back_from(span, ask),
        }
    }
}
