//! One run of one check.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};

use crate::check::{Finding, Probe, call};
use crate::redact::redact;
use crate::report::{Reading, Reason};
use crate::slot::Slot;
use crate::status::Status;

/// What one run found, safe to show.
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) reason: Option<Reason>,
    pub(crate) error: Option<Arc<str>>,
    pub(crate) readings: Arc<[Reading]>,
}

impl Outcome {
    fn without_answer(status: Status, reason: Reason) -> Self {
        Self { status, reason: Some(reason), error: None, readings: Arc::default() }
    }
}

impl From<Finding> for Outcome {
    fn from(finding: Finding) -> Self {
        let reason = match finding.status {
            Status::Healthy => None,
            Status::Degraded => Some(Reason::Limit),
            Status::Unknown | Status::Unhealthy => Some(Reason::Failed),
        };
        Self {
            status: finding.status,
            reason,
            error: finding.error.map(|error| redact(&error).into()),
            readings: finding.readings.into(),
        }
    }
}

/// Runs the check within its deadline; `places` bounds how many run at once over all checks.
pub(crate) async fn once(slot: &Slot, places: Arc<Semaphore>) -> Outcome {
    let run = async {
        // Both waits count against the deadline. Neither semaphore is ever closed.
        let own = Arc::clone(&slot.running).acquire_owned().await.ok();
        let place = places.acquire_owned().await.ok();
        let held = (own, place);
        // The permits go where the work is: a thread or future that outlives its deadline keeps them until it ends.
        match slot.check.probe.clone() {
            Probe::Async(probe) => {
                let work = async move {
                    let _held = held;
                    call(probe).await
                };
                AbortOnDrop(tokio::spawn(work)).joined().await
            }
            Probe::Blocking(probe) => {
                let work = move || {
                    let _held = held;
                    probe()
                };
                tokio::task::spawn_blocking(work).await
            }
        }
    };
    match tokio::time::timeout(slot.check.deadline, run).await {
        Ok(Ok(finding)) => finding.into(),
        Ok(Err(error)) if error.is_panic() => Outcome::without_answer(Status::Unhealthy, Reason::Panicked),
        Ok(Err(_)) => Outcome::without_answer(Status::Unknown, Reason::NotRun),
        Err(_) => Outcome::without_answer(Status::Unhealthy, Reason::Timeout),
    }
}

/// A task that is told to stop when nobody waits for it any more. A task of its own, so that a panic while the future
/// is dropped stays there too.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn joined(mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
