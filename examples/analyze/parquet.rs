//! Parquet files, if this program can read them.

#[cfg(not(feature = "parquet"))]
pub use self::absent::{numbers, shifts};
#[cfg(feature = "parquet")]
pub use self::present::{numbers, shifts};

#[cfg(feature = "parquet")]
mod present {
    use std::io::Write;
    use std::path::Path;
    use std::time::Duration;

    use ms_analytics::ShiftRef;
    use ms_analytics::read::{self, Column, LocalTimes, RowError};

    use crate::input::{Bytes, Failure, seekable};
    use crate::progress::Unit;
    use crate::refusals::Refusals;

    /// Reads a roster, giving `take` each row.
    pub fn shifts<W: Write>(
        file: &Path,
        source: Bytes,
        longest: Duration,
        local_times: Option<LocalTimes>,
        mut take: impl FnMut(Result<ShiftRef<'_>, RowError>, &mut Refusals<W>),
        refusals: &mut Refusals<W>,
    ) -> Result<(), Failure> {
        let progress = refusals.progress().clone();
        let roster = seekable(file, source, &progress)?;
        let rows = read::parquet(roster).map_err(|cause| Failure::new(file, cause))?;
        progress.start(&file.to_string_lossy(), Some(rows.row_count()), Unit::Rows);
        let rows = rows.longest_shift(longest);
        let rows = match local_times {
            Some(local_times) => rows.local_times(local_times),
            None => rows,
        };
        let read = rows.each(|row| {
            progress.advance(1);
            take(row, refusals);
        });
        read.map_err(|cause| Failure::new(file, cause))
    }

    /// Reads a column of numbers, giving `take` each row.
    pub fn numbers<W: Write>(
        file: &Path,
        source: Bytes,
        column: &Column,
        mut take: impl FnMut(u64, Result<f64, RowError>, &mut Refusals<W>),
        refusals: &mut Refusals<W>,
    ) -> Result<(), Failure> {
        let sample = seekable(file, source, refusals.progress())?;
        let read = read::parquet_numbers(sample, column, |row, number| take(row, number, refusals));
        read.map_err(|cause| Failure::new(file, cause))
    }
}

#[cfg(not(feature = "parquet"))]
mod absent {
    use std::io::Write;
    use std::path::Path;
    use std::time::Duration;

    use ms_analytics::ShiftRef;
    use ms_analytics::read::{Column, LocalTimes, RowError};

    use crate::input::{Bytes, Failure};
    use crate::refusals::Refusals;

    const HOW: &str = "Parquet is read by a build with `--features parquet`";

    pub fn shifts<W: Write>(
        file: &Path,
        _: Bytes,
        _: Duration,
        _: Option<LocalTimes>,
        _: impl FnMut(Result<ShiftRef<'_>, RowError>, &mut Refusals<W>),
        _: &mut Refusals<W>,
    ) -> Result<(), Failure> {
        Err(Failure::said(file, HOW))
    }

    pub fn numbers<W: Write>(
        file: &Path,
        _: Bytes,
        _: &Column,
        _: impl FnMut(u64, Result<f64, RowError>, &mut Refusals<W>),
        _: &mut Refusals<W>,
    ) -> Result<(), Failure> {
        Err(Failure::said(file, HOW))
    }
}
