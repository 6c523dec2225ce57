//! What must not reach a log, and how it is found.

mod keys;

use std::borrow::Cow;

/// What stands in the place of a value that was taken out.
pub(crate) const REDACTED: &str = "[redacted]";

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A Turkish identity number with the right check digits.
    Tckn,
}

/// A part of a text that is redacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// Takes secrets and personal data out of texts.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    off: bool,
    keys: Vec<String>,
}

impl Redactor {
    pub(crate) fn new(off: bool, keys: Vec<String>) -> Self {
        Self { off, keys }
    }

    /// Gives `text` without what must not be logged.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        Cow::Borrowed(text)
    }

    /// Whether a field of this name is redacted whatever its value is.
    pub fn is_sensitive_key(&self, name: &str) -> bool {
        !self.off && (keys::is_sensitive(name) || self.keys.iter().any(|key| key == name))
    }

    /// Whether these digits are somebody's.
    pub(crate) fn hides_number(&self, _digits: &str) -> bool {
        false
    }
}
