//! A manager that evaluates its rules in the background.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::alert::{Alert, RuleStatus};
use crate::error::BuildError;
use crate::manager::{AlertManager, Core, Shutdown};
use crate::rule::AlertRule;

/// More often is no use: an evaluation alone takes longer.
const SHORTEST: Duration = Duration::from_micros(100);
/// A year: as good as for ever, and no clock overflows.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A running [`AlertManager`]; made by [`AlertManagerBuilder::spawn`](crate::AlertManagerBuilder::spawn).
///
/// Cheap to clone. Evaluation ends with [`shutdown`](Self::shutdown) or when the last clone is dropped.
#[derive(Clone)]
#[must_use = "evaluation ends when the handle is dropped"]
pub struct AlertHandle {
    manager: AlertManager,
    task: Arc<Task>,
}

struct Task {
    stop: watch::Sender<bool>,
    join: Mutex<Option<JoinHandle<()>>>,
}

impl AlertHandle {
    pub(crate) fn spawn(manager: AlertManager, interval: Duration, runtime: &Handle) -> Self {
        let stop = watch::Sender::new(false);
        manager.0.delivery.start();
        let join = runtime.spawn(evaluate_for_ever(Arc::clone(&manager.0), interval, stop.subscribe()));
        Self { manager, task: Arc::new(Task { stop, join: Mutex::new(Some(join)) }) }
    }

    /// Gives the alerts that were pending or firing after the last evaluation.
    pub fn alerts(&self) -> Vec<Alert> {
        self.manager.alerts()
    }

    /// Gives every rule with its state after the last evaluation.
    pub fn rules(&self) -> Vec<RuleStatus> {
        self.manager.rules()
    }

    /// Adds a rule; it is looked at from the next evaluation on.
    ///
    /// # Errors
    ///
    /// As [`AlertManager::add_rule`].
    pub fn add_rule(&self, rule: AlertRule) -> Result<(), BuildError> {
        self.manager.add_rule(rule)
    }

    /// Gives a router that answers `GET /api/v1/alerts` and `GET /api/v1/rules` in the shape of a Prometheus server; see
    /// [`AlertManager::router`].
    #[cfg(feature = "axum")]
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> axum::Router<S> {
        self.manager.router()
    }

    /// Stops evaluating, waits until the sinks have accepted all notifications, and stops them, all within `limit`.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its end, it has stopped the evaluation but not the sinks.
    pub async fn shutdown(&self, limit: Duration) -> Shutdown {
        let deadline = Instant::now() + limit.min(LONGEST);
        self.task.stop.send_replace(true);
        let join = self.task.join.lock().take();
        if let Some(join) = join {
            // A source that hangs must not keep the service from ending; its thread is left to itself.
            let _ = timeout_at(deadline, join).await;
        }
        Shutdown { undelivered: self.manager.0.delivery.shutdown(deadline).await }
    }
}

impl fmt::Debug for AlertHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertHandle").field("manager", &self.manager).finish_non_exhaustive()
    }
}

/// Evaluates each group at its interval; groups that are due together share one reading of the sources.
async fn evaluate_for_ever(core: Arc<Core>, default: Duration, mut stop: watch::Receiver<bool>) {
    let intervals = core.intervals(default);
    let start = Instant::now();
    let mut due: BTreeMap<Instant, Vec<usize>> = BTreeMap::new();
    due.insert(start, (0..intervals.len()).collect());
    while let Some((at, places)) = due.pop_first() {
        tokio::select! {
            () = sleep_until(at) => {}
            // Closed when the last handle is dropped.
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let evaluated = Arc::clone(&core);
        let asked = places.clone();
        // Rendering and reading thousands of series is too long for a thread that serves requests. The moment is the one
        // at which the groups were due, as in Prometheus: a late evaluation must not make a `for` longer by an interval.
        let evaluation = tokio::task::spawn_blocking(move || evaluated.evaluate_sources(&asked, at));
        // Panics are caught within, so this is the end of the runtime.
        if evaluation.await.is_err() {
            return;
        }
        let now = Instant::now();
        for place in places {
            let interval = intervals.get(place).copied().unwrap_or(default).clamp(SHORTEST, LONGEST);
            due.entry(next_beat(at, now, interval)).or_default().push(place);
        }
    }
}

/// The first moment behind `now` that is whole intervals behind `at`: beats missed by a slow evaluation are left out, not
/// made up for.
fn next_beat(at: Instant, now: Instant, interval: Duration) -> Instant {
    let late = now.saturating_duration_since(at).as_nanos() % interval.as_nanos().max(1);
    now + interval.saturating_sub(Duration::from_nanos(u64::try_from(late).unwrap_or(0)))
}
