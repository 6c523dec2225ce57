//! What the checks said, and its JSON.

use std::sync::Arc;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::shutdown::Phase;
use crate::status::Status;

/// Why a check is not healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It answered with an error.
    Failed,
    /// It did not answer within its deadline.
    Timeout,
    /// It panicked.
    Panicked,
    /// A value is past its limit (system check).
    Limit,
    /// The task it stands for gave no sign of life (heartbeat).
    Silent,
    /// It could not be run: its runtime is gone, the runner itself is stuck, or too many other runs hang.
    NotRun,
}

impl Reason {
    /// Gives the word used in JSON and in the label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Panicked => "panic",
            Self::Limit => "limit",
            Self::Silent => "silent",
            Self::NotRun => "not_run",
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A value that a check measured, in per cent where its name ends in `_usage`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// Its key in JSON.
    pub name: &'static str,
    /// The value; `None`, null in JSON, if it could not be had.
    pub value: Option<f64>,
}

impl Reading {
    /// A reading of `value`, `None` unless finite.
    pub(crate) fn new(name: &'static str, value: Option<f64>) -> Self {
        Self { name, value: value.filter(|value| value.is_finite()) }
    }
}

/// The answer of one check. Serialises as a small object without the name.
#[derive(Debug, Clone)]
pub struct CheckReport {
    pub(crate) name: Arc<str>,
    pub(crate) critical: bool,
    pub(crate) status: Status,
    pub(crate) reason: Option<Reason>,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) readings: Arc<[Reading]>,
    pub(crate) duration: Duration,
    pub(crate) age: Duration,
    pub(crate) since: Duration,
    pub(crate) tags: Arc<[Arc<str>]>,
    pub(crate) description: Option<Arc<str>>,
}

impl CheckReport {
    /// The name it was registered under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the service cannot do without it.
    pub fn critical(&self) -> bool {
        self.critical
    }

    /// Its status, thresholds applied.
    pub fn status(&self) -> Status {
        self.status
    }

    /// What was wrong with the last run; may be there while the status is still healthy, below the threshold.
    pub fn reason(&self) -> Option<Reason> {
        self.reason
    }

    /// The redacted error of the last run.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// What the last run measured.
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// How long the last run took.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// How long ago the last run ended.
    pub fn age(&self) -> Duration {
        self.age
    }

    /// The words it was tagged with.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(|tag| &**tag)
    }

    /// What it is about, if that was said.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// How long it has had this status.
    pub fn since(&self) -> Duration {
        self.since
    }
}

/// The keys of a check in JSON; a reading may not forge them.
const KEYS: [&str; 9] =
    ["status", "reason", "error", "description", "tags", "critical", "duration_ms", "age_ms", "since_ms"];

impl Serialize for CheckReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.status)?;
        for reading in self.readings.iter().filter(|reading| !KEYS.contains(&reading.name)) {
            map.serialize_entry(reading.name, &reading.value)?;
        }
        if let Some(reason) = self.reason {
            map.serialize_entry("reason", reason.as_str())?;
        }
        if let Some(error) = &self.error {
            map.serialize_entry("error", &**error)?;
        }
        if let Some(description) = &self.description {
            map.serialize_entry("description", &**description)?;
        }
        if !self.tags.is_empty() {
            map.serialize_entry("tags", &self.tags().collect::<Vec<_>>())?;
        }
        map.serialize_entry("critical", &self.critical)?;
        map.serialize_entry("duration_ms", &milliseconds(self.duration))?;
        map.serialize_entry("age_ms", &milliseconds(self.age))?;
        map.serialize_entry("since_ms", &milliseconds(self.since))?;
        map.end()
    }
}

/// Whole microseconds, so that the text stays short.
#[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}

/// The status of the service and the answers behind it.
///
/// Serialises in the origin's shape: `{"status": …, "system": {…}, "database": {…}, "cache": {…}}`, a key for each check
/// in the order of registration, the machine first.
#[derive(Debug, Clone)]
pub struct Report {
    pub(crate) status: Status,
    pub(crate) phase: Phase,
    pub(crate) checks: Vec<CheckReport>,
}

impl Report {
    /// The status of the whole.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Tells whether the service is draining; then readiness is `unhealthy` whatever the checks say.
    pub fn shutting_down(&self) -> bool {
        matches!(self.phase, Phase::Draining(_))
    }

    /// Tells whether the startup gate is still closed; then readiness is `unhealthy` too.
    pub fn starting(&self) -> bool {
        self.phase == Phase::Starting
    }

    /// Every check that was asked; of [`liveness`](crate::HealthCheck::liveness) the heartbeats.
    pub fn checks(&self) -> &[CheckReport] {
        &self.checks
    }

    /// The check of this name.
    pub fn check(&self, name: &str) -> Option<&CheckReport> {
        self.checks.iter().find(|check| check.name() == name)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("status", &self.status)?;
        if self.starting() {
            map.serialize_entry("starting", &true)?;
        }
        if self.shutting_down() {
            map.serialize_entry("shutting_down", &true)?;
        }
        for check in &self.checks {
            map.serialize_entry(check.name(), check)?;
        }
        map.end()
    }
}
