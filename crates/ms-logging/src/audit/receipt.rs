//! The answer to a record: whether it is on disk.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};

use super::error::AuditError;

/// Where a record is in the trail. Kept elsewhere, it shows later that nothing was cut off behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// From 1 on.
    pub seq: u64,
    /// 64 hexadecimal digits.
    pub hash: String,
}

/// Whether a record is on disk; a future of it.
///
/// # Cancel safety
///
/// Dropping it loses the answer alone: the event is recorded all the same.
#[derive(Debug)]
#[must_use = "an event that is not confirmed may not be in the trail"]
pub struct Receipt(Arc<Slot>);

#[derive(Debug, Default)]
struct Slot {
    state: Mutex<State>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct State {
    answer: Option<Result<Recorded, AuditError>>,
    waker: Option<Waker>,
}

/// The other end; dropping it says that the log was closed.
#[derive(Debug)]
pub(super) struct Confirm(Option<Arc<Slot>>);

impl Receipt {
    pub(super) fn pair() -> (Self, Confirm) {
        let slot = Arc::new(Slot::default());
        (Self(Arc::clone(&slot)), Confirm(Some(slot)))
    }

    /// Blocks the calling thread until the record is on disk.
    ///
    /// # Errors
    ///
    /// [`AuditError`]: the event is not in the trail.
    pub fn wait(self) -> Result<Recorded, AuditError> {
        let mut state = self.0.state.lock();
        loop {
            match state.answer.take() {
                Some(answer) => return answer,
                None => self.0.told.wait(&mut state),
            }
        }
    }
}

impl Future for Receipt {
    type Output = Result<Recorded, AuditError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state.lock();
        // Asked again after it was ready, it gives the same answer.
        match &state.answer {
            Some(answer) => Poll::Ready(answer.clone()),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Confirm {
    pub(super) fn tell(mut self, answer: Result<Recorded, AuditError>) {
        self.answer(answer);
    }

    fn answer(&mut self, answer: Result<Recorded, AuditError>) {
        let Some(slot) = self.0.take() else { return };
        let waker = {
            let mut state = slot.state.lock();
            state.answer = Some(answer);
            state.waker.take()
        };
        slot.told.notify_all();
        // Not under the lock: it may poll at once.
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Confirm {
    fn drop(&mut self) {
        self.answer(Err(AuditError::Closed));
    }
}
