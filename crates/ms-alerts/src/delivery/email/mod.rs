//! Notifications as e-mail.

mod error;
mod message;
mod smtp;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::Notification;
use super::guard::may_call;
use super::sink::{SendError, SendFuture, Sink};
use super::told::{TemplateError, template};
use crate::template::{Form, Told};
pub use error::EmailError;
use smtp::{Server, Tls};

const SUBJECT: &str = "[{{ .Status | toUpper }}{{ if eq .Status \"firing\" }}:{{ len .Alerts.Firing }}{{ end }}] \
                       {{ .GroupLabels.SortedPairs.Values | join \" \" }}";

/// Sends notifications as e-mail over SMTP, text and HTML in one.
///
/// A connection without TLS is refused: it begins with STARTTLS, or as TLS where [`implicit_tls`](Self::implicit_tls) says so.
/// The addresses of the mail server are guarded as those of [`WebhookSink`](crate::WebhookSink): only public ones are called,
/// unless it is made by [`internal`](Self::internal). Everything that comes from an alert is escaped, and no header can be
/// forged by it. The `Message-ID` is made of the notification's [`id`](Notification::id), so that a repeat is told apart.
///
/// | answer | what happens |
/// |---|---|
/// | 250 | accepted |
/// | 4xx, none, no TLS | sent again |
/// | 5xx, of a receiver too | given up, counted and logged |
///
/// | option | default |
/// |---|---|
/// | [`named`](Self::named) | `email` |
/// | [`port`](Self::port) | 587; 465 with [`implicit_tls`](Self::implicit_tls); 25 [`without_tls`](Self::without_tls) |
/// | [`credentials`](Self::credentials) | none |
/// | [`hello`](Self::hello) | `localhost` |
/// | [`subject`](Self::subject) | `[FIRING:2]` or `[RESOLVED]` and the group's labels |
/// | [`send_resolved`](Self::send_resolved) | yes |
/// | [`root_certificates`](Self::root_certificates) | those of the machine |
///
/// ```
/// use ms_alerts::{AlertManager, EmailSink};
///
/// let mail = EmailSink::new("smtp.example.org", "Alerts <alerts@example.org>", ["duty@example.org"])?
///     .credentials("alerts@example.org", "s3cr3t")?;
/// let alerts = AlertManager::builder().sink(mail).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EmailSink {
    name: String,
    server: Server,
    roots: Vec<Certificate>,
    from: Mailbox,
    to: Vec<Mailbox>,
    subject: Told,
    send_resolved: bool,
}

impl EmailSink {
    /// Makes a sink named `email` that gives mail to a server of the internet.
    ///
    /// # Errors
    ///
    /// [`EmailError`]: the host is an address that may not be called, a mailbox is none, there is nobody to send to, or the
    /// machine has no usable certificates.
    pub fn new<T: AsRef<str>>(
        host: &str,
        from: &str,
        to: impl IntoIterator<Item = T>,
    ) -> Result<Self, EmailError> {
        Self::to(host, from, to, false)
    }

    /// Makes a sink named `email` that gives mail to a server of one's own network, or of this machine; as
    /// [`WebhookSink::internal`](crate::WebhookSink::internal).
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn internal<T: AsRef<str>>(
        host: &str,
        from: &str,
        to: impl IntoIterator<Item = T>,
    ) -> Result<Self, EmailError> {
        Self::to(host, from, to, true)
    }

