//! A conversation with a mail server.

use std::error::Error as _;
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use crate::delivery::guard;
use crate::delivery::http::client::why;
use crate::delivery::sink::SendError;

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const LIMIT: Duration = Duration::from_secs(20);
/// What was accepted is not held up by a server that does not say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tls {
    /// STARTTLS, or nothing.
    Start,
    Implicit,
    None,
}

pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    pub(super) internal: bool,
    pub(super) tls: Tls,
    pub(super) parameters: TlsParameters,
    pub(super) credentials: Option<Credentials>,
    pub(super) hello: ClientId,
}

impl Server {
    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let Ok(conversed) = timeout(LIMIT, self.converse(message)).await else {
            return Err(SendError::temporary("no answer in time"));
        };
        let (mut connection, sent) = conversed?;
        // Whatever it says to that: what it has accepted must not be sent again.
        let _ = timeout(GOODBYE, connection.quit()).await;
        sent
    }

    async fn converse(
        &self,
        message: &Message,
    ) -> Result<(AsyncSmtpConnection, Result<(), SendError>), SendError> {
        let mut connection = self.connect().await?;
        if self.tls == Tls::Start {
            if !connection.can_starttls() {
                return Err(SendError::temporary("the mail server offers no STARTTLS"));
            }
            connection.starttls(self.parameters.clone(), &self.hello).await.map_err(failed)?;
        }
        if let Some(credentials) = &self.credentials {
            // No other ones prove that the server is who it says it is, which TLS has.
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, credentials).await.map_err(failed)?;
        }
        let sent = connection.send(message.envelope(), &message.formatted()).await;
        Ok((connection, sent.map(drop).map_err(failed)))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let default = match self.tls {
            Tls::Start => 587,
            Tls::Implicit => 465,
            Tls::None => 25,
        };
        let port = self.port.unwrap_or(default);
        let addresses = guard::resolve(&self.host, port, self.internal).await;
        let addresses = addresses.map_err(|error| SendError::temporary(why(&error)))?;
        let tls = (self.tls == Tls::Implicit).then(|| self.parameters.clone());
        let connection = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(CONNECT_LIMIT),
            &self.hello,
            tls,
            None,
        );
        connection.await.map_err(failed)
    }
}

/// Says what went wrong without what the server says, who may repeat what it was told.
fn failed(error: Error) -> SendError {
    if let Some(code) = error.status() {
        let text = format!("SMTP {code}");
        return if error.is_permanent() { SendError::permanent(text) } else { SendError::temporary(text) };
    }
    if error.is_timeout() {
        return SendError::temporary("no answer in time");
    }
    if error.is_response() || error.is_client() {
        return SendError::temporary("the mail server does not speak as expected");
    }
    SendError::temporary(error.source().map_or_else(|| "connection failed".to_owned(), why))
}
