//! Notifications as messages of Slack's incoming webhooks, which others understand too.

mod cut;

use std::fmt;
use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde::Serialize;

use super::Notification;
use super::http::{Endpoint, Posted, WebhookError};
use super::sink::{SendError, SendFuture, Sink};
use super::told::{TemplateError, template};
use crate::template::{Form, Told};
use cut::cut;

const TITLE: &str = "[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }}:{{ len .Alerts.Firing }}{{ end }}] \
                     {{ .GroupLabels.SortedPairs.Values | join \" \" }}";
const TEXT: &str = "{{ range .Alerts }}{{ if ne .Status $.Status }}({{ .Status }}) {{ end }}\
                    {{ if .Annotations.summary }}{{ .Annotations.summary }}\
                    {{ else }}{{ .Labels.SortedPairs.Values | join \" \" }}{{ end }}\n\
                    {{ with .Annotations.description }}{{ . }}\n{{ end }}{{ end }}";
/// In characters. Slack shows no more of a title, and advises no more of a text.
const LONGEST_TITLE: usize = 1024;
const LONGEST_TEXT: usize = 4000;

/// Posts notifications to an incoming webhook of Slack, or of one that is compatible, such as Mattermost's.
///
/// Everything that comes from an alert is escaped: no label is a link, a mention of somebody, or `<!channel>`. Title and text
/// are cut at 1,024 and 4,000 characters. What fires is red, what was resolved is green. Answers are read, and addresses
/// guarded, as by [`WebhookSink`](crate::WebhookSink).
///
/// ```
/// use ms_alerts::{AlertManager, SlackSink};
///
/// let slack = SlackSink::new("https://hooks.slack.com/services/T000/B000/XXX")?
///     .channel("#duty")
///     .text("<!here> {{ .CommonAnnotations.summary }}")?;
/// let alerts = AlertManager::builder().sink(slack).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SlackSink {
    name: String,
    endpoint: Endpoint,
    channel: Option<String>,
    username: Option<String>,
    icon_emoji: Option<String>,
    title: Told,
    text: Told,
    send_resolved: bool,
}

#[derive(Serialize)]
struct Message<'m> {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon_emoji: Option<&'m str>,
    /// Bare addresses and `@names` in labels stay text.
    parse: &'static str,
    attachments: [Attachment<'m>; 1],
}

#[derive(Serialize)]
struct Attachment<'m> {
    color: &'static str,
    fallback: &'m str,
    title: &'m str,
    #[serde(skip_serializing_if = "str::is_empty")]
    title_link: &'m str,
    text: &'m str,
    mrkdwn_in: [&'static str; 1],
}

impl SlackSink {
    /// Makes a sink named `slack`, for a host of the internet.
    ///
    /// # Errors
    ///
    /// Those of [`WebhookSink::new`](crate::WebhookSink::new).
    pub fn new(url: &str) -> Result<Self, WebhookError> {
        Self::to(Endpoint::new(url, false)?)
    }

    /// Makes a sink named `slack` for a host of one's own network, or of this machine; as
    /// [`WebhookSink::internal`](crate::WebhookSink::internal).
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn internal(url: &str) -> Result<Self, WebhookError> {
        Self::to(Endpoint::new(url, true)?)
    }

    fn to(endpoint: Endpoint) -> Result<Self, WebhookError> {
        // These two can be read, which a test holds fast.
        let read = |text| template(text, Form::Slack).map_err(|_| WebhookError::Client);
        Ok(Self {
            name: "slack".to_owned(),
            endpoint,
            channel: None,
            username: None,
            icon_emoji: None,
            title: read(TITLE)?,
            text: read(TEXT)?,
            send_resolved: true,
        })
    }

    /// Names the sink in metrics and log lines. Default `slack`.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the channel, where the webhook lets one choose. Default the webhook's own.
    pub fn channel(mut self, channel: impl Into<String>) -> Self {
        self.channel = Some(channel.into());
        self
    }

