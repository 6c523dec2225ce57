//! Why the service is not ready: the same answer in code, as JSON and as text.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde::ser::Serializer;
use tokio::time::Instant;

use crate::health::HealthCheck;
use crate::history::PastRun;
use crate::report::{CheckReport, Reason};
use crate::shutdown::Phase;
use crate::status::Status;

/// Why the service is or is not ready; made by [`HealthCheck::explain`]. `Display` gives lines for an operator.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// Whether traffic is wanted.
    pub ready: bool,
    /// The startup gate is closed.
    pub starting: bool,
    /// The shutdown has begun.
    pub shutting_down: bool,
    /// The critical checks that stand in the way, in the order of registration.
    pub causes: Vec<Cause>,
}

/// A critical check that keeps the service from being ready.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Cause {
    /// Its name.
    pub check: String,
    /// Its status, thresholds applied.
    pub status: Status,
    /// How long it has had that status; in JSON milliseconds.
    #[serde(rename = "since_ms", serialize_with = "milliseconds")]
    pub since: Duration,
    /// What was wrong with the last run.
    pub reason: Option<Reason>,
    /// Its redacted error.
    pub error: Option<String>,
    /// The last ten runs at most, newest first.
    pub last_runs: Vec<LastRun>,
}

/// One run of a check, before any threshold.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct LastRun {
    /// How long ago it ended; in JSON milliseconds.
    #[serde(rename = "age_ms", serialize_with = "milliseconds")]
    pub age: Duration,
    /// What it found.
    pub status: Status,
    /// What was wrong.
    pub reason: Option<Reason>,
    /// The redacted error.
    pub error: Option<String>,
    /// How long it took; in JSON milliseconds.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Duration,
}

impl HealthCheck {
    /// Tells why the service is not ready, since when, and what the checks in the way said last. Asks no check: a check
    /// that never ran or whose answer is too old is itself a cause.
    pub fn explain(&self) -> Explanation {
        let phase = self.phase();
        let critical = self.0.slots.iter().filter(|slot| slot.check.critical);
        let causes: Vec<_> = critical
            .map(|slot| (slot.known(), slot))
            .filter(|(known, _)| self.0.mapping.fails(known.status()))
            .map(|(known, slot)| Cause::new(&known, slot.runs()))
            .collect();
        Explanation {
            ready: phase == Phase::Serving && causes.is_empty(),
            starting: phase == Phase::Starting,
            shutting_down: matches!(phase, Phase::Draining(_)),
            causes,
        }
    }
}

impl Cause {
    fn new(known: &CheckReport, runs: Vec<PastRun>) -> Self {
        let now = Instant::now();
        let last_runs = runs.into_iter().map(|run| LastRun {
            age: now.saturating_duration_since(run.at),
            status: run.found,
            reason: run.reason,
            error: run.error.as_deref().map(str::to_owned),
            duration: run.took,
        });
        Self {
            check: known.name().to_owned(),
            status: known.status(),
            since: known.since(),
            reason: known.reason(),
            error: known.error().map(str::to_owned),
            last_runs: last_runs.collect(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ready { "ready" } else { "not ready" })?;
        if self.starting {
            f.write_str("; the startup gate is closed")?;
        }
        if self.shutting_down {
            f.write_str("; the shutdown has begun")?;
        }
        for cause in &self.causes {
            write!(f, "\n{} is {} for {} s", cause.check, cause.status, cause.since.as_secs())?;
            for run in &cause.last_runs {
                write!(f, "\n  {} s ago: {}", run.age.as_secs(), run.status)?;
                if let Some(reason) = run.reason {
                    write!(f, ", {}", reason.as_str())?;
                }
                if let Some(error) = &run.error {
                    write!(f, ": {error}")?;
                }
                write!(f, " ({} ms)", run.duration.as_millis())?;
            }
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_micros() as f64 / 1e3)
}
