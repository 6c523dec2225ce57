//! What is done with numbers, samples and elements.

use crate::condition::Comparison;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promql) enum Part {
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
pub(in crate::promql) enum Order {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promql) enum Over {
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
pub(in crate::promql) enum Change {
    Each(fn(f64) -> f64),
    Round,
    Clamp,
    ClampMin,
    ClampMax,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promql) enum Operator {
    Arithmetic(Arithmetic),
    Compare {
        comparison: Comparison,
        /// Gives 0 or 1 instead of leaving out what does not hold.
        as_number: bool,
    },
    Set(Set),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promql) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Atan2,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promql) enum Set {
    And,
    Or,
    Unless,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::promql) enum Kind {
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
