//! One run of one check.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, timeout_at};

use crate::crew::{Crew, Lease, Run};
use crate::finding::Finding;
use crate::probe::{AnyProbe, call};
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

/// Runs the check within its deadline.
pub(crate) async fn once(slot: &Slot, crew: Arc<Crew>) -> Outcome {
    match within_deadline(slot, &crew).await {
        Ok(finding) => finding.into(),
        Err(reason) => Outcome::without_answer(status_of(reason), reason),
    }
}

fn status_of(reason: Reason) -> Status {
    if reason == Reason::NotRun { Status::Unknown } else { Status::Unhealthy }
}

/// Every wait counts against the deadline.
async fn within_deadline(slot: &Slot, crew: &Arc<Crew>) -> Result<Finding, Reason> {
    let end = Instant::now() + slot.check.deadline;
    // Neither semaphore is ever closed.
    let own = Arc::clone(&slot.running).acquire_owned();
    let own = timeout_at(end, own).await.map_err(|_| Reason::Timeout)?.ok();
    // That others hang says nothing about this check.
    timeout_at(end, crew.recovered()).await.map_err(|_| Reason::NotRun)?;
    timeout_at(end, attempt(slot, crew, own)).await.map_err(|_| Reason::Timeout)?
}

async fn attempt(
    slot: &Slot,
    crew: &Arc<Crew>,
    own: Option<OwnedSemaphorePermit>,
) -> Result<Finding, Reason> {
    // Given back at the deadline: what hangs must not take the place of another check.
    let _place = crew.places.acquire().await;
    let (_run, lease) = Run::begin(crew, own);
    match slot.check.probe.clone() {
        AnyProbe::Async(probe) => in_task(probe, lease).await,
        AnyProbe::Blocking(probe) => in_thread(&slot.check.name, probe, lease).await,
    }
}

async fn in_task(
    probe: Arc<dyn Fn() -> BoxFuture<'static, Finding> + Send + Sync>,
    lease: Lease,
) -> Result<Finding, Reason> {
    // The lease ends after the probe's future, whose drop may take its time too.
    let work = lease.scope(OffWorker(call(probe).boxed()));
    let ended = AbortOnDrop(tokio::spawn(work)).joined().await;
    ended.map_err(|error| if error.is_panic() { Reason::Panicked } else { Reason::NotRun })
}

/// Not on the runtime's own threads: those are the service's, and a runtime waits at its end for all of them.
async fn in_thread(
    name: &str,
    probe: Arc<dyn Fn() -> Finding + Send + Sync>,
    lease: Lease,
) -> Result<Finding, Reason> {
    let (answer, answered) = oneshot::channel();
    let runtime = Handle::current();
    // No name of a check may hold NUL: control characters are refused.
    let thread = std::thread::Builder::new().name(format!("health {name}"));
    let work = move || {
        let lease = lease;
        let _entered = runtime.enter();
        let finding = probe();
        // Before the answer, so that who gets it finds the run ended.
        drop(lease);
        // Nobody may be waiting any more; a late answer is nobody's.
        let _ = answer.send(finding);
    };
    thread.spawn(work).map_err(|error| {
        tracing::error!(check = name, %error, "no thread for a health check");
        Reason::NotRun
    })?;
    // A thread that ends without an answer has panicked.
    answered.await.map_err(|_| Reason::Panicked)
}

/// Hands the worker's other tasks to another thread while the probe is polled, so that an async probe that blocks by
/// mistake holds up nothing but itself. A runtime of a single thread has nobody to hand them to.
struct OffWorker(BoxFuture<'static, Finding>);

impl Future for OffWorker {
    type Output = Finding;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Finding> {
        if Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            tokio::task::block_in_place(|| self.0.as_mut().poll(cx))
        } else {
            self.0.as_mut().poll(cx)
        }
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
