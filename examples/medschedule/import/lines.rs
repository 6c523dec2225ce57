//! On which line an accepted row stands.

/// Follows the lines that are pushed into a reader.
///
/// A row is accepted as its last line is pushed, so it stands on that line. Only behind a quote that was never closed
/// several rows come at once: they are counted on from the line that was refused.
#[derive(Debug)]
pub(super) struct LineOfRow {
    /// The line being pushed.
    line: u64,
    /// The line of the next row, if it was swallowed before.
    swallowed: Option<u64>,
}

impl Default for LineOfRow {
    fn default() -> Self {
        Self { line: 1, swallowed: None }
    }
}

impl LineOfRow {
    /// Tells that a piece of the current line, or its end, was pushed.
    pub(super) fn pushed(&mut self, piece: &[u8]) {
        if piece.ends_with(b"\n") {
            self.line += 1;
            self.swallowed = None;
        }
    }

    /// Tells that the row on `line` was refused.
    pub(super) fn refused(&mut self, line: u64) {
        self.swallowed = Some(line + 1);
    }

    /// Returns the line of a row that was just accepted.
    pub(super) fn accepted(&mut self) -> u64 {
        let line = self.swallowed.map_or(self.line, |line| line.min(self.line));
        self.swallowed = self.swallowed.map(|_| line + 1);
        line
    }
}
