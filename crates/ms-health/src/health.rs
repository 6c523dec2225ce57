//! The health check itself: asks its slots and puts their answers together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::access::Access;
use crate::builder::HealthCheckBuilder;
use crate::crew::Crew;
use crate::error::BuildError;
use crate::group::Group;
use crate::heartbeat::Heartbeat;
use crate::mapping::Mapping;
use crate::report::{CheckReport, Report};
use crate::show::Format;
use crate::shutdown::Phase;
use crate::slot::Slot;
use crate::status::Status;

/// The health of a service; cheap to clone, all clones share one state.
///
/// See the [crate's documentation](crate) for an example.
#[derive(Clone)]
pub struct HealthCheck(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) slots: Vec<Arc<Slot>>,
    pub(crate) crew: Arc<Crew>,
    pub(crate) heartbeats: Vec<Heartbeat>,
    pub(crate) groups: Vec<Group>,
    pub(crate) mapping: Mapping,
    pub(crate) format: Format,
    pub(crate) kubernetes: bool,
    pub(crate) page: bool,
    pub(crate) access: Access,
    pub(crate) drain: Duration,
    pub(crate) phase: watch::Sender<Phase>,
}

impl HealthCheck {
    /// Starts with no checks; such a service is healthy.
    pub fn builder() -> HealthCheckBuilder {
        HealthCheckBuilder::default()
    }

    /// Asks every check, each from its last answer or, when that is older than its TTL, by a run shared with everybody
    /// who asks at the time. Waits no longer than the longest deadline and 75 ms.
    ///
    /// Needs a tokio runtime with time; without one, checks that would have to run are `unknown`.
    ///
    /// # Cancel safety
    ///
    /// Runs that were begun go on and are kept for the next who asks.
    pub async fn report(&self) -> Report {
        self.ask(|_| true).await
    }

    /// Asks the critical checks only, as `/health/ready` does. While the service starts or shuts down no check is asked
    /// and the answer is `unhealthy`.
    ///
    /// # Cancel safety
    ///
    /// As for [`report`](Self::report).
    pub async fn readiness(&self) -> Report {
        self.readiness_of(|slot| slot.check.critical, |_| true).await
    }

    /// `minds` tells in which phases, serving apart, readiness falls.
    pub(crate) async fn readiness_of(
        &self,
        wanted: impl Fn(&Slot) -> bool,
        minds: impl Fn(Phase) -> bool,
    ) -> Report {
        if let Some(report) = self.not_serving(&minds) {
            return report;
        }
        let mut report = self.ask(wanted).await;
        // The signal may have come while the checks ran.
        if report.shutting_down() && minds(report.phase) {
            report.status = Status::Unhealthy;
        }
        report
    }

    /// Asks the checks of a [`group`](HealthCheckBuilder::group); `None` if there is no such group.
    ///
    /// # Cancel safety
    ///
    /// As for [`report`](Self::report).
    pub async fn group(&self, name: &str) -> Option<Report> {
        let group = self.0.groups.iter().find(|group| group.name() == name)?;
        Some(self.ask(|slot| group.has(slot)).await)
    }

    /// Tells whether the process's own tasks gave a sign of life in time, as `/health/live` does; `healthy` where there
    /// is no [`heartbeat`](HealthCheckBuilder::heartbeat).
    pub fn liveness(&self) -> Report {
        self.liveness_of(|_| true)
    }

    pub(crate) fn liveness_of(&self, wanted: impl Fn(&Heartbeat) -> bool) -> Report {
        let beats = self.0.heartbeats.iter().filter(|beat| wanted(beat));
        let checks = beats.map(Heartbeat::report).collect();
        Report { status: self.live_status_of(wanted), phase: self.phase(), checks }
    }

