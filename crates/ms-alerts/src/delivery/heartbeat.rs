//! A sign of life for somebody who notices when it stays away.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::http::{Endpoint, WebhookError};
use super::sink::SendError;
use crate::group::About;
use crate::observe;

const INTERVAL: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(1);
const ROUNDS: u32 = 3;

/// Calls a URL at an interval as long as rules are evaluated: a dead man's switch, for a service such as healthchecks.io that
/// raises the alarm when it hears nothing.
///
/// It stays away when no evaluation has ended for three intervals of the rules ([`stuck_after`](Self::stuck_after)), be it
/// that a condition hangs or the process does. It goes past queues and routes, once per interval; what fails is counted in
/// `ms_alerts_heartbeats_total` and not tried again before the next. Addresses are guarded as by
/// [`WebhookSink`](crate::WebhookSink).
///
/// ```no_run
/// use std::time::Duration;
/// use ms_alerts::{AlertManager, Heartbeat, exposition};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let alerts = AlertManager::builder()
///     .source(exposition(String::new))
///     .heartbeat(Heartbeat::new("https://hc-ping.com/5b1f…")?.interval(Duration::from_secs(60)))
///     .spawn()?;
/// # Ok(()) }
/// ```
pub struct Heartbeat {
    endpoint: Endpoint,
    interval: Duration,
    rounds: u32,
    is_get: bool,
}

impl Heartbeat {
    /// Makes a heartbeat for a host of the internet.
    ///
    /// # Errors
    ///
    /// Those of [`WebhookSink::new`](crate::WebhookSink::new).
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Endpoint::new(url, false).map(Self::to)
    }

    /// Makes a heartbeat for a host of one's own network; as [`WebhookSink::internal`](crate::WebhookSink::internal).
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn internal(url: &str) -> Result<Self, WebhookError> {
        Endpoint::new(url, true).map(Self::to)
    }

    fn to(endpoint: Endpoint) -> Self {
        Self { endpoint, interval: INTERVAL, rounds: ROUNDS, is_get: false }
    }

    /// Sets how often the URL is called. Default 1 min; at least 1 s.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(SHORTEST, crate::handle::LONGEST);
        self
    }

    /// Calls with GET. Default is POST, with an alert `Watchdog` in the shape of Alertmanager's webhook.
    pub fn get(mut self) -> Self {
        self.is_get = true;
        self
    }

    /// Sets for how many intervals of the rules no evaluation may have ended. Default 3; at least 1.
    pub fn stuck_after(mut self, rounds: u32) -> Self {
        self.rounds = rounds.max(1);
        self
    }

    /// Sends `Authorization: Bearer <token>` with each call.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the token holds a control character.
    pub fn bearer(mut self, token: &str) -> Result<Self, WebhookError> {
        self.endpoint.bearer(token)?;
        Ok(self)
    }

    /// Trusts the certificates of a text in PEM beside those of the machine.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Certificate`] if there is none in the text, or one cannot be read.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, WebhookError> {
        self.endpoint.trust(pem)?;
        Ok(self)
    }

    /// Calls until `stop` says so or is dropped. `pulse` holds when an evaluation has ended last.
    pub(crate) async fn run(self, pulse: Pulse, mut stop: watch::Receiver<bool>) {
        let mut ticks = interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut before = Ok(());
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            let outcome = if pulse.is_alive(self.rounds) {
                tokio::select! {
                    sent = self.send() => sent.map_err(Missed::Failed),
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            } else {
                Err(Missed::Stuck)
            };
            tell(&before, &outcome);
            before = outcome;
        }
    }

    async fn send(&self) -> Result<(), SendError> {
        let posted = match self.is_get {
            true => self.endpoint.get().await?,
            false => self.endpoint.post(watchdog(), HeaderMap::new()).await?,
        };
        posted.or_too_large()
    }
}

enum Missed {
    Failed(SendError),
    /// Nothing is evaluated.
    Stuck,
}

/// Each is counted, and the first of several alike is logged.
fn tell(before: &Result<(), Missed>, outcome: &Result<(), Missed>) {
    match (before, outcome) {
        (_, Ok(())) => observe::heartbeat("sent"),
        (_, Err(Missed::Failed(_))) => observe::heartbeat("failed"),
        (_, Err(Missed::Stuck)) => observe::heartbeat("withheld"),
    }
    match (before, outcome) {
        (Err(_), Ok(())) => tracing::info!("the heartbeat is heard again"),
        (Ok(()) | Err(Missed::Stuck), Err(Missed::Failed(error))) => {
            tracing::warn!(%error, "the heartbeat is not heard");
        }
        (Ok(()) | Err(Missed::Failed(_)), Err(Missed::Stuck)) => {
            tracing::error!("no rule is evaluated any more, so the heartbeat stays away");
        }
        _ => {}
    }
}

/// When an evaluation has ended last, and how often one should.
pub(crate) struct Pulse {
    pub(crate) ended: watch::Receiver<Instant>,
    pub(crate) groups: watch::Receiver<HashSet<Arc<About>>>,
    pub(crate) default: Duration,
}

impl Pulse {
    fn is_alive(&self, rounds: u32) -> bool {
        let intervals = self.groups.borrow().iter().map(|group| group.interval.unwrap_or(self.default)).min();
        let limit = intervals.unwrap_or(self.default).saturating_mul(rounds).max(SHORTEST);
        self.ended.borrow().elapsed() <= limit
    }
}

/// The alert that always fires, as Alertmanager would post it.
fn watchdog() -> Vec<u8> {
    let labels = serde_json::json!({"alertname": "Watchdog", "severity": "none"});
    let alert = serde_json::json!({
        "status": "firing",
        "labels": labels,
        "annotations": {},
        "startsAt": Timestamp::now().to_string(),
        "endsAt": super::NOT_ENDED,
        "generatorURL": "",
    });
    let body = serde_json::json!({
        "version": "4",
        "groupKey": "{}:{alertname=\"Watchdog\"}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "heartbeat",
        "groupLabels": {"alertname": "Watchdog"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": [alert],
    });
    body.to_string().into_bytes()
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heartbeat").field("interval", &self.interval).finish_non_exhaustive()
    }
}