    fn to<T: AsRef<str>>(
        host: &str,
        from: &str,
        to: impl IntoIterator<Item = T>,
        internal: bool,
    ) -> Result<Self, EmailError> {
        if host.is_empty()
            || host.contains(|c: char| c.is_control() || c.is_whitespace() || "/@?#".contains(c))
        {
            return Err(EmailError::Host);
        }
        let bare = host.trim_matches(['[', ']']);
        if bare.parse::<IpAddr>().is_ok_and(|address| !may_call(address, internal)) {
            return Err(EmailError::Address);
        }
        let from = mailbox(from).ok_or(EmailError::From)?;
        let to: Vec<_> = (1..)
            .zip(to)
            .map(|(place, to)| mailbox(to.as_ref()).ok_or(EmailError::To { place }))
            .collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(EmailError::NobodyToTell);
        }
        let server = Server {
            host: bare.to_owned(),
            port: None,
            internal,
            tls: Tls::Start,
            parameters: parameters(bare, &[])?,
            credentials: None,
            hello: ClientId::Domain("localhost".to_owned()),
        };
        // It can be read, which a test holds fast.
        let subject = template(SUBJECT, Form::Text).map_err(|_| EmailError::Tls)?;
        Ok(Self {
            name: "email".to_owned(),
            server,
            roots: Vec::new(),
            from,
            to,
            subject,
            send_resolved: true,
        })
    }

    /// Names the sink in metrics and log lines. Default `email`.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the port. Default 587; 465 with implicit TLS, 25 without TLS.
    pub fn port(mut self, port: u16) -> Self {
        self.server.port = Some(port);
        self
    }

    /// Begins the connection with TLS rather than with STARTTLS.
    pub fn implicit_tls(mut self) -> Self {
        self.server.tls = Tls::Implicit;
        self
    }

    /// Sends mail for all to read, and to whoever answers in the server's place: for a relay on the same machine alone.
    ///
    /// # Errors
    ///
    /// [`EmailError::PlaintextCredentials`] if there are [`credentials`](Self::credentials).
    pub fn without_tls(mut self) -> Result<Self, EmailError> {
        self.server.tls = Tls::None;
        self.check_credentials()
    }

    /// Sets the name and the password for the mail server, of which PLAIN or LOGIN is used.
    ///
    /// # Errors
    ///
    /// [`EmailError::Credentials`] if either holds a control character, [`EmailError::PlaintextCredentials`] behind
    /// [`without_tls`](Self::without_tls).
    pub fn credentials(mut self, user: &str, password: &str) -> Result<Self, EmailError> {
        if [user, password].iter().any(|text| text.contains(char::is_control)) {
            return Err(EmailError::Credentials);
        }
        self.server.credentials = Some(Credentials::new(user.to_owned(), password.to_owned()));
        self.check_credentials()
    }

    fn check_credentials(self) -> Result<Self, EmailError> {
        let is_open = self.server.tls == Tls::None && self.server.credentials.is_some();
        if is_open { Err(EmailError::PlaintextCredentials) } else { Ok(self) }
    }

    /// Sets the name with which it greets the mail server. Default `localhost`.
    ///
    /// # Errors
    ///
    /// [`EmailError::Host`] if it is empty or holds what no name does.
    pub fn hello(mut self, name: &str) -> Result<Self, EmailError> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_[]:".contains(c);
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(EmailError::Host);
        }
        self.server.hello = ClientId::Domain(name.to_owned());
        Ok(self)
    }

    /// Sets the subject: a template as [`WebhookSink::body_template`](crate::WebhookSink::body_template) has it, that gives
    /// text. Control characters become spaces, and it is cut at 250 characters.
    ///
    /// # Errors
    ///
    /// [`TemplateError`] with the position of what cannot be read or is not supported.
    pub fn subject(mut self, text: &str) -> Result<Self, TemplateError> {
        self.subject = template(text, Form::Text)?;
        Ok(self)
    }

    /// Sets whether it is told of alerts that were resolved. Default true.
    pub fn send_resolved(mut self, send_resolved: bool) -> Self {
        self.send_resolved = send_resolved;
        self
    }

    /// Trusts the certificates of a text in PEM beside those of the machine: those of a CA of one's own. There is no way to
    /// turn verification off.
    ///
    /// # Errors
    ///
    /// [`EmailError::Certificate`] if there is none in the text, or one cannot be read.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, EmailError> {
        if super::http::certificates(pem).is_none() {
            return Err(EmailError::Certificate);
        }
        self.roots.push(Certificate::from_pem(pem).map_err(|_| EmailError::Certificate)?);
        self.server.parameters = parameters(&self.server.host, &self.roots)?;
        Ok(self)
    }

    async fn deliver(&self, notification: &Arc<Notification>) -> Result<(), SendError> {
        let Some(wanted) = notification.limited(self.send_resolved, message::MOST_ALERTS) else {
            return Ok(());
        };
        let subject = self.subject.fill(&wanted, &self.name).unwrap_or_else(|problem| {
            tracing::warn!(sink = self.name, id = wanted.id(), problem, "the template of a subject fails");
            wanted.alert().rule.clone()
        });
        let message = message::of(&wanted, &self.from, &self.to, &subject).map_err(SendError::permanent)?;
        self.server.send(&message).await
    }
}

fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok().filter(|_| !text.contains(char::is_control))
}

fn parameters(host: &str, roots: &[Certificate]) -> Result<TlsParameters, EmailError> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = roots.iter().fold(builder, |builder, root| builder.add_root_certificate(root.clone()));
    builder.build_rustls().map_err(|_| EmailError::Tls)
}

impl Sink for EmailSink {
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

impl fmt::Debug for EmailSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailSink").field("name", &self.name).finish_non_exhaustive()
    }
}
