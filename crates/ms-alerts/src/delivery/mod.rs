//! From a change of state to the sinks; evaluation never waits for any of this.

#[cfg(feature = "webhook")]
mod alertmanager;
mod backoff;
#[cfg(feature = "webhook")]
mod guard;
#[cfg(feature = "webhook")]
mod http;
mod lane;
mod log;
#[cfg_attr(not(feature = "webhook"), allow(dead_code, reason = "groups are of those who route"))]
mod notification;
mod queue;
mod sink;
#[cfg(feature = "webhook")]
mod slack;
#[cfg(feature = "webhook")]
mod told;
#[cfg(feature = "webhook")]
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[cfg(feature = "webhook")]
pub use alertmanager::AlertmanagerSink;
#[cfg(feature = "webhook")]
pub use http::WebhookError;
#[cfg(feature = "webhook")]
pub(crate) use http::client;
pub(crate) use lane::Lane;
pub use log::{LogSink, log_sink};
pub use notification::Notification;
pub use sink::{SendError, SendFuture, Sink};
#[cfg(feature = "webhook")]
pub use slack::SlackSink;
#[cfg(feature = "webhook")]
pub(crate) use slack::escape as slack_escape;
#[cfg(feature = "webhook")]
pub use told::TemplateError;
#[cfg(feature = "webhook")]
pub use webhook::WebhookSink;

/// What Alertmanager writes for an alert that has not ended.
#[cfg(feature = "webhook")]
pub(crate) const NOT_ENDED: &str = "0001-01-01T00:00:00Z";

/// All sinks, each with its queue.
pub(crate) struct Delivery {
    lanes: Vec<Arc<Lane>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Delivery {
    pub(crate) fn new(lanes: Vec<Lane>) -> Self {
        Self { lanes: lanes.into_iter().map(Arc::new).collect(), tasks: Mutex::default() }
    }

    /// Starts a task for each sink, if that was not done and there is a runtime to do it on.
    pub(crate) fn start(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut tasks = self.tasks.lock();
        if tasks.is_empty() {
            tasks.extend(self.lanes.iter().map(|lane| runtime.spawn(Arc::clone(lane).run())));
        }
    }

    pub(crate) fn push(&self, notification: Notification, now: Instant) {
        let notification = Arc::new(notification);
        self.lanes.iter().for_each(|lane| lane.push(&notification, now));
    }

    /// Waits until the sinks have accepted everything, no longer than until `deadline`, and ends their tasks. Gives how
    /// many notifications were left.
    pub(crate) async fn shutdown(&self, deadline: Instant) -> usize {
        let all = join_all(self.lanes.iter().map(|lane| lane.drained()));
        // What is left when the time is up is counted below.
        let _ = tokio::time::timeout_at(deadline, all).await;
        self.abort();
        self.lanes
            .iter()
            .map(|lane| {
                let left = lane.waiting();
                if left > 0 {
                    tracing::error!(
                        sink = lane.name(),
                        left,
                        "notifications not delivered before the shutdown"
                    );
                }
                left
            })
            .sum()
    }

    fn abort(&self) {
        self.tasks.lock().drain(..).for_each(|task| task.abort());
    }
}

/// The tasks hold the queues, so they would outlive the manager.
impl Drop for Delivery {
    fn drop(&mut self) {
        self.abort();
    }
}

/// How much a queue holds and how long it keeps it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) capacity: usize,
    pub(crate) give_up_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { capacity: 10_000, give_up_after: Duration::from_secs(24 * 60 * 60) }
    }
}
