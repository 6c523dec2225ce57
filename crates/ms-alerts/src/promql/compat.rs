//! The versions of Prometheus whose answers differ.

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

impl Compat {
    /// The first millisecond that is looked at of a range that begins at `start`.
    pub(super) fn first(self, start: i64) -> i64 {
        match self {
            Self::V3 => start.saturating_add(1),
            Self::V2_42 => start,
        }
    }
}
