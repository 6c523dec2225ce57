//! A manager that evaluates its rules in the background.

use std::collections::{HashMap, HashSet};
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
use crate::group::About;
use crate::manager::{AlertManager, Core, Shutdown};
use crate::rule::AlertRule;
use crate::state::Now;

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
    pub(crate) fn spawn(
        manager: AlertManager,
        interval: Duration,
        runtime: &Handle,
        #[cfg(feature = "webhook")] heartbeat: Option<crate::Heartbeat>,
    ) -> Self {
        let stop = watch::Sender::new(false);
        manager.0.delivery.start();
        let ended = watch::Sender::new(Instant::now());
        #[cfg(feature = "webhook")]
        if let Some(heartbeat) = heartbeat {
            crate::observe::introduce_heartbeat();
            let (ended, groups) = (ended.subscribe(), manager.0.beats());
            let pulse = crate::delivery::Pulse { ended, groups, default: interval };
            runtime.spawn(heartbeat.run(pulse, stop.subscribe()));
        }
        let join =
            runtime.spawn(evaluate_for_ever(Arc::clone(&manager.0), interval, stop.subscribe(), ended));
        Self { manager, task: Arc::new(Task { stop, join: Mutex::new(Some(join)) }) }
    }

    #[cfg(feature = "rules")]
    pub(crate) fn manager(&self) -> &AlertManager {
        &self.manager
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

    /// Reads the rule files again; as [`AlertManager::reload`], on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// [`RuleFileError`](crate::RuleFileError); the rules are as they were.
    ///
    /// # Cancel safety
    ///
    /// Dropped before its end, it goes on to it.
    #[cfg(feature = "rules")]
    pub async fn reload(&self) -> Result<Vec<Alert>, crate::RuleFileError> {
        let manager = self.manager.clone();
        let reload = tokio::task::spawn_blocking(move || manager.reload());
        reload.await.unwrap_or(Err(crate::RuleFileError::Stopped))
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
            // A condition that hangs must not keep the service from ending; its thread is left to itself.
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
async fn evaluate_for_ever(
    core: Arc<Core>,
    default: Duration,
    mut stop: watch::Receiver<bool>,
    ended: watch::Sender<Instant>,
) {
    let mut beats = core.beats();
    let mut schedule: HashMap<Arc<About>, Instant> = HashMap::new();
    loop {
        keep_up(&mut schedule, &beats.borrow_and_update(), Instant::now());
        let Some(at) = schedule.values().min().copied() else { return };
        tokio::select! {
            () = sleep_until(at) => {}
            // Closed when the last handle is dropped.
            _ = stop.wait_for(|stop| *stop) => return,
            Ok(()) = beats.changed() => continue,
        }
        let is_due = |(group, next): (&Arc<About>, &Instant)| (*next <= at).then(|| Arc::clone(group));
        let due: HashSet<_> = schedule.iter().filter_map(is_due).collect();
        // The moment is the one at which the groups were due, as in Prometheus: a late evaluation must not make a `for` longer by
        // an interval.
        let moment = Now { at, ..Now::read() };
        let read = tokio::select! {
            read = core.sources.read() => read,
            // Whoever ends does not wait for a source.
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (evaluated, asked) = (Arc::clone(&core), due.clone());
        // Reading thousands of series is too long for a thread that serves requests.
        let evaluation = tokio::task::spawn_blocking(move || evaluated.evaluate_read(&read, &asked, moment));
        // Panics are caught within, so this is the end of the runtime.
        if evaluation.await.is_err() {
            return;
        }
        let now = Instant::now();
        ended.send_replace(now);
        for group in due {
            let interval = group.interval.unwrap_or(default).clamp(SHORTEST, LONGEST);
            schedule.insert(group, next_beat(at, now, interval));
        }
    }
}

/// Groups that are new are due at once, those that are gone never again; the others keep their beats.
fn keep_up(schedule: &mut HashMap<Arc<About>, Instant>, groups: &HashSet<Arc<About>>, now: Instant) {
    schedule.retain(|group, _| groups.contains(group));
    for group in groups {
        schedule.entry(Arc::clone(group)).or_insert(now);
    }
}

/// The first moment behind `now` that is whole intervals behind `at`: beats missed by a slow evaluation are left out, not
/// made up for.
fn next_beat(at: Instant, now: Instant, interval: Duration) -> Instant {
    let late = now.saturating_duration_since(at).as_nanos() % interval.as_nanos().max(1);
    now + interval.saturating_sub(Duration::from_nanos(u64::try_from(late).unwrap_or(0)))
}
