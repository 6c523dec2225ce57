//! Who may run: places for checks, and the account of runs that outlived their deadline.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::observe;

/// Shared by all checks of a [`HealthCheck`](crate::HealthCheck).
pub(crate) struct Crew {
    pub(crate) places: Arc<Semaphore>,
    /// Runs that passed their deadline and have not ended.
    abandoned: watch::Sender<usize>,
    most_abandoned: usize,
}

impl Crew {
    pub(crate) fn new(places: usize, most_abandoned: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), abandoned: watch::Sender::new(0), most_abandoned }
    }

    pub(crate) fn abandoned(&self) -> usize {
        *self.abandoned.borrow()
    }

    /// Waits until so few runs hang that another may be risked: one that was told to stop needs a moment for it.
    pub(crate) async fn recovered(&self) {
        // The sender lives as long as this.
        let _ = self.abandoned.subscribe().wait_for(|abandoned| *abandoned < self.most_abandoned).await;
    }
}

/// One run; `Lease` goes where the work is, this stays with who waits for it.
pub(crate) struct Run {
    crew: Arc<Crew>,
    state: Arc<Mutex<State>>,
}

/// Held by the work itself until it has ended, in time or not.
pub(crate) struct Lease {
    /// The check's only one, so that a run that hangs is never doubled.
    _own: Option<OwnedSemaphorePermit>,
    crew: Arc<Crew>,
    state: Arc<Mutex<State>>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Running,
    Abandoned,
    Ended,
}

impl Run {
    pub(crate) fn begin(crew: &Arc<Crew>, own: Option<OwnedSemaphorePermit>) -> (Self, Lease) {
        let state = Arc::new(Mutex::new(State::Running));
        let run = Self { crew: Arc::clone(crew), state: Arc::clone(&state) };
        (run, Lease { _own: own, crew: Arc::clone(crew), state })
    }
}

tokio::task_local! {
    static LEASE: Arc<Lease>;
}

impl Lease {
    /// Lets the work take shares in its own lease: a run that has put a part of itself into a thread has not ended
    /// before that has.
    pub(crate) async fn scope<T>(self, work: impl Future<Output = T>) -> T {
        LEASE.scope(Arc::new(self), work).await
    }

    /// A share in the lease of the run that is being polled.
    #[cfg(feature = "tcp")]
    pub(crate) fn share() -> Option<Arc<Self>> {
        LEASE.try_with(Arc::clone).ok()
    }
}

impl Drop for Run {
    /// Nobody waits any more: unless the work has ended, it is on its own.
    fn drop(&mut self) {
        let mut state = self.state.lock();
        if *state == State::Running {
            *state = State::Abandoned;
            // Inside the lock: the end of the work must not be counted before this.
            self.crew.abandoned.send_modify(|abandoned| *abandoned += 1);
            drop(state);
            observe::abandoned(1.0);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let was = std::mem::replace(&mut *self.state.lock(), State::Ended);
        if was == State::Abandoned {
            self.crew.abandoned.send_modify(|abandoned| *abandoned -= 1);
            observe::abandoned(-1.0);
        }
    }
}
