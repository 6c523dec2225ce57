//! From a change of state to the sinks; evaluation never waits for any of this.

#[cfg(feature = "webhook")]
mod alertmanager;
mod backoff;
#[cfg(feature = "email")]
mod email;
#[cfg(feature = "webhook")]
mod guard;
#[cfg(feature = "webhook")]
mod heartbeat;
#[cfg(feature = "webhook")]
mod http;
mod lane;
mod ledger;
mod log;
#[cfg_attr(not(feature = "webhook"), allow(dead_code, reason = "groups are of those who route"))]
mod notification;
mod outbox;
mod queue;
mod restored;
#[cfg(feature = "rules")]
mod routed;
mod sink;
#[cfg(feature = "webhook")]
mod slack;
#[cfg(feature = "webhook")]
mod told;
#[cfg(feature = "webhook")]
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::journal::Journal;
use crate::state::Now;
#[cfg(feature = "webhook")]
pub use alertmanager::AlertmanagerSink;
#[cfg(feature = "email")]
pub use email::{EmailError, EmailSink};
#[cfg(feature = "webhook")]
pub use heartbeat::Heartbeat;
#[cfg(feature = "webhook")]
pub(crate) use heartbeat::Pulse;
#[cfg(feature = "webhook")]
pub use http::WebhookError;
#[cfg(feature = "webhook")]
pub(crate) use http::client;
use lane::Lane;
#[cfg(feature = "rules")]
pub(crate) use ledger::Fate;
pub(crate) use ledger::Ledger;
pub use log::{LogSink, log_sink};
pub use notification::Notification;
#[cfg(feature = "rules")]
pub(crate) use notification::{Grouped, Key};
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

/// A sink and its receiver.
pub(crate) type Routed = (Box<dyn Sink>, Arc<str>);

/// All sinks, each with its queue.
pub(crate) struct Delivery {
    shared: Arc<Shared>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared {
    /// Of sinks that hear of every change.
    plain: Vec<Arc<Lane>>,
    /// Of the sinks of receivers.
    routed: Vec<Arc<Lane>>,
    ledger: Arc<Ledger>,
}

/// Without sinks.
impl Default for Delivery {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new(), Limits::default(), Ledger::default())
    }
}

impl Delivery {
    pub(crate) fn new(
        plain: Vec<Box<dyn Sink>>,
        routed: Vec<Routed>,
        limits: Limits,
        ledger: Ledger,
    ) -> Self {
        let ledger = Arc::new(ledger);
        let lane = |sink: Box<dyn Sink>, receiver: Option<Arc<str>>| {
            let name = lane_name(sink.as_ref(), receiver.as_deref());
            Arc::new(Lane::new(sink, receiver, name, limits, Arc::clone(&ledger)))
        };
        let shared = Shared {
            plain: plain.into_iter().map(|sink| lane(sink, None)).collect(),
            routed: routed.into_iter().map(|(sink, receiver)| lane(sink, Some(receiver))).collect(),
            ledger: Arc::clone(&ledger),
        };
        Self { shared: Arc::new(shared), tasks: Mutex::default() }
    }

    /// Starts a task for each sink, if that was not done and there is a runtime to do it on.
    pub(crate) fn start(&self) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut tasks = self.tasks.lock();
        if tasks.is_empty() {
            let ledger = Arc::clone(&self.shared.ledger);
            let journal = self.shared.ledger.journal.as_ref();
            let journal = journal.and_then(|journal| journal.task(move || ledger.progress()));
            tasks.extend(journal.map(|journal| runtime.spawn(journal)));
            tasks.extend(self.shared.lanes().map(|lane| runtime.spawn(Arc::clone(lane).run())));
            #[cfg(feature = "rules")]
            tasks.push(runtime.spawn(routed::tell_groups(Arc::clone(&self.shared))));
        }
    }

    /// Takes what is shown of the alerts by now.
    #[cfg(feature = "rules")]
    pub(crate) fn show(&self, shown: Arc<crate::snapshot::Snapshot>) {
        if let Some(dispatcher) = &self.shared.ledger.dispatcher {
            dispatcher.show(shown);
        }
    }

    /// Waits until the sinks have accepted everything, no longer than until `deadline`, and ends their tasks. Gives how
    /// many notifications were left.
    pub(crate) async fn shutdown(&self, deadline: Instant) -> usize {
        let mut progress = self.shared.ledger.watch();
        #[cfg(feature = "rules")]
        self.shared.ledger.dispatcher.iter().for_each(crate::dispatch::Dispatcher::hasten);
        while self.shared.waiting() > 0 {
            // What is left when the time is up is counted below. The sender is ours, so waiting cannot fail.
            if timeout_at(deadline, progress.changed()).await.is_err() {
                break;
            }
        }
        let ending = self.abort();
        // So that the journal is free for whoever comes next; none of them does anything but end.
        for task in ending {
            let _ = timeout_at(deadline, task).await;
        }
        self.shared.lanes().filter(|lane| lane.waiting() > 0).for_each(|lane| {
            let (sink, left) = (lane.name(), lane.waiting());
            tracing::error!(sink, left, "notifications not delivered before the shutdown");
        });
        self.shared.waiting()
    }

    fn abort(&self) -> Vec<JoinHandle<()>> {
        let tasks = std::mem::take(&mut *self.tasks.lock());
        tasks.iter().for_each(JoinHandle::abort);
        tasks
    }
}

/// What metrics, log lines and the journal call a sink: by its own name, behind that of its receiver if it has one.
pub(crate) fn lane_name(sink: &dyn Sink, receiver: Option<&str>) -> String {
    receiver.map_or_else(|| sink.name().to_owned(), |receiver| format!("{receiver}/{}", sink.name()))
}

impl Shared {
    /// Lets the sinks and the groups hear of a change.
    fn push(&self, notification: Notification, now: Now) {
        let notification = Arc::new(notification);
        self.plain.iter().for_each(|lane| lane.push(&notification, now.at));
        #[cfg(feature = "rules")]
        if let Some(dispatcher) = &self.ledger.dispatcher {
            dispatcher.insert(&notification, now);
        }
    }

    fn lanes(&self) -> impl Iterator<Item = &Arc<Lane>> {
        self.plain.iter().chain(&self.routed)
    }

    /// How much has yet to be accepted.
    fn waiting(&self) -> usize {
        // In this order: what leaves the journal or the groups is counted behind it before it is not counted there.
        let unwritten = self.ledger.journal.as_ref().map_or(0, Journal::waiting);
        #[cfg(feature = "rules")]
        let grouped = self.ledger.dispatcher.as_ref().map_or(0, crate::dispatch::Dispatcher::waiting);
        #[cfg(not(feature = "rules"))]
        let grouped = 0;
        unwritten + grouped + self.lanes().map(|lane| lane.waiting()).sum::<usize>()
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
