//! Alerts for a cluster of Alertmanagers, as a Prometheus server sends them.

mod active;
mod peer;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use parking_lot::Mutex;

use super::Notification;
use super::http::{Endpoint, WebhookError};
use super::sink::{Retry, SendError, SendFuture, Sink};
use crate::alert::Alert;
use crate::handle::LONGEST;
use crate::labels::Labels;
use active::Active;
use peer::{Client, Peer};

const RESEND: Duration = Duration::from_secs(60);

/// Posts alerts to all Alertmanagers of a cluster (API v2), as Prometheus does.
///
/// A change is accepted once one of them has it: each alert is posted to every peer, since they share what was notified and
/// silenced, but not alerts. One that does not answer holds up nobody: it is tried again after 1 s, 2 s, 4 s … and gets
/// what it has missed.
///
/// Alerts that fire are posted again each [`resend_interval`](Self::resend_interval), with an `endsAt` four of these ahead: if
/// this process ends, Alertmanager resolves them by itself. Those that were resolved are posted for another 15 minutes.
///
/// ```
/// use ms_alerts::{AlertManager, AlertmanagerSink};
///
/// let peers = ["http://am-1.hospital.intern:9093", "http://am-2.hospital.intern:9093"];
/// let alerts = AlertManager::builder().sink(AlertmanagerSink::internal(peers)?).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct AlertmanagerSink {
    name: String,
    peers: Vec<Endpoint>,
    resend: Duration,
    external_labels: Labels,
    active: Arc<Mutex<Active>>,
    /// Made at the first notification, when there is a runtime.
    clients: OnceLock<Vec<Client>>,
}

impl AlertmanagerSink {
    /// Makes a sink named `alertmanager` for hosts of the internet; of each the URL without `/api/v2/alerts`.
    ///
    /// # Errors
    ///
    /// [`WebhookError::NoUrl`] if there is none; else as [`WebhookSink::new`](crate::WebhookSink::new).
    pub fn new<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Result<Self, WebhookError> {
        Self::to(urls, false)
    }

    /// Makes a sink named `alertmanager` for hosts of one's own network, or of this machine; as
    /// [`WebhookSink::internal`](crate::WebhookSink::internal).
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn internal<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Result<Self, WebhookError> {
        Self::to(urls, true)
    }

    fn to<U: AsRef<str>>(urls: impl IntoIterator<Item = U>, internal: bool) -> Result<Self, WebhookError> {
        let peer = |url: U| Endpoint::below(url.as_ref(), &["api", "v2", "alerts"], internal);
        let peers: Vec<_> = urls.into_iter().map(peer).collect::<Result<_, _>>()?;
        if peers.is_empty() {
            return Err(WebhookError::NoUrl);
        }
        Ok(Self {
            name: "alertmanager".to_owned(),
            peers,
            resend: RESEND,
            external_labels: Labels::default(),
            active: Arc::default(),
            clients: OnceLock::new(),
        })
    }

    /// Names the sink in metrics and log lines. Default `alertmanager`.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sends `Authorization: Bearer <token>` to each of them.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the token holds a control character.
    pub fn bearer(mut self, token: &str) -> Result<Self, WebhookError> {
        self.peers.iter_mut().try_for_each(|peer| peer.bearer(token))?;
        Ok(self)
    }

    /// Sends name and password as `Authorization: Basic …` to each of them.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the name holds a colon, or either a control character.
    pub fn basic(mut self, user: &str, password: &str) -> Result<Self, WebhookError> {
        self.peers.iter_mut().try_for_each(|peer| peer.basic(user, password))?;
        Ok(self)
    }

    /// Sends a header of one's own to each of them; its value is taken for a secret.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Header`], as [`WebhookSink::header`](crate::WebhookSink::header).
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, WebhookError> {
        self.peers.iter_mut().try_for_each(|peer| peer.header(name, value))?;
        Ok(self)
    }

    /// Sets labels that tell this service from others. As by Prometheus each alert gets those whose names it has not. Default
    /// none.
    pub fn external_labels(mut self, labels: Labels) -> Self {
        self.external_labels = labels;
        self
    }

    /// Sets how often alerts that fire are posted again. Default 1 min; at least 100 ms.
    pub fn resend_interval(mut self, interval: Duration) -> Self {
        self.resend = interval.clamp(Duration::from_millis(100), LONGEST);
        self
    }

    /// Trusts the certificates of a text in PEM beside those of the machine.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Certificate`] if there is none in the text, or one cannot be read.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, WebhookError> {
        self.peers.iter_mut().try_for_each(|peer| peer.trust(pem))?;
        Ok(self)
    }

    fn clients(&self) -> &[Client] {
        self.clients.get_or_init(|| {
            let start = |peer: &Endpoint| {
                Peer::start(peer.clone(), self.name.clone(), Arc::clone(&self.active), self.resend)
            };
            self.peers.iter().map(start).collect()
        })
    }

    async fn deliver(&self, notification: &Notification) -> Result<(), SendError> {
        let changed = self.active.lock().learn(notification.alerts(), &self.external_labels);
        // All are ordered before the first is waited for.
        let mut answers: FuturesUnordered<_> =
            self.clients().iter().map(|client| client.order(Arc::clone(&changed))).collect();
        let mut worst: Option<SendError> = None;
        while let Some(answer) = answers.next().await {
            let Err(error) = answer else {
                self.active.lock().accepted(&changed);
                return Ok(());
            };
            // As long as one may accept it later there is hope.
            if worst.as_ref().is_none_or(|worst| worst.retry() == Retry::Never) {
                worst = Some(error);
            }
        }
        Err(worst.unwrap_or_else(|| SendError::temporary("nobody has answered")))
    }
}

impl Sink for AlertmanagerSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        Box::pin(async move { self.deliver(&notification).await })
    }

    /// What none of them has heard of must not be told again and again: its end would not be.
    fn given_up(&self, notification: &Notification) {
        self.active.lock().give_up(notification.alerts(), &self.external_labels);
    }

    /// Posts them at once: much of the time after which Alertmanager takes them for resolved may be over.
    fn resume(&self, firing: Vec<Alert>) {
        let known = {
            let mut active = self.active.lock();
            let known = active.learn(&firing, &self.external_labels);
            active.accepted(&known);
            known
        };
        // Nobody waits for the answers: who does not accept is tried again.
        self.clients().iter().for_each(|client| drop(client.order(Arc::clone(&known))));
    }
}

impl fmt::Debug for AlertmanagerSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlertmanagerSink")
            .field("name", &self.name)
            .field("peers", &self.peers.len())
            .finish_non_exhaustive()
    }
}
