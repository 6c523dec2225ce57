//! Rosters from CSV, JSON Lines, Parquet and Arrow, and columns of numbers.
//!
//! A faulty row is refused with its line, its column and the reason; reading goes on behind it. A header that lacks a
//! column, or a file that is not UTF-8 text at all, makes the whole file unreadable.
//!
//! Rosters have the columns `id`, `employee`, `department`, `start`, `end` and optionally `duration` and `role`, in any
//! order; others are ignored. CSV is RFC 4180 in UTF-8, with or without byte order mark, LF or CRLF. An id may occur once.
//!
//! Memory: a row may have 1 MiB at most. Ids that are counted up take none, other numbers some ten bytes each, other
//! texts some twenty.
//!
//! Parquet and Arrow (features `parquet` and `arrow`) have the same columns: see `BatchReader`.
//!
//! [`csv`] and [`json_lines`] pull from a [`std::io::Read`]; [`RosterReader`] is pushed to, as an async body needs it.

mod access_log;
#[cfg(feature = "arrow")]
mod batches;
mod column;
mod delimiter;
mod error;
#[cfg(feature = "hlog")]
mod hlog;
mod ids;
mod json_column;
mod jsonl;
mod lines;
#[cfg(feature = "parquet")]
mod parquet;
mod pull;
mod records;
mod roster;

pub use self::access_log::access_log;
#[cfg(feature = "arrow")]
pub use self::batches::BatchReader;
pub use self::column::{Column, numbers};
pub use self::delimiter::Delimiter;
pub use self::error::{ReadError, RowError};
#[cfg(feature = "hlog")]
pub use self::hlog::{Interval, hlog};
pub use self::json_column::json_numbers;
#[cfg(feature = "parquet")]
pub use self::parquet::{ParquetRows, parquet, parquet_numbers};
pub use self::pull::{Rows, csv, json_lines};
pub use self::roster::RosterReader;
pub use crate::local_times::{Ambiguous, LocalTimes};

/// The longest row.
const LONGEST_ROW: usize = 1 << 20;
