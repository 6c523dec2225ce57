//! Parquet files, a row group at a time.

use std::any::Any;
use std::error::Error;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};

use super::batches::{BatchReader, Expected, Values, locate};
use super::column::Column;
use super::error::{ReadError, RowError};
use crate::local_times::LocalTimes;
use crate::shift::{Shift, ShiftRef};

/// Rows that are taken out of their columns at a time.
const BATCH: usize = 1024;

/// The rows of a roster in a Parquet file; made by [`parquet()`].
#[derive(Debug)]
pub struct ParquetRows {
    batches: Batches,
    reader: BatchReader,
    found: std::vec::IntoIter<Result<Shift, RowError>>,
    has_failed: bool,
}

/// Reads a Parquet roster whose columns are as [`BatchReader`] says.
///
/// Other columns are not looked at. Memory holds a page a column, never a row group. Pages may be plain or packed by
/// Snappy, gzip or Zstandard. Row groups are told of by number, from 0.
///
/// # Errors
///
/// [`ReadError::Parquet`] if the file is none, [`ReadError::Column`] if a column is missing.
///
/// # Examples
///
/// ```no_run
/// use std::fs::File;
/// use ms_analytics::{ShiftAnalytics, read};
///
/// let (mut analytics, mut refused) = (ShiftAnalytics::default(), Vec::new());
/// read::parquet(File::open("roster.parquet")?)?.each(|row| match row {
///     Ok(shift) => analytics.add(shift),
///     Err(fault) => refused.push(fault),
/// })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn parquet(file: File) -> Result<ParquetRows, ReadError> {
    let mut batches = Batches::open(file)?;
    let positions = locate(batches.names().iter().map(String::as_str))?;
    batches.select(positions.into_iter().flatten());
    let (reader, found) = (BatchReader::default(), Vec::new().into_iter());
    Ok(ParquetRows { batches, reader, found, has_failed: false })
}

impl ParquetRows {
    /// Believes shifts up to this length, as [`BatchReader::longest_shift`] does.
    #[must_use]
    pub fn longest_shift(mut self, longest: Duration) -> Self {
        self.reader = self.reader.longest_shift(longest);
        self
    }

    /// Reads times without an offset or time zone by the clocks of a place, as [`BatchReader::local_times`] does.
    #[must_use]
    pub fn local_times(mut self, local_times: LocalTimes) -> Self {
        self.reader = self.reader.local_times(local_times);
        self
    }

    /// How many rows the file says that it holds.
    pub fn row_count(&self) -> u64 {
        let rows = self.batches.metadata.metadata().file_metadata().num_rows();
        u64::try_from(rows).unwrap_or_default()
    }

