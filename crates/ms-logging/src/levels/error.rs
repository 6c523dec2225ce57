//! What can go wrong while levels are changed.

use std::io;

/// Why no level was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LevelError {
    /// A target is a module path such as `ms_health::check`: letters, digits, `_`, `-`, `.` and `:`.
    #[error("{target:?} is not a target such as `crate::module`")]
    Target {
        /// What was given.
        target: String,
    },
    /// Each change makes the filter longer.
    #[error("the levels of {most} targets are changed already: revert one first")]
    TooMany {
        /// How many there may be.
        most: usize,
    },
    /// The logger was shut down, so nothing would revert the level.
    #[error("the logger was shut down: no level is changed for a time any more")]
    ShutDown,
    /// The logger is that of the process from which this one was forked.
    #[error("the logger belongs to the parent of this process: make one of its own")]
    Forked,
    /// The thread that reverts changes could not be started.
    #[error("cannot start the thread that reverts the level")]
    Thread {
        /// What the operating system said.
        source: io::Error,
    },
}