    pub(crate) fn live_status_of(&self, wanted: impl Fn(&Heartbeat) -> bool) -> Status {
        let mut beats = self.0.heartbeats.iter().filter(|beat| wanted(beat));
        let alive = beats.all(|beat| beat.status() == Status::Healthy);
        if alive { Status::Healthy } else { Status::Unhealthy }
    }

    /// The whole answer of readiness where the life of the service alone decides it.
    pub(crate) fn not_serving(&self, minds: impl Fn(Phase) -> bool) -> Option<Report> {
        let phase = self.phase();
        (phase != Phase::Serving && minds(phase)).then(|| self.life(|phase| phase == Phase::Serving))
    }

    /// What the life of the service alone says, no check asked: `healthy` while it serves.
    pub(crate) fn life(&self, serving: impl Fn(Phase) -> bool) -> Report {
        let phase = self.phase();
        let status = if serving(phase) { Status::Healthy } else { Status::Unhealthy };
        Report { status, phase, checks: Vec::new() }
    }

    /// Tells how many runs passed their deadline and have not ended: threads that hang, futures that do not yield.
    pub fn abandoned_runs(&self) -> usize {
        self.0.crew.abandoned()
    }

    pub(crate) async fn ask(&self, wanted: impl Fn(&Slot) -> bool) -> Report {
        if let Some(report) = self.fresh_report(&wanted) {
            return report;
        }
        let asked = self.0.slots.iter().filter(|slot| wanted(slot)).map(|slot| slot.answer(&self.0.crew));
        self.report_of(join_all(asked).await)
    }

    fn report_of(&self, checks: Vec<CheckReport>) -> Report {
        let status = self.0.mapping.of_all(checks.iter().map(|check| (check.status, check.critical)));
        Report { status, phase: self.phase(), checks }
    }

    /// The report of the checks wanted, if all of them have a fresh answer.
    pub(crate) fn fresh_report(&self, wanted: impl Fn(&Slot) -> bool) -> Option<Report> {
        let now = Instant::now();
        let wanted = self.0.slots.iter().filter(|slot| wanted(slot));
        let checks: Option<Vec<_>> = wanted.map(|slot| slot.fresh_report(now)).collect();
        checks.map(|checks| self.report_of(checks))
    }

    /// The status of the checks wanted, if all of them have a fresh answer.
    pub(crate) fn fresh_status(&self, wanted: impl Fn(&Slot) -> bool) -> Option<Status> {
        let now = Instant::now();
        let mut missing = false;
        let wanted = self.0.slots.iter().filter(|slot| wanted(slot));
        let status = self.0.mapping.of_all(wanted.map_while(|slot| {
            let status = slot.fresh_status(now);
            missing |= status.is_none();
            Some((status?, slot.check.critical))
        }));
        (!missing).then_some(status)
    }

    pub(crate) fn poll_every(&self, interval: Duration) -> Result<(), BuildError> {
        let runtime = Handle::try_current().map_err(|_| BuildError::NoRuntime)?;
        let inner = Arc::downgrade(&self.0);
        // The first runs now, so that a probe that comes at once has something to wait for.
        self.0.begin_due(interval, &runtime);
        let first = Instant::now().checked_add(interval).unwrap_or_else(Instant::now);
        let on = runtime.clone();
        runtime.spawn(async move {
            let mut ticks = tokio::time::interval_at(first, interval);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                ticks.tick().await;
                let Some(inner) = inner.upgrade() else { return };
                inner.begin_due(interval, &on);
            }
        });
        Ok(())
    }
}

impl Inner {
    /// Waits for none of them: a slow check must not make the others stale.
    fn begin_due(&self, interval: Duration, runtime: &Handle) {
        for slot in &self.slots {
            slot.begin_if_due(&self.crew, interval, runtime);
        }
    }
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthCheck")
            .field("checks", &self.0.slots.iter().map(|slot| &slot.check).collect::<Vec<_>>())
            .field("phase", &*self.0.phase.borrow())
            .finish_non_exhaustive()
    }
}
