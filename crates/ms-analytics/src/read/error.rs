use std::io;

use serde::Serialize;

use crate::shift::FieldFault;

/// Why a row was refused, and where.
///
/// As JSON: `{"line":3,"column":"end","reason":"before start"}`. Values of the row are never part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("line {line}{}: {reason}", column.as_deref().map(|column| format!(", {column}")).unwrap_or_default())]
#[non_exhaustive]
pub struct RowError {
    /// The physical line on which the row begins; the first line of the file is 1.
    pub line: u64,
    /// The column that is wrong; `None` if the row as a whole is.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
}

impl RowError {
    /// Makes one, for a row that the reader accepts and its caller does not.
    pub fn new(line: u64, column: Option<String>, reason: impl Into<String>) -> Self {
        Self { line, column, reason: reason.into() }
    }

    pub(super) fn row(line: u64, reason: impl Into<String>) -> Self {
        Self { line, column: None, reason: reason.into() }
    }

    pub(super) fn at(line: u64, column: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { line, column: Some(column.into()), reason: reason.into() }
    }

    pub(super) fn field(line: u64, fault: FieldFault) -> Self {
        Self::at(line, fault.field, fault.reason)
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
    /// The source failed; nothing follows.
    #[error("cannot read")]
    Io(#[from] io::Error),
}
