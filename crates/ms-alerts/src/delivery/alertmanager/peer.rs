//! One Alertmanager and the task that posts to it, one request after the other: an older state of an alert never
//! overtakes a newer one.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::header::HeaderMap;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::active::Active;
use crate::delivery::backoff;
use crate::delivery::http::Endpoint;
use crate::delivery::sink::{Retry, SendError};
use crate::labels::Labels;
use crate::observe;

/// As many as Prometheus puts into one request.
const BATCH: usize = 64;
/// A queue sends eight notifications at once.
const WAITING: usize = 16;

type Answer = Result<(), SendError>;
type Order = (Arc<[Labels]>, oneshot::Sender<Answer>);

/// Gives orders to a peer, whose task ends with the last of these.
pub(super) struct Client(mpsc::Sender<Order>);

pub(super) struct Peer {
    endpoint: Endpoint,
    sink: String,
    active: Arc<Mutex<Active>>,
    resend: Duration,
    orders: mpsc::Receiver<Order>,
    /// What it has not accepted.
    missed: HashSet<Labels>,
    failures: u32,
    retry: Option<Instant>,
    /// When all are posted again.
    next: Instant,
}

impl Client {
    /// Gives what the peer will say to the present state of these alerts. One that is far behind gets them with all others,
    /// once the interval is over.
    pub(super) fn order(&self, alerts: Arc<[Labels]>) -> impl Future<Output = Answer> + use<> {
        let (answer, answered) = oneshot::channel();
        let ordered = self.0.try_send((alerts, answer));
        async move {
            ordered.map_err(|_| SendError::temporary("an Alertmanager is far behind"))?;
            answered.await.unwrap_or_else(|_| Err(SendError::temporary("the task of a peer has ended")))
        }
    }
}

impl Peer {
    pub(super) fn start(
        endpoint: Endpoint,
        sink: String,
        active: Arc<Mutex<Active>>,
        resend: Duration,
    ) -> Client {
        let (client, orders) = mpsc::channel(WAITING);
        let next = Instant::now() + resend;
        let peer = Self {
            endpoint,
            sink,
            active,
            resend,
            orders,
            missed: HashSet::new(),
            failures: 0,
            retry: None,
            next,
        };
        tokio::spawn(peer.run());
        Client(client)
    }

    async fn run(mut self) {
        loop {
            let next = self.retry.map_or(self.next, |retry| retry.min(self.next));
            tokio::select! {
                order = self.orders.recv() => {
                    let Some((alerts, answer)) = order else { return };
                    let outcome = self.post_all(&alerts).await;
                    // Whoever asked may have had an answer of another peer.
                    let _ = answer.send(outcome);
                }
                () = sleep_until(next) => self.post_again(Instant::now()).await,
            }
        }
    }

    /// Posts everything if it is time, else what it has missed.
    async fn post_again(&mut self, now: Instant) {
        let alerts: Vec<Labels> = if now >= self.next {
            self.next = now + self.resend;
            self.active.lock().all(now)
        } else {
            self.missed.iter().cloned().collect()
        };
        self.retry = None;
        for batch in alerts.chunks(BATCH) {
            // With the peer down the others would fail likewise.
            if self.post(batch).await.is_err_and(|error| error.retry() != Retry::Never) {
                self.missed.extend(alerts);
                return;
            }
        }
    }

    /// Posts what was ordered, up to the first that is not accepted.
    async fn post_all(&mut self, alerts: &[Labels]) -> Answer {
        let mut rest = alerts;
        while !rest.is_empty() {
            let (batch, more) = rest.split_at(BATCH.min(rest.len()));
            if let Err(error) = self.post(batch).await {
                if error.retry() != Retry::Never {
                    self.missed.extend(more.iter().cloned());
                }
                return Err(error);
            }
            rest = more;
        }
        Ok(())
    }

    async fn post(&mut self, alerts: &[Labels]) -> Answer {
        let body = self.active.lock().body(alerts, self.resend).map_err(SendError::permanent)?;
        let posted = self.endpoint.post(body, HeaderMap::new()).await;
        let outcome = posted.and_then(|posted| posted.or_too_large());
        match &outcome {
            Ok(()) => self.accepted(alerts),
            Err(error) => self.refused(alerts, error),
        }
        outcome
    }

    fn forget(&mut self, alerts: &[Labels]) {
        for labels in alerts {
            self.missed.remove(labels);
        }
    }

    fn accepted(&mut self, alerts: &[Labels]) {
        self.forget(alerts);
        if self.failures > 0 {
            self.failures = 0;
            tracing::info!(
                sink = self.sink,
                peer = self.endpoint.host(),
                "an Alertmanager accepts alerts again"
            );
        }
        // It is back: no need to wait for the rest.
        self.retry = (!self.missed.is_empty()).then(Instant::now);
    }

    fn refused(&mut self, alerts: &[Labels], error: &SendError) {
        observe::attempt_failed(&self.sink);
        if self.failures == 0 {
            let peer = self.endpoint.host();
            tracing::warn!(sink = self.sink, peer, %error, "an Alertmanager does not accept alerts");
        }
        self.failures = self.failures.saturating_add(1);
        let wait = backoff::wait(self.failures, error.retry(), fastrand::f64());
        match wait {
            Some(wait) => {
                self.missed.extend(alerts.iter().cloned());
                self.retry = Some(Instant::now() + wait);
            }
            // It would refuse them again.
            None => self.forget(alerts),
        }
    }
}
