//! Notifications as HTTP requests in the shape of Alertmanager's webhooks.

mod address;
mod body;
pub(crate) mod client;
mod resolve;
mod retry_after;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Url};

use super::Notification;
use super::sink::{SendError, SendFuture, Sink};
use body::Annotations;

/// More of an answer is of no use to anybody.
const MOST_READ: usize = 64 * 1024;
/// An accepted notification is not held up, or even sent again, because the body of the answer does not end.
const LONGEST_READ: Duration = Duration::from_secs(1);

/// Posts notifications to a URL, as Alertmanager's webhooks do (version 4).
///
/// Each request carries one alert, and its [`id`](Notification::id) as `Idempotency-Key`, so that a receiver can tell a
/// repeat. Only public addresses are called, unless it is made by [`internal`](Self::internal). Redirects are never followed, the proxy variables of the environment are ignored, and of an answer no more than
/// 64 KiB are read.
///
/// | answer | what happens |
/// |---|---|
/// | 2xx | accepted |
/// | 408, 425, 429, 5xx, none | sent again, after `Retry-After` if the answer has one |
/// | 413 | sent once more without annotations |
/// | anything else, redirects too | given up, counted and logged |
///
/// Receivers put tokens in URLs: path, query and credentials are shown in no log line, error or metric.
///
/// ```
/// use ms_alerts::{AlertManager, WebhookSink};
///
/// let pager = WebhookSink::new("https://pager.example.org/hooks/4711")?.named("pager").bearer("s3cr3t")?;
/// let alerts = AlertManager::builder().sink(pager).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WebhookSink {
    name: String,
    url: Url,
    authorization: Option<reqwest::header::HeaderValue>,
    client: Client,
}

/// Why a webhook cannot be used. The URL itself is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The URL is none, or not one of HTTP.
    #[error("the webhook's URL is not an http or https URL with a host")]
    Url,
    /// The URL's host is an address that may not be called: an internal one, unless the sink was made by
    /// [`internal`](WebhookSink::internal), a link-local one, or one that no host has.
    #[error(
        "the webhook's URL has an internal or reserved address; an internal one needs WebhookSink::internal"
    )]
    Address,
    /// The token cannot stand in a header.
    #[error("the webhook's token holds a character that no header may hold")]
    Token,
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be set up")]
    Client,
}

impl WebhookSink {
    /// Makes a sink named `webhook`, for a host of the internet: addresses of this machine and of private networks are never
    /// called, whatever the URL's name resolves to and whenever.
    ///
    /// # Errors
    ///
    /// [`WebhookError`]: the URL is none of HTTP, its host is an address that may not be called, or the machine has no usable
    /// certificates.
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Self::to(url, false)
    }

    /// Makes a sink named `webhook` for a host of one's own network, or of this machine: its loopback, private, shared and
    /// unique local addresses are called too. Link-local addresses and those at which clouds hand out credentials are not.
    ///
    /// ```
    /// let sink = ms_alerts::WebhookSink::internal("http://alerts.hospital.intern:8080/hook")?;
    /// assert!(ms_alerts::WebhookSink::new("http://127.0.0.1:8080/hook").is_err());
    /// # Ok::<(), ms_alerts::WebhookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn internal(url: &str) -> Result<Self, WebhookError> {
        Self::to(url, true)
    }

    fn to(url: &str, internal: bool) -> Result<Self, WebhookError> {
        let url = client::parse(url)?;
        let client = client::new(&url, internal)?;
        Ok(Self { name: "webhook".to_owned(), url, authorization: None, client })
    }

    /// Names the sink in metrics, log lines and as the `receiver` of the body. Default `webhook`.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sends `Authorization: Bearer <token>` with each request.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the token holds a control character.
    pub fn bearer(mut self, token: &str) -> Result<Self, WebhookError> {
        let mut value = reqwest::header::HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| WebhookError::Token)?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    async fn deliver(&self, notification: &Notification) -> Result<(), SendError> {
        let answer = self.post(notification, Annotations::Kept).await?;
        let answer = if answer.status() == StatusCode::PAYLOAD_TOO_LARGE {
            self.post(notification, Annotations::Left).await?
        } else {
            answer
        };
        let status = answer.status();
        let wait = retry_after::of(answer.headers());
        if status.is_success() {
            let _ = tokio::time::timeout(LONGEST_READ, drain(answer)).await;
            return Ok(());
        }
        let text = format!("HTTP {}", status.as_u16());
        if !is_temporary(status) {
            return Err(SendError::permanent(text));
        }
        let error = SendError::temporary(text);
        Err(match wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        })
    }

    async fn post(
        &self,
        notification: &Notification,
        annotations: Annotations,
    ) -> Result<Response, SendError> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", notification.id())
            .body(body::of(notification, &self.name, annotations).map_err(SendError::permanent)?);
        if let Some(authorization) = &self.authorization {
            request = request.header(reqwest::header::AUTHORIZATION, authorization);
        }
        // The error's own text holds the URL, and so do those of its sources.
        request.send().await.map_err(|error| SendError::temporary(client::reason(&error)))
    }
}

/// Worth another attempt; a redirect is not, since nobody is sent elsewhere than where he was told to go.
fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429)
}

/// Reads the answer so that its connection can be used again; a longer one costs the connection, not the memory.
async fn drain(mut answer: Response) {
    let mut read = 0;
    while let Ok(Some(part)) = answer.chunk().await {
        read += part.len();
        if read > MOST_READ {
            return;
        }
    }
}

impl Sink for WebhookSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        Box::pin(async move { self.deliver(&notification).await })
    }
}

impl fmt::Debug for WebhookSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSink").field("name", &self.name).finish_non_exhaustive()
    }
}
