//! A metric that has no room for more series.

use std::time::{Instant, SystemTime};

use super::families::is_due;
use crate::guard;

/// Which label has too many values, since when, and how often that was met.
#[derive(Clone)]
pub(super) struct Overflow {
    pub(super) label: String,
    pub(super) since: SystemTime,
    pub(super) registrations: u64,
    /// The first value that found no room may tell who somebody is.
    pub(super) first_value_hash: String,
    warned: Option<Instant>,
}

impl Overflow {
    pub(super) fn new(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            since: SystemTime::now(),
            registrations: 0,
            first_value_hash: guard::hash(value),
            warned: None,
        }
    }

    /// Counts one more. True if it is time to warn.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        self.registrations += 1;
        is_due(&mut self.warned, now)
    }
}
