//! What is remembered of a check between two runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::check::Check;
use crate::history::History;
use crate::report::{Reading, Reason};
use crate::status::Status;

#[derive(Default)]
pub(super) struct State {
    pub(super) last: Option<Answer>,
    /// Closed when the run on its way has ended, however it ended.
    pub(super) flight: Option<Flight>,
    /// Runs on end that disagree with the status shown.
    pub(super) streak: u32,
    /// The last answer became too old, and that was told.
    pub(super) silent: bool,
    pub(super) history: History,
}

#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) error: Option<Arc<str>>,
    pub(super) readings: Arc<[Reading]>,
    pub(super) took: Duration,
    pub(super) at: Instant,
    /// When this status began.
    pub(super) since: Instant,
}

#[derive(Clone)]
pub(super) struct Flight {
    pub(super) landed: watch::Receiver<()>,
    pub(super) gives_up: Instant,
}

impl State {
    /// The run on its way. A closed channel is a runner that died with its runtime.
    pub(super) fn flying(&self) -> Option<&Flight> {
        self.flight.as_ref().filter(|flight| flight.landed.has_changed().is_ok())
    }

    /// The status to show after a run that found `found`.
    pub(super) fn smoothed(&mut self, found: Status, check: &Check) -> Status {
        let Some(shown) = self.last.as_ref().map(|last| last.status) else { return found };
        let (was_good, is_good) = (shown == Status::Healthy, found == Status::Healthy);
        if was_good == is_good {
            self.streak = 0;
            return found;
        }
        self.streak = self.streak.saturating_add(1);
        let needed = if is_good { check.success_threshold } else { check.failure_threshold };
        if self.streak < needed {
            return shown;
        }
        self.streak = 0;
        found
    }
}
