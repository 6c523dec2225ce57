//! What can be wrong with an objective.

use std::time::Duration;

/// Why an objective has no rules.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SloError {
    /// The name is empty or has signs that it must not have.
    #[error("{name:?} is no name of an objective; expected letters, digits, blanks and `_-.:/`")]
    Name {
        /// The name.
        name: String,
    },
    /// The objective is no share, or leaves no budget.
    #[error("an objective of {objective} cannot be; expected a share above 0 and below 1, such as 0.999")]
    Objective {
        /// The objective.
        objective: f64,
    },
    /// The window is not whole days from 7 to 365.
    #[error("a window of {window:?} cannot be; expected whole days, from 7 to 365")]
    Window {
        /// The window.
        window: Duration,
    },
    /// The hours of a maintenance window are empty or past 24.
    #[error("maintenance from {start} to {end} o'clock cannot be; expected hours from 0 to 24, in order")]
    Maintenance {
        /// The first hour.
        start: u8,
        /// The hour at which it is over.
        end: u8,
    },
    /// The limit of a latency is zero.
    #[error("a latency has no limit")]
    Limit,
    /// A selector is none, or has a range or an offset.
    #[error("{selector:?} does not select series: {reason}; expected one like `name{{label=\"value\"}}`")]
    Selector {
        /// The selector.
        selector: String,
        /// What is wrong.
        reason: String,
    },
}
