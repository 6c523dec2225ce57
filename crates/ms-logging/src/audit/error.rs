//! What can go wrong with an audit trail.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why an event is not in the audit trail. What cannot be recorded should not be done.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The operating system refused; nothing of the record is left in the file.
    #[error("the audit trail cannot be written")]
    Io(#[from] Arc<io::Error>),
    /// Somebody else writes the file.
    #[error("the audit trail {} is being written by another process", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The last line of the file is no record that could be followed by another.
    #[error("the last line of the audit trail {} is no valid record", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// The file was moved, replaced or deleted since it was opened.
    #[error("the audit trail {} is not the file any more that was opened", path.display())]
    Moved {
        /// The file.
        path: PathBuf,
    },
    /// A failed write could not be taken back, so no further record can follow it.
    #[error("an earlier write of the audit trail failed and could not be taken back")]
    Spoiled,
    /// Too many records wait for a disk that does not answer.
    #[error("too many records wait for the disk")]
    Backlog,
    /// The log is that of the process from which this one was forked.
    #[error("the audit trail is written by the parent of this process")]
    Forked,
    /// The log was dropped before the record was written.
    #[error("the audit trail was closed")]
    Closed,
}

impl From<io::Error> for AuditError {
    fn from(error: io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// Why an audit trail does not verify.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The file cannot be read.
    #[error("cannot read the audit trail {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The trail verifies, but a record that was kept elsewhere is not in it.
    #[error("record {seq} of the audit trail {} is gone: records were cut off or all made anew", path.display())]
    Gone {
        /// The file.
        path: PathBuf,
        /// The number of the record that is missing.
        seq: u64,
    },
    /// The first line that is not as it was written.
    #[error("{}:{line}: {reason}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// From 1 on.
        line: u64,
        /// What is wrong with it.
        reason: Break,
    },
}

/// What is wrong with a line of an audit trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Break {
    /// It is no record at all, or is cut.
    #[error("this is no record of an audit trail")]
    Form,
    /// It was changed, or is bound with another key.
    #[error("the record does not have the hash that it claims: it was changed, or bound with another key")]
    Hash,
    /// It does not follow the line before: one was removed, put in or moved.
    #[error("the record does not follow the one before: records were removed, put in or moved")]
    Order,
}