    /// Calls `each` with every row that the iterator has not given yet, without copying them.
    ///
    /// # Errors
    ///
    /// [`ReadError::Column`] and [`ReadError::Parquet`], after the rows above have been passed on.
    pub fn each(mut self, mut each: impl FnMut(Result<ShiftRef<'_>, RowError>)) -> Result<(), ReadError> {
        for row in self.found.by_ref() {
            each(row.as_ref().map(ShiftRef::from).map_err(Clone::clone));
        }
        if self.has_failed {
            return Ok(());
        }
        while let Some((group, batch)) = self.batches.next()? {
            self.reader.push_each(&batch, |_, row| each(row)).map_err(|error| error.in_group(group))?;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<bool, ReadError> {
        let Some((group, batch)) = self.batches.next()? else { return Ok(false) };
        let mut rows = Vec::with_capacity(batch.num_rows());
        self.reader.push(&batch, &mut rows).map_err(|error| error.in_group(group))?;
        self.found = rows.into_iter();
        Ok(true)
    }
}

impl Iterator for ParquetRows {
    type Item = Result<Shift, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.found.next() {
                return Some(row.map_err(ReadError::Row));
            }
            if self.has_failed {
                return None;
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.has_failed = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Reads a column of numbers, as [`numbers`](super::numbers) does of CSV, calling `each` with the number of every row.
///
/// Whole numbers, decimals and time spans are read too, the latter in seconds. Infinities, NaN and missing values are
/// refused.
///
/// # Errors
///
/// [`ReadError::Parquet`] and [`ReadError::Column`]. What was read before has been passed on.
pub fn parquet_numbers(
    file: File,
    column: &Column,
    mut each: impl FnMut(u64, Result<f64, RowError>),
) -> Result<(), ReadError> {
    let mut batches = Batches::open(file)?;
    let names = batches.names();
    let (name, position) = match column {
        Column::First => (names.first().cloned().unwrap_or_default(), names.first().map(|_| 0)),
        Column::Named(name) => (name.clone(), names.iter().position(|column| column == name)),
    };
    let fault = |row_group, reason| ReadError::Column { column: name.clone(), row_group, reason };
    let position = position.ok_or_else(|| fault(None, "missing".to_owned()))?;
    batches.select([position]);
    let mut rows = 0;
    while let Some((group, batch)) = batches.next()? {
        let Some(array) = batch.columns().first() else { break };
        let values =
            Values::of(array.as_ref(), Expected::Number).map_err(|reason| fault(Some(group), reason))?;
        for row in 0..batch.num_rows() {
            rows += 1;
            let number = values.number(row).filter(|number| number.is_finite());
            each(rows, number.ok_or_else(|| RowError::in_row(rows, name.as_str(), "not a finite number")));
        }
    }
    Ok(())
}

/// The batches of a file.
#[derive(Debug)]
struct Batches {
    file: File,
    metadata: ArrowReaderMetadata,
    columns: ProjectionMask,
    /// The row group under way, its reader and how many of its rows have not come yet.
    under_way: Option<(usize, ParquetRecordBatchReader, i64)>,
    next_group: usize,
}

impl Batches {
    fn open(file: File) -> Result<Self, ReadError> {
        let metadata = guarded(|| ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()))
            .map_err(|source| ReadError::Parquet { row_group: None, source })?;
        Ok(Self { file, metadata, columns: ProjectionMask::all(), under_way: None, next_group: 0 })
    }

    /// The columns' names, in their order.
    fn names(&self) -> Vec<String> {
        self.metadata.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// Reads these columns only.
    fn select(&mut self, positions: impl IntoIterator<Item = usize>) {
        self.columns = ProjectionMask::roots(self.metadata.parquet_schema(), positions);
    }

    /// Returns the next batch and the row group that it is of.
    fn next(&mut self) -> Result<Option<(usize, RecordBatch)>, ReadError> {
        loop {
            let Some((group, reader, rows_left)) = &mut self.under_way else {
                let group = self.next_group;
                let Some(rows) =
                    self.metadata.metadata().row_groups().get(group).map(|group| group.num_rows())
                else {
                    return Ok(None);
                };
                let reader = self.start(group).map_err(|source| failed(group, source))?;
                self.next_group += 1;
                self.under_way = Some((group, reader, rows));
                continue;
            };
            let group = *group;
            match guarded(|| reader.next().transpose()).map_err(|source| failed(group, source))? {
                Some(batch) => {
                    *rows_left -= i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
                    return Ok(Some((group, batch)));
                }
                None if *rows_left == 0 => self.under_way = None,
                // No row may be neither used nor refused.
                None => return Err(failed(group, "it holds another number of rows than it says".into())),
            }
        }
    }

    fn start(&self, group: usize) -> Result<ParquetRecordBatchReader, Cause> {
        let file = self.file.try_clone()?;
        guarded(|| {
            ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(self.columns.clone())
                .with_batch_size(BATCH)
                .build()
        })
    }
}

type Cause = Box<dyn Error + Send + Sync>;

fn failed(group: usize, source: Cause) -> ReadError {
    ReadError::Parquet { row_group: Some(group), source }
}

/// Makes an error of a panic, too: some damaged files are too much for the reader of another crate.
fn guarded<T, E: Into<Cause>>(read: impl FnOnce() -> Result<T, E>) -> Result<T, Cause> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(Into::into),
        Err(panic) => Err(message(&*panic).into()),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("the reader gave up").to_owned()
}
