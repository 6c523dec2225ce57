use std::io;

use serde::Serialize;

use crate::shift::FieldFault;

/// Why a row was refused, and where.
///
/// As JSON: `{"line":3,"column":"end","reason":"before start"}`. Values of the row are never part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{} {line}{}: {reason}", if *is_row { "row" } else { "line" }, column.as_deref().map(|column| format!(", {column}")).unwrap_or_default())]
#[non_exhaustive]
pub struct RowError {
    /// The physical line on which the row begins; the first line of the file is 1. In Parquet and Arrow, which have no
    /// lines, the row, counted from 1.
    pub line: u64,
    /// The column that is wrong; `None` if the row as a whole is.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// The place is that of a row.
    #[serde(skip)]
    is_row: bool,
}

impl RowError {
    /// Makes one, for a row that the reader accepts and its caller does not.
    pub fn new(line: u64, column: Option<String>, reason: impl Into<String>) -> Self {
        Self { line, column, reason: reason.into(), is_row: false }
    }

    pub(super) fn row(line: u64, reason: impl Into<String>) -> Self {
        Self::new(line, None, reason)
    }

    pub(super) fn at(line: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(line, Some(column.into()), reason)
    }

    /// Tells of a row that stands on no line.
    #[cfg(feature = "arrow")]
    pub(super) fn in_row(row: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { is_row: true, ..Self::at(row, column, reason) }
    }

    pub(super) fn field(line: u64, fault: FieldFault) -> Self {
        Self::at(line, fault.field, fault.reason)
    }
}

impl ReadError {
    /// Says in which row group a column cannot be read.
    #[cfg(feature = "parquet")]
    pub(super) fn in_group(self, group: usize) -> Self {
        match self {
            Self::Column { column, reason, .. } => Self::Column { column, row_group: Some(group), reason },
            other => other,
        }
    }
}

/// What reading can meet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A row was refused; reading goes on with the next call.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The header or the encoding makes the whole file unreadable; nothing follows.
    #[error("unreadable: {0}")]
    Unreadable(RowError),
    /// A column of a batch is missing or holds what it cannot; nothing follows.
    #[cfg(feature = "arrow")]
    #[error("{}column `{column}`: {reason}", row_group.map(|group| format!("row group {group}, ")).unwrap_or_default())]
    Column {
        /// Which one.
        column: String,
        /// In a Parquet file, where; the first is 0.
        row_group: Option<usize>,
        /// What it holds and what is expected.
        reason: String,
    },
    /// A Parquet file is none, is damaged or packed by another codec; nothing follows.
    #[cfg(feature = "parquet")]
    #[error("{}", row_group.map_or("not a Parquet file that can be read".to_owned(), |group| format!("row group {group} cannot be read")))]
    Parquet {
        /// Where; the first is 0. `None` for the file as a whole.
        row_group: Option<usize>,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The source failed; nothing follows.
    #[error("cannot read")]
    Io(#[from] io::Error),
}
