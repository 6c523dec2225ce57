//! A value that never reaches a log.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::redact::REDACTED;

/// Wraps a value so that no way of printing shows it: `Debug`, `Display` and serde all give `[redacted]`.
///
/// ```
/// use ms_logging::Sensitive;
///
/// let diagnosis = Sensitive::new("J45.0");
/// assert_eq!(format!("{diagnosis} {diagnosis:?}"), "[redacted] [redacted]");
/// assert_eq!(diagnosis.reveal(), &"J45.0");
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Lends the value out.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Gives the value back.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> From<T> for Sensitive<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> Serialize for Sensitive<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}
