//! One sink with its queue and the task that empties it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

use super::backoff;
use super::ledger::{Fate, Ledger};
use super::notification::Key;
use super::queue::{Item, Pushed, Queue};
use super::sink::{Retry, SendError, Sink};
use super::{Limits, Notification};
use crate::alert::Alert;
use crate::observe;

/// How many notifications a sink is sent at once.
const CONCURRENCY: usize = 8;
/// How long one attempt may take, whatever the sink does.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Lane {
    sink: Box<dyn Sink>,
    #[cfg_attr(not(feature = "rules"), expect(dead_code, reason = "nobody routes"))]
    receiver: Option<Arc<str>>,
    /// What its receiver calls it.
    own_name: Arc<str>,
    /// What metrics, log lines and the journal call it.
    name: String,
    queue: Mutex<Queue>,
    /// What the sink was told before a restart, until it is told so.
    resumed: Mutex<Vec<Alert>>,
    give_up_after: Duration,
    pushed: Notify,
    ledger: Arc<Ledger>,
}

enum Outcome {
    Accepted,
    Failed(SendError),
}

impl Lane {
    pub(crate) fn new(
        sink: Box<dyn Sink>,
        receiver: Option<Arc<str>>,
        name: String,
        limits: Limits,
        ledger: Arc<Ledger>,
    ) -> Self {
        observe::introduce(&name);
        Self {
            receiver,
            own_name: sink.name().into(),
            name,
            sink,
            queue: Mutex::new(Queue::new(limits.capacity)),
            resumed: Mutex::default(),
            give_up_after: limits.give_up_after,
            pushed: Notify::new(),
            ledger,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Names the receiver, if it has one, and the sink.
    #[cfg(feature = "rules")]
    pub(crate) fn place(&self) -> Option<(&str, &str)> {
        self.receiver.as_deref().map(|receiver| (receiver, &*self.own_name))
    }

    pub(crate) fn push(&self, notification: &Arc<Notification>, now: Instant) {
        let pushed = self.queue.lock().push(Arc::clone(notification), now);
        observe::queued(self.name());
        match pushed {
            Pushed::Queued => {}
            Pushed::Superseding(outdated) => (0..outdated).for_each(|_| self.drop_outdated()),
            Pushed::Full => {
                self.lost(notification);
                self.dead_letter(notification, "queue_full", "the queue is full", 1);
            }
            Pushed::Unannounced => {
                self.lost(notification);
                self.dead_letter(notification, "unannounced", "its firing was lost", 1);
            }
        }
        self.publish();
        self.pushed.notify_one();
    }

    /// Takes up what waited before a restart.
    pub(crate) fn restore(
        &self,
        key: Key,
        announced: bool,
        firing: Option<Arc<Notification>>,
        resolved: Option<Arc<Notification>>,
        now: Instant,
    ) {
        self.queue.lock().restore(key, announced, firing, resolved, now);
        self.publish();
    }

    /// Has the sink take up, once it runs, what it was told before a restart.
    pub(crate) fn resume(&self, firing: Vec<Alert>) {
        *self.resumed.lock() = firing;
    }

    #[cfg(feature = "rules")]
    pub(crate) fn sink_name(&self) -> Arc<str> {
        Arc::clone(&self.own_name)
    }

    fn publish(&self) {
        let waiting = self.queue.lock().len();
        observe::waiting(self.name(), waiting);
        self.ledger.progress();
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.lock().len()
    }

    /// Sends what is due, for ever.
    pub(crate) async fn run(self: Arc<Self>) {
        let resumed = std::mem::take(&mut *self.resumed.lock());
        if !resumed.is_empty() && catch_unwind(AssertUnwindSafe(|| self.sink.resume(resumed))).is_err() {
            tracing::error!(sink = self.name(), "the sink panicked when it was to take up what it was told");
        }
        let mut sending = FuturesUnordered::new();
        loop {
            let free = CONCURRENCY.saturating_sub(sending.len());
            let due: Vec<Item> = {
                let mut queue = self.queue.lock();
                std::iter::from_fn(|| queue.take(Instant::now())).take(free).collect()
            };
            sending.extend(due.into_iter().map(|item| self.attempt(item)));
            let next = self.queue.lock().next_due().filter(|_| sending.len() < CONCURRENCY);
            tokio::select! {
                Some((item, outcome)) = sending.next() => self.finish(item, outcome),
                () = self.pushed.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }

    async fn attempt(&self, item: Item) -> (Item, Outcome) {
        if self.queue.lock().has_failed(&item) {
            observe::retried(self.name());
        }
        let notification = Arc::clone(&item.notification);
        // The call itself may panic too, before there is a future.
        let send = AssertUnwindSafe(async { self.sink.send(notification).await }).catch_unwind();
        let outcome = match timeout(DEADLINE, send).await {
            Ok(Ok(Ok(()))) => Outcome::Accepted,
            Ok(Ok(Err(error))) => Outcome::Failed(error),
            Ok(Err(_panic)) => Outcome::Failed(SendError::temporary("the sink panicked")),
            Err(_elapsed) => Outcome::Failed(SendError::temporary("no answer in time")),
        };
        (item, outcome)
    }

    fn finish(self: &Arc<Self>, item: Item, outcome: Outcome) {
        let now = Instant::now();
        match outcome {
            Outcome::Accepted => self.accepted(item, now),
            Outcome::Failed(error) => self.failed(item, &error, now),
        }
        self.publish();
    }

    fn accepted(self: &Arc<Self>, item: Item, now: Instant) {
        observe::sent(self.name(), now.saturating_duration_since(item.since));
        let (lane, notification) = (Arc::clone(self), Arc::clone(&item.notification));
        // What follows about the same alert waits until this is written: a restart must not go back behind it.
        let then = move || {
            lane.queue.lock().accepted(&item, now);
            lane.publish();
            lane.pushed.notify_one();
        };
        self.ledger.settled(&self.name, &self.own_name, &notification, Fate::Accepted, then);
    }

    fn failed(&self, item: Item, error: &SendError, now: Instant) {
        observe::attempt_failed(self.name());
        let attempt = self.queue.lock().failed(&item);
        let wait = backoff::wait(attempt, error.retry(), fastrand::f64());
        let expired = now.saturating_duration_since(item.since) >= self.give_up_after;
        let Some(wait) = wait.filter(|_| !expired) else {
            let reason = if error.retry() == Retry::Never { "refused" } else { "expired" };
            self.lost(&item.notification);
            if catch_unwind(AssertUnwindSafe(|| self.sink.given_up(&item.notification))).is_err() {
                tracing::error!(sink = self.name(), "the sink panicked when it was told what is given up");
            }
            let lost = self.queue.lock().give_up(&item, now);
            self.dead_letter(&item.notification, reason, error, lost);
            return;
        };
        // The first failure is worth a line; each further one of a long outage is not.
        let id = item.notification.id();
        if attempt == 1 {
            tracing::warn!(sink = self.name(), id, %error, ?wait, "notification not accepted, will be sent again");
        } else {
            tracing::debug!(sink = self.name(), id, %error, ?wait, attempt, "notification not accepted again");
        }
        if self.queue.lock().put_back(item, now + wait) {
            self.drop_outdated();
        }
    }

    fn lost(&self, notification: &Notification) {
        self.ledger.settled(&self.name, &self.own_name, notification, Fate::GivenUp, || {});
    }

    fn drop_outdated(&self) {
        observe::dropped(self.name(), "superseded");
    }

    /// Counts and logs what will not be delivered, with all that is needed to deliver it by hand.
    fn dead_letter(
        &self,
        notification: &Notification,
        reason: &'static str,
        error: impl std::fmt::Display,
        lost: usize,
    ) {
        (0..lost).for_each(|_| observe::dropped(self.name(), reason));
        let alert = notification.alert();
        tracing::error!(
            sink = self.name(),
            id = notification.id(),
            reason,
            %error,
            lost,
            state = alert.state.as_str(),
            alerts = notification.alerts().len(),
            labels = ?alert.labels,
            group = notification.group_key(),
            "notification given up"
        );
    }
}
