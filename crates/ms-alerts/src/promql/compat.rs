//! The versions of Prometheus whose answers differ.

use std::time::Duration;

use super::plan::LONGEST;

/// Which Prometheus server rules of files are evaluated like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compat {
    /// Version 3: the sample at the very beginning of a range, or exactly 5 minutes old, is not looked at.
    #[default]
    V3,
    /// Version 2.42: it is looked at.
    V2_42,
}

/// All that changes what an expression means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    pub(super) compat: Compat,
    /// Between two steps of a subquery that names none, in milliseconds; at least 1.
    pub(super) step: i64,
}

impl Dialect {
    /// As in Prometheus, a subquery steps by the interval of the evaluation unless it names a step.
    pub(crate) fn new(compat: Compat, interval: Duration) -> Self {
        let step = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX).clamp(1, LONGEST);
        Self { compat, step }
    }
}

/// With the interval that Prometheus has by default.
impl Default for Dialect {
    fn default() -> Self {
        Self::new(Compat::default(), Duration::from_secs(60))
    }
}

impl Compat {
    /// The first millisecond that is looked at of a range that begins at `start`.
    pub(super) fn first(self, start: i64) -> i64 {
        match self {
            Self::V3 => start.saturating_add(1),
            Self::V2_42 => start,
        }
    }
}
