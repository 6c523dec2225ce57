//! What makes a rule hold.

use std::fmt;
use std::sync::Arc;

/// Decides on a value and the rule's threshold; a closure, or one of the usual comparisons.
///
/// ```
/// use ms_alerts::{AlertRule, Comparison, above};
///
/// let high = AlertRule::new("cpu_usage_percent", above(), 90.0);
/// let low = AlertRule::new("free_rooms", Comparison::Below, 3.0);
/// let far = AlertRule::new("clock_offset_seconds", |value: f64, threshold: f64| value.abs() > threshold, 0.5);
/// ```
#[derive(Clone)]
pub struct Condition(Kind);

#[derive(Clone)]
enum Kind {
    Comparison(Comparison),
    Closure(Arc<dyn Fn(f64, f64) -> bool + Send + Sync>),
}

/// The usual comparisons of a value with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// The value is greater.
    Above,
    /// The value is greater or equal.
    AtLeast,
    /// The value is less.
    Below,
    /// The value is less or equal.
    AtMost,
    /// The two are equal.
    Equal,
    /// The two differ.
    NotEqual,
}

impl Comparison {
    /// Tells whether the comparison holds, by the rules of IEEE 754: only [`NotEqual`](Self::NotEqual) holds for NaN.
    #[expect(clippy::float_cmp, reason = "equality of floats is what was asked for")]
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
            Self::Equal => value == threshold,
            Self::NotEqual => value != threshold,
        }
    }
}

impl Comparison {
    /// The sign that PromQL has for it.
    fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

impl Condition {
    /// What people are shown of it.
    pub(crate) fn sign(&self) -> &'static str {
        match self.0 {
            Kind::Comparison(comparison) => comparison.sign(),
            Kind::Closure(_) => "(closure)",
        }
    }
}

impl Condition {
    /// Tells whether what holds against `threshold` may hold against `clear_at` too; a closure may do anything.
    pub(crate) fn may_clear_at(&self, threshold: f64, clear_at: f64) -> bool {
        match self.0 {
            Kind::Comparison(Comparison::Above | Comparison::AtLeast) => clear_at <= threshold,
            Kind::Comparison(Comparison::Below | Comparison::AtMost) => clear_at >= threshold,
            Kind::Comparison(Comparison::Equal | Comparison::NotEqual) => {
                Comparison::Equal.holds(clear_at, threshold)
            }
            Kind::Closure(_) => !clear_at.is_nan(),
        }
    }
}

/// The value is greater than the threshold.
pub fn above() -> Condition {
    Comparison::Above.into()
}

/// The value is greater than the threshold, or equal to it.
pub fn at_least() -> Condition {
    Comparison::AtLeast.into()
}

/// The value is less than the threshold.
pub fn below() -> Condition {
    Comparison::Below.into()
}

/// The value is less than the threshold, or equal to it.
pub fn at_most() -> Condition {
    Comparison::AtMost.into()
}

/// The value equals the threshold.
pub fn equal() -> Condition {
    Comparison::Equal.into()
}

/// The value differs from the threshold.
pub fn not_equal() -> Condition {
    Comparison::NotEqual.into()
}

impl Condition {
    /// May panic, if a closure does.
    pub(crate) fn holds(&self, value: f64, threshold: f64) -> bool {
        match &self.0 {
            Kind::Comparison(comparison) => comparison.holds(value, threshold),
            Kind::Closure(closure) => closure(value, threshold),
        }
    }
}

impl From<Comparison> for Condition {
    fn from(comparison: Comparison) -> Self {
        Self(Kind::Comparison(comparison))
    }
}

impl<F: Fn(f64, f64) -> bool + Send + Sync + 'static> From<F> for Condition {
    fn from(closure: F) -> Self {
        Self(Kind::Closure(Arc::new(closure)))
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Comparison(comparison) => comparison.fmt(f),
            Kind::Closure(_) => f.write_str("closure"),
        }
    }
}
