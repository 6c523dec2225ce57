//! What liveness may look at: the process's own tasks, and nothing else.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::report::{CheckReport, Reason};
use crate::status::Status;

/// The sign of life of a task of this process; when it stays out, [`/health/live`](crate::Endpoint::Live) is 503 and the
/// process is restarted.
///
/// There is no closure in it, so no dependency can creep into liveness: a database that is down is no reason to restart
/// a service. Cheap to clone; all clones beat for one task.
///
/// ```
/// use ms_health::{HealthCheck, Heartbeat, Status};
/// use std::time::Duration;
///
/// let beat = Heartbeat::new("scheduler", Duration::from_secs(30));
/// let health = HealthCheck::builder().heartbeat(&beat).build()?;
/// beat.beat(); // in the scheduler's loop
/// assert_eq!(health.liveness().status(), Status::Healthy);
/// # Ok::<(), ms_health::BuildError>(())
/// ```
#[derive(Clone)]
pub struct Heartbeat(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    silence: Duration,
    made: Instant,
    /// Microseconds from `made` to the last beat: an atomic, so that a beat costs a task nothing.
    last: AtomicU64,
}

impl Heartbeat {
    /// Expects a beat every `silence` at least; the first within that time from now.
    pub fn new(name: impl Into<String>, silence: Duration) -> Self {
        let last = AtomicU64::new(0);
        Self(Arc::new(Inner { name: name.into().into(), silence, made: Instant::now(), last }))
    }

    /// Tells that the task is alive. Costs a look at the clock and an atomic store.
    pub fn beat(&self) {
        let now = u64::try_from(self.0.made.elapsed().as_micros()).unwrap_or(u64::MAX);
        // Never backwards: of two clones on two threads the later beat counts.
        self.0.last.fetch_max(now, Ordering::Relaxed);
    }

    /// Gives the name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    fn age(&self) -> Duration {
        self.0.made.elapsed().saturating_sub(Duration::from_micros(self.0.last.load(Ordering::Relaxed)))
    }

    pub(crate) fn status(&self) -> Status {
        if self.age() <= self.0.silence { Status::Healthy } else { Status::Unhealthy }
    }

    pub(crate) fn report(&self) -> CheckReport {
        let (age, status) = (self.age(), self.status());
        CheckReport {
            name: Arc::clone(&self.0.name),
            critical: true,
            status,
            reason: (status != Status::Healthy).then_some(Reason::Silent),
            error: None,
            readings: Arc::default(),
            duration: Duration::ZERO,
            age,
            since: if status == Status::Healthy {
                Duration::ZERO
            } else {
                age.saturating_sub(self.0.silence)
            },
            tags: Arc::default(),
            description: None,
        }
    }
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").field("name", &self.0.name).field("silence", &self.0.silence).finish()
    }
}
