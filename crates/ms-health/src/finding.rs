//! What a probe found, in its own words.

use std::fmt::Display;

use crate::report::Reading;
use crate::status::Status;

/// What one run of a probe found; what a [`Probe`](crate::Probe) returns.
///
/// The text may hold anything: it is redacted before it is kept, logged or shown.
///
/// ```
/// use ms_health::{Finding, Status};
///
/// let found = Finding::degraded("the replica is 40 s behind").reading("lag_seconds", 40.0);
/// assert_eq!(found.status(), Status::Degraded);
/// ```
#[derive(Debug, Clone)]
#[must_use = "a finding is what a probe returns"]
pub struct Finding {
    pub(crate) status: Status,
    /// Not yet redacted.
    pub(crate) error: Option<String>,
    pub(crate) readings: Vec<Reading>,
}

impl Finding {
    /// It works.
    pub fn healthy() -> Self {
        Self { status: Status::Healthy, error: None, readings: Vec::new() }
    }

    /// It works with the limitation `why`.
    pub fn degraded(why: impl Into<String>) -> Self {
        Self::because(Status::Degraded, why)
    }

    /// It does not work, for the reason `why`.
    pub fn unhealthy(why: impl Into<String>) -> Self {
        Self::because(Status::Unhealthy, why)
    }

    /// Nobody can say, for the reason `why`.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::because(Status::Unknown, why)
    }

    fn because(status: Status, why: impl Into<String>) -> Self {
        Self { status, error: Some(why.into()), readings: Vec::new() }
    }

    /// Adds a value that was measured, shown beside the status under `name`. Not a number or infinite is null. A second
    /// value of one name takes the place of the first; a name that the answer uses itself (`status`, `error`, …) is not
    /// shown.
    pub fn reading(mut self, name: &'static str, value: f64) -> Self {
        let reading = Reading::new(name, Some(value));
        match self.readings.iter_mut().find(|earlier| earlier.name == name) {
            Some(earlier) => *earlier = reading,
            None => self.readings.push(reading),
        }
        self
    }

    /// Gives the status found.
    pub fn status(&self) -> Status {
        self.status
    }
}

impl<E: Display> From<Result<(), E>> for Finding {
    fn from(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self::healthy(),
            Err(error) => Self::unhealthy(error.to_string()),
        }
    }
}
