//! How much was found.

use std::collections::BTreeMap;
use std::fmt;

use ms_logging::Span;

/// Counts by kind.
#[derive(Debug, Default)]
pub struct Report {
    lines: u64,
    changed: u64,
    kinds: BTreeMap<&'static str, u64>,
}

impl Report {
    /// Counts what was found in a line, or in a part of one.
    pub fn add(&mut self, spans: &[Span]) {
        for span in spans {
            *self.kinds.entry(span.kind.as_str()).or_default() += 1;
        }
    }

    /// Counts a line that has ended.
    pub fn end_line(&mut self, changed: bool) {
        self.lines += 1;
        self.changed += u64::from(changed);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.kinds {
            writeln!(f, "{kind:<13} {count}")?;
        }
        writeln!(f, "lines         {}, with something to redact: {}", self.lines, self.changed)
    }
}
