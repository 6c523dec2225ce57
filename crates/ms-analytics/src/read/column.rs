//! One column of numbers out of CSV.

use std::io::Read;

use super::error::{ReadError, RowError};
use super::lines::Lines;
use super::pull::next_chunk;
use super::records::{Event, Record, Records};

const CHUNK: usize = 64 << 10;

/// Which column holds the numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Column {
    /// The first; a first row that begins with a letter is its header, unless it is `NaN` or an infinity.
    #[default]
    First,
    /// The one that the header calls so.
    Named(String),
}

/// Reads a column of numbers, calling `each` with the line of every row and its number, or why it was refused.
///
/// Infinities and NaN are refused as any other text.
///
/// # Errors
///
/// [`ReadError::Unreadable`] if the header lacks the column, [`ReadError::Io`] if the source fails. What was read
/// before has been passed on.
///
/// # Examples
///
/// ```
/// use ms_analytics::read::{Column, numbers};
///
/// let mut seconds = Vec::new();
/// numbers("latency_s\n0.25\nslow\n0.5\n".as_bytes(), &Column::First, |line, row| seconds.push((line, row.ok())))?;
/// assert_eq!(seconds, [(2, Some(0.25)), (3, None), (4, Some(0.5))]);
/// # Ok::<(), ms_analytics::read::ReadError>(())
/// ```
pub fn numbers(
    mut source: impl Read,
    column: &Column,
    mut each: impl FnMut(u64, Result<f64, RowError>),
) -> Result<(), ReadError> {
    let (mut lines, mut records) = (Lines::default(), Records::default());
    let mut position = None;
    let mut on_event = |event: Event<'_>| match position {
        None => locate(event, column, &mut each).map(|found| position = Some(found)),
        Some(position) => {
            each(event.line(), number(event, position, column));
            Ok(())
        }
    };
    let mut chunk = vec![0; CHUNK];
    while let Some(bytes) = next_chunk(&mut source, &mut chunk)? {
        lines.push(bytes, |line| records.line(line, &mut on_event)).map_err(ReadError::Unreadable)?;
    }
    let finished = lines.finish(|line| records.line(line, &mut on_event));
    finished.and_then(|()| records.finish(&mut on_event)).map_err(ReadError::Unreadable)
}

/// Finds the column in the first record, which may itself be a number.
fn locate(
    event: Event<'_>,
    column: &Column,
    each: &mut impl FnMut(u64, Result<f64, RowError>),
) -> Result<usize, RowError> {
    let record = match event {
        Event::Record(record) => record,
        Event::Broken { line, reason, .. } => return Err(RowError::row(line, reason)),
    };
    match column {
        Column::First => {
            if !is_name(record.field(0).map(without_mark).unwrap_or_default()) {
                each(event.line(), number(event, 0, column));
            }
            Ok(0)
        }
        Column::Named(name) => {
            let is_named = |index: &usize| record.field(*index).map(without_mark) == Some(name.as_bytes());
            let found = (0..record.len()).find(is_named);
            found.ok_or_else(|| RowError::at(record.line, name.as_str(), "column missing"))
        }
    }
}

fn number(event: Event<'_>, position: usize, column: &Column) -> Result<f64, RowError> {
    let (line, reason) = match event {
        Event::Record(record) => match parse(record, position) {
            Some(number) => return Ok(number),
            None => (record.line, "not a finite number"),
        },
        Event::Broken { line, reason, .. } => (line, reason),
    };
    Err(match column {
        Column::First => RowError::row(line, reason),
        Column::Named(name) => RowError::at(line, name.as_str(), reason),
    })
}

fn parse(record: Record<'_>, position: usize) -> Option<f64> {
    let field = without_mark(record.field(position)?);
    let number: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Tells a column's name from a number, also from a faulty one such as `NaN`, `0,5` or nothing.
fn is_name(field: &[u8]) -> bool {
    let text = std::str::from_utf8(field).unwrap_or_default();
    text.starts_with(|first: char| first.is_alphabetic() || first == '_') && text.parse::<f64>().is_err()
}

fn without_mark(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"\xef\xbb\xbf").unwrap_or(field)
}