    /// Sets the name that is shown as the author's, where the webhook lets one choose.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Sets the icon that is shown beside the author, such as `:bell:`.
    pub fn icon_emoji(mut self, icon: impl Into<String>) -> Self {
        self.icon_emoji = Some(icon.into());
        self
    }

    /// Sets the title: a template as [`WebhookSink::body_template`](crate::WebhookSink::body_template) has it, with Slack's
    /// markup in its own text. Default `[FIRING:2]` or `[RESOLVED]` and the group's labels.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] with the position of what cannot be read or is not supported.
    pub fn title(mut self, text: &str) -> Result<Self, TemplateError> {
        self.title = template(text, Form::Slack)?;
        Ok(self)
    }

    /// Sets the text, as [`title`](Self::title). Default a line for each alert: its annotation `summary` or its labels, and
    /// `description`.
    ///
    /// # Errors
    ///
    /// Those of [`title`](Self::title).
    pub fn text(mut self, text: &str) -> Result<Self, TemplateError> {
        self.text = template(text, Form::Slack)?;
        Ok(self)
    }

    /// Sends `Authorization: Bearer <token>` with each message.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the token holds a control character.
    pub fn bearer(mut self, token: &str) -> Result<Self, WebhookError> {
        self.endpoint.bearer(token)?;
        Ok(self)
    }

    /// Sends name and password as `Authorization: Basic …` with each message.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Token`] if the name holds a colon, or either a control character.
    pub fn basic(mut self, user: &str, password: &str) -> Result<Self, WebhookError> {
        self.endpoint.basic(user, password)?;
        Ok(self)
    }

    /// Sends a header of one's own with each message; its value is taken for a secret.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Header`], as [`WebhookSink::header`](crate::WebhookSink::header).
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, WebhookError> {
        self.endpoint.header(name, value)?;
        Ok(self)
    }

    /// Sets whether it is told of alerts that were resolved. Default true.
    pub fn send_resolved(mut self, send_resolved: bool) -> Self {
        self.send_resolved = send_resolved;
        self
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

    async fn deliver(&self, notification: &Arc<Notification>) -> Result<(), SendError> {
        let Some(wanted) = notification.limited(self.send_resolved, usize::MAX) else { return Ok(()) };
        match self.post(&wanted).await? {
            Posted::Accepted => Ok(()),
            Posted::TooLarge => self.post(&wanted.shortened()).await?.or_too_large(),
        }
    }

    async fn post(&self, notification: &Notification) -> Result<Posted, SendError> {
        let fill = |told: &Told, most| {
            let filled = told.fill(notification, &self.name).unwrap_or_else(|problem| {
                tracing::warn!(
                    sink = self.name,
                    id = notification.id(),
                    problem,
                    "the template of a message fails"
                );
                plain(notification)
            });
            cut(filled, most)
        };
        let (title, text) = (fill(&self.title, LONGEST_TITLE), fill(&self.text, LONGEST_TEXT));
        let message = Message {
            channel: self.channel.as_deref(),
            username: self.username.as_deref(),
            icon_emoji: self.icon_emoji.as_deref(),
            parse: "none",
            attachments: [Attachment {
                color: if notification.is_resolved() { "good" } else { "danger" },
                fallback: &title,
                title: &title,
                title_link: notification.external_url(),
                text: &text,
                mrkdwn_in: ["text"],
            }],
        };
        let body = serde_json::to_vec(&message).map_err(SendError::permanent)?;
        self.endpoint.post(body, HeaderMap::new()).await
    }
}

/// As Slack asks for: without these three a text has neither links nor mentions.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What is told where a template fails.
fn plain(notification: &Notification) -> String {
    let status = if notification.is_resolved() { "RESOLVED" } else { "FIRING" };
    escape(&format!("[{status}] {}", notification.alert().rule))
}

impl Sink for SlackSink {
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

impl fmt::Debug for SlackSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlackSink").field("name", &self.name).finish_non_exhaustive()
    }
}
