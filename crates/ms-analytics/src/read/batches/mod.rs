//! Rows of a roster in batches of Arrow.

mod clock;
mod shifts;
mod values;

use std::time::Duration;

use arrow_array::RecordBatch;

use self::shifts::Columns;
#[cfg(feature = "parquet")]
pub(super) use self::values::{Expected, Values};
use super::error::{ReadError, RowError};
use super::ids::Ids;
use super::roster::{FIELDS, REQUIRED};
use crate::local_times::LocalTimes;
use crate::shift::{LONGEST_LIMIT, Limits, Shift, ShiftRef};

/// Reads a roster that arrives in batches of Arrow.
///
/// Columns are found by name, in each batch anew. They may hold:
///
/// | column | types |
/// |---|---|
/// | `id`, `employee`, `department`, `role` | texts (or bytes in UTF-8), whole numbers |
/// | `start`, `end` | timestamps of any unit, with a time zone or without, dates, texts as in CSV |
/// | `duration` | hours as numbers, decimals or texts; time spans |
///
/// and each of these as a dictionary. Timestamps without a time zone, and dates, which stand for their midnight, are
/// refused unless [`local_times`](Self::local_times) names the place. Nanoseconds are cut to microseconds.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
/// use ms_analytics::read::BatchReader;
///
/// let names = || Arc::new(StringArray::from(vec!["Ayşe", "Ayşe"])) as ArrayRef;
/// let times = |hours: [i64; 2]| {
///     let micros = hours.map(|hour| hour * 3_600_000_000).to_vec();
///     Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("Europe/Istanbul")) as ArrayRef
/// };
/// let batch = RecordBatch::try_from_iter([
///     ("id", Arc::new(Int64Array::from(vec![1, 2])) as ArrayRef),
///     ("employee", names()),
///     ("department", names()),
///     ("start", times([491_909, 491_918])),
///     ("end", times([491_917, 491_910])),
/// ])?;
/// let (mut reader, mut rows) = (BatchReader::default(), Vec::new());
/// reader.push(&batch, &mut rows)?;
/// assert_eq!(rows[0].as_ref().unwrap().start_text(), "2026-02-12T08:00:00+03:00");
/// assert_eq!(rows[1].as_ref().unwrap_err().to_string(), "row 2, end: before start");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct BatchReader {
    ids: Ids,
    limits: Limits,
    rows: u64,
}

impl BatchReader {
    /// Believes shifts up to this length. Default [`LONGEST_SHIFT`](crate::LONGEST_SHIFT), at most 100 days.
    #[must_use]
    pub fn longest_shift(mut self, longest: Duration) -> Self {
        self.limits.longest = longest.min(LONGEST_LIMIT);
        self
    }

    /// Reads times without an offset or time zone by the clocks of a place. Default: they are refused.
    #[must_use]
    pub fn local_times(mut self, local_times: LocalTimes) -> Self {
        self.limits.local_times = Some(local_times);
        self
    }

    /// Takes a batch; appends its rows, refused ones as errors.
    ///
    /// # Errors
    ///
    /// [`ReadError::Column`] if a column is missing, is there twice, or cannot hold what it should; no row of the batch
    /// was taken then.
    pub fn push(
        &mut self,
        batch: &RecordBatch,
        rows: &mut Vec<Result<Shift, RowError>>,
    ) -> Result<(), ReadError> {
        self.push_each(batch, |_, row| rows.push(row.map(ShiftRef::to_shift)))
    }

    /// Takes a batch; calls `each` with its rows, without copying them, and with the number of each, the first of the
    /// first batch being 1.
    ///
    /// # Errors
    ///
    /// As for [`BatchReader::push`].
    pub fn push_each(
        &mut self,
        batch: &RecordBatch,
        mut each: impl FnMut(u64, Result<ShiftRef<'_>, RowError>),
    ) -> Result<(), ReadError> {
        let mut columns = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            self.rows += 1;
            let shift = columns.shift(row, &mut self.ids, &self.limits);
            each(self.rows, shift.map_err(|fault| RowError::in_row(self.rows, fault.field, fault.reason)));
        }
        Ok(())
    }
}

/// Where the columns of a roster stand among these.
pub(super) fn locate<'n>(
    names: impl Iterator<Item = &'n str> + Clone,
) -> Result<[Option<usize>; FIELDS.len()], ReadError> {
    let fault = |field: &str, reason: &str| {
        Err(ReadError::Column { column: field.to_owned(), row_group: None, reason: reason.to_owned() })
    };
    let mut positions = [None; FIELDS.len()];
    for ((field, position), at) in FIELDS.into_iter().zip(&mut positions).zip(0..) {
        let mut found = names.clone().enumerate().filter(|(_, name)| *name == field);
        *position = found.next().map(|(position, _)| position);
        if found.next().is_some() {
            return fault(field, "given twice");
        }
        if position.is_none() && at < REQUIRED {
            return fault(field, "missing");
        }
    }
    Ok(positions)
}
