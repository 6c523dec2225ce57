//! What is said on standard error.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use ms_analytics::read::RowError;

use crate::progress::Progress;

/// Tells of refused rows and counts them.
#[derive(Debug)]
pub struct Refusals<W> {
    out: W,
    count: u64,
    progress: Progress,
}

impl<W: Write> Refusals<W> {
    /// Writes to `out`, where the line of `progress` is taken away first.
    pub fn new(out: W, progress: Progress) -> Self {
        Self { out, count: 0, progress }
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Tells of a refused row, as compilers tell of a line.
    pub fn row(&mut self, file: &Path, row: &RowError) {
        self.count += 1;
        self.tell(&At { file, row });
    }

    /// Tells how many rows were used, if some were not.
    pub fn sum_up(&mut self, used: u64) {
        if self.count > 0 {
            let count = self.count;
            self.tell(&format_args!("rows used: {used}, refused: {count}"));
        }
    }

    pub fn tell(&mut self, message: &dyn Display) {
        self.progress.clear();
        // There is nobody left to tell that standard error is closed.
        let _ = writeln!(self.out, "{message}");
    }
}

/// A place in a file and what is wrong there.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    pub file: &'a Path,
    pub row: &'a RowError,
}

impl Display for At<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RowError { line, column, reason, .. } = self.row;
        write!(f, "{}:{line}: ", self.file.display())?;
        match column {
            Some(column) => write!(f, "{}: {reason}", column.escape_debug()),
            None => write!(f, "{reason}"),
        }
    }
}
