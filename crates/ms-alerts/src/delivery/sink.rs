//! Where notifications go.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Notification;
use crate::alert::Alert;

/// The future of [`Sink::send`].
pub type SendFuture<'a> = Pin<Box<dyn Future<Output = Result<(), SendError>> + Send + 'a>>;

/// Sends notifications somewhere.
///
/// Each sink has a queue of its own: a slow or failing one delays neither the others nor the evaluation. Up to eight
/// notifications are sent at once, never two about one alert.
///
/// ```
/// use std::sync::Arc;
/// use ms_alerts::{Notification, SendError, SendFuture, Sink};
///
/// struct Pager;
///
/// impl Sink for Pager {
///     fn name(&self) -> &str {
///         "pager"
///     }
///
///     fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
///         Box::pin(async move {
///             let text = notification.alert().annotations.get("summary").unwrap_or("");
///             page(text).await.map_err(SendError::temporary)
///         })
///     }
/// }
/// # async fn page(_: &str) -> Result<(), std::io::Error> { Ok(()) }
/// ```
pub trait Sink: Send + Sync + 'static {
    /// Names the sink in metrics and log lines. Never a place for secrets.
    fn name(&self) -> &str;

    /// Sends one notification; returns when it was accepted.
    ///
    /// Called again with the same [`Notification::id`] after a temporary failure, a panic, or 30 s without an answer,
    /// so a receiver may see a notification twice.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when its time is up or the manager shuts down.
    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_>;

    /// Takes up alerts that fire and of which the sink was told before a restart, as the journal has it: for one that must tell
    /// them again and again, such as [`AlertmanagerSink`](crate::AlertmanagerSink). Called at most once, on the runtime and
    /// before anything is sent; must not block. Does nothing by default.
    fn resume(&self, _firing: Vec<Alert>) {}

    /// A notification was given up, since the sink refused it or it waited for too long: nothing of it will be sent again, nor the
    /// end of what it was the first to tell of. Must not block. Does nothing by default.
    fn given_up(&self, _notification: &Notification) {}

    /// Tells whether the sink sends on that alerts have ended. One that does not is not told of a group again because some of
    /// its alerts have. `true` by default.
    fn sends_resolved(&self) -> bool {
        true
    }
}

/// Why a sink did not accept a notification. Its text is logged: no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    text: String,
    retry: Retry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    Backoff,
    After(Duration),
}

impl SendError {
    /// A failure that may pass: the notification is sent again after a while.
    pub fn temporary(cause: impl fmt::Display) -> Self {
        Self { text: cause.to_string(), retry: Retry::Backoff }
    }

    /// A failure that will not pass: the notification is given up, counted and logged.
    pub fn permanent(cause: impl fmt::Display) -> Self {
        Self { text: cause.to_string(), retry: Retry::Never }
    }

    /// Sends again after this time rather than after the usual one; between 1 s and 15 min. A permanent failure stays one.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        if self.retry != Retry::Never {
            self.retry = Retry::After(wait);
        }
        self
    }

    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for SendError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_makes_no_permanent_failure_a_temporary_one() {
        let wait = Duration::from_secs(7);
        assert_eq!(SendError::permanent("no").retry_after(wait).retry(), Retry::Never);
        assert_eq!(SendError::temporary("later").retry_after(wait).retry(), Retry::After(wait));
    }
}
