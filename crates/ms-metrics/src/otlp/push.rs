//! The handle of a running push.

use std::fmt;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::deliver::Receiver;
use super::error::PushError;
use super::task::{Ending, Report, Task};

/// Pushes all metrics at an interval, as long as it is held; made by [`OtlpBuilder::spawn`](super::OtlpBuilder::spawn).
///
/// Dropping it lets the task push a last time, for five seconds at most and as long as the runtime lives. Where nothing may
/// be lost, [`shutdown`](Self::shutdown) waits for that.
#[must_use = "dropping it ends the push"]
pub struct OtlpPush {
    flushes: mpsc::Sender<Report>,
    end: oneshot::Sender<Ending>,
}

impl OtlpPush {
    pub(super) fn spawn<R: Receiver>(runtime: &Handle, task: Task<R>) -> Self {
        let ((flushes, asked), (end, ended)) = (mpsc::channel(1), oneshot::channel());
        runtime.spawn(task.run(asked, ended));
        Self { flushes, end }
    }

    /// Pushes now, and waits for what becomes of it; a push that is under way is waited for first.
    ///
    /// # Errors
    ///
    /// [`PushError`]: why the receiver does not have the metrics. The next push carries their totals again.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop a push that has begun.
    pub async fn flush(&self) -> Result<(), PushError> {
        let (report, reported) = oneshot::channel();
        self.flushes.send(report).await.map_err(|_| PushError::Ended)?;
        reported.await.unwrap_or(Err(PushError::Ended))
    }

    /// Pushes a last time, retries included for `limit` at most, and ends. A push that is under way is given up: the last
    /// one carries the same totals.
    ///
    /// # Errors
    ///
    /// [`PushError`]: why the receiver does not have the last totals. The push has ended all the same.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not stop the last push, nor does it take longer than `limit`.
    pub async fn shutdown(self, limit: Duration) -> Result<(), PushError> {
        let (report, reported) = oneshot::channel();
        self.end.send(Ending { limit, report }).map_err(|_| PushError::Ended)?;
        reported.await.unwrap_or(Err(PushError::Ended))
    }
}

impl fmt::Debug for OtlpPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpPush").finish_non_exhaustive()
    }
}
