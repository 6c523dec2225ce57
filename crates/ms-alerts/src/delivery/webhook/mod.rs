//! Notifications as HTTP requests in the shape of Alertmanager's webhooks.

mod body;
mod signature;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::Notification;
use super::http::{Endpoint, Posted, WebhookError};
use super::sink::{SendError, SendFuture, Sink};
use super::told::{self, TemplateError};
use crate::template::{Form, Told};
use signature::Signer;

/// Posts notifications to a URL, as Alertmanager's webhooks do (version 4).
///
/// Each request carries one alert, or those of a group where alerts are routed, and the notification's
/// [`id`](Notification::id) as `Idempotency-Key`, so that a receiver can tell a repeat. Only public addresses are called,
/// unless it is made by [`internal`](Self::internal). Redirects are never followed, the proxy variables of the environment
/// are ignored, and of an answer no more than 64 KiB are read.
///
/// | answer | what happens |
/// |---|---|
/// | 2xx | accepted |
/// | 408, 425, 429, 5xx, none | sent again, after `Retry-After` if the answer has one |
/// | 413 | sent once more without annotations, with no more than ten alerts |
/// | anything else, redirects too | given up, counted and logged |
///
/// | option | default |
/// |---|---|
/// | [`named`](Self::named) | `webhook` |
/// | [`bearer`](Self::bearer), [`basic`](Self::basic), [`header`](Self::header) | none |
/// | [`signed`](Self::signed) | not |
/// | [`body_template`](Self::body_template) | Alertmanager's JSON |
/// | [`send_resolved`](Self::send_resolved) | yes |
/// | [`max_alerts`](Self::max_alerts) | no limit |
/// | [`root_certificates`](Self::root_certificates) | those of the machine |
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
    endpoint: Endpoint,
    signer: Option<Signer>,
    template: Option<Told>,
    send_resolved: bool,
    max_alerts: usize,
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
        Endpoint::new(url, false).map(Self::to)
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
        Endpoint::new(url, true).map(Self::to)
    }

    fn to(endpoint: Endpoint) -> Self {
        Self {
            name: "webhook".to_owned(),
            endpoint,
            signer: None,
            template: None,
            send_resolved: true,
            max_alerts: usize::MAX,
        }
    }

    /// Names the sink in metrics, log lines and, of alerts that are not routed, as the `receiver` of the body. Default
    /// `webhook`.
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
        self.endpoint.bearer(token)?;
        Ok(self)
    }

    /// Sends name and password as `Authorization: Basic …` with each request.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the name holds a colon, or either a control character.
    pub fn basic(mut self, user: &str, password: &str) -> Result<Self, WebhookError> {
        self.endpoint.basic(user, password)?;
        Ok(self)
    }

    /// Sends a header of one's own with each request; its value is taken for a secret.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Header`] if it cannot be one, or is one that the request has anyhow, such as `Host`,
    /// `Content-Type` or `Idempotency-Key`.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, WebhookError> {
        self.endpoint.header(name, value)?;
        Ok(self)
    }

    /// Signs each request in the manner of [Standard Webhooks]: `webhook-id` is the notification's id, `webhook-timestamp`
    /// the second of this attempt, and `webhook-signature` holds `v1,` and, in base64, the HMAC-SHA256 of
    /// `id.timestamp.body`. The secret is `whsec_` and the key in base64.
    ///
    /// ```
    /// use ms_alerts::WebhookSink;
    ///
    /// let sink = WebhookSink::new("https://pager.example.org/hook")?
    ///     .signed("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
    /// # Ok::<(), ms_alerts::WebhookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WebhookError::Secret`] if it is none, or its key has not between 24 and 64 bytes.
    ///
    /// [Standard Webhooks]: https://www.standardwebhooks.com
    pub fn signed(mut self, secret: &str) -> Result<Self, WebhookError> {
        self.signer = Some(Signer::new(secret)?);
        Ok(self)
    }

    /// Sends JSON of another shape, so that a service with an API of its own needs no code of ours. The template is one of
    /// Go with the data and functions of [Alertmanager's][templates], and `toJson`.
    ///
    /// Within a string of JSON what an action gives is escaped; elsewhere it is a whole value, a text with its quotes: no
    /// label can break out. If it cannot be filled in for a notification, or gives no JSON, that is logged and Alertmanager's
    /// JSON is sent instead.
    ///
    /// ```
    /// use ms_alerts::WebhookSink;
    ///
    /// let sink = WebhookSink::new("https://events.example.org/v2/enqueue")?.body_template(
    ///     r#"{
    ///         "action": "{{ if eq .Status "firing" }}trigger{{ else }}resolve{{ end }}",
    ///         "key": {{ .GroupKey }},
    ///         "text": "{{ .CommonLabels.alertname }}: {{ range .Alerts.Firing }}{{ .Annotations.summary }} {{ end }}",
    ///         "labels": {{ toJson .CommonLabels }}
    ///     }"#,
    /// )?;
    /// let error = sink.body_template("{\n{{ .Stat").unwrap_err();
    /// assert!(error.to_string().starts_with("2:"), "{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`TemplateError`] with the position of what cannot be read or is not supported; also if it cannot be filled in, or
    /// gives no JSON, for a notification of two alerts.
    ///
    /// [templates]: https://prometheus.io/docs/alerting/latest/notifications/
    pub fn body_template(mut self, text: &str) -> Result<Self, TemplateError> {
        self.template = Some(told::template(text, Form::Json)?);
        Ok(self)
    }

    /// Sets whether it is told of alerts that were resolved. Default true.
    pub fn send_resolved(mut self, send_resolved: bool) -> Self {
        self.send_resolved = send_resolved;
        self
    }

    /// Sets how many alerts of a group are sent; the rest is counted in `truncatedAlerts`. Default no limit; at least 1.
    pub fn max_alerts(mut self, alerts: usize) -> Self {
        self.max_alerts = alerts;
        self
    }

    /// Trusts the certificates of a text in PEM beside those of the machine: those of a CA of one's own. There is no way to
    /// turn verification off.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Certificate`] if there is none in the text, or one cannot be read.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, WebhookError> {
        self.endpoint.trust(pem)?;
        Ok(self)
    }

    async fn deliver(&self, notification: &Arc<Notification>) -> Result<(), SendError> {
        // Whoever does not want to hear of it has heard all there is.
        let Some(wanted) = notification.limited(self.send_resolved, self.max_alerts) else { return Ok(()) };
        match self.post(&wanted).await? {
            Posted::Accepted => Ok(()),
            Posted::TooLarge => self.post(&wanted.shortened()).await?.or_too_large(),
        }
    }

    async fn post(&self, notification: &Notification) -> Result<Posted, SendError> {
        let body = self.body(notification).map_err(SendError::permanent)?;
        let id = notification.id();
        let mut headers = match &self.signer {
            Some(signer) => signer.headers(id, Timestamp::now(), &body).map_err(SendError::permanent)?,
            None => HeaderMap::new(),
        };
        let key = HeaderValue::from_str(id).map_err(SendError::permanent)?;
        headers.insert(HeaderName::from_static("idempotency-key"), key);
        self.endpoint.post(body, headers).await
    }

    fn body(&self, notification: &Notification) -> Result<Vec<u8>, serde_json::Error> {
        if let Some(template) = &self.template {
            match told::json(template, notification, &self.name) {
                Ok(filled) => return Ok(filled.into_bytes()),
                Err(problem) => {
                    tracing::warn!(
                        sink = self.name,
                        id = notification.id(),
                        problem,
                        "the template of a body fails"
                    );
                }
            }
        }
        body::of(notification, &self.name)
    }
}

impl Sink for WebhookSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn send(&self, notification: Arc<Notification>) -> SendFuture<'_> {
        Box::pin(async move { self.deliver(&notification).await })
    }

    fn sends_resolved(&self) -> bool {
        self.send_resolved
    }
}

impl fmt::Debug for WebhookSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSink").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
