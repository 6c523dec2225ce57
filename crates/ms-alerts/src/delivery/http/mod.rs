//! Requests to receivers: one client, the same limits, the same reading of answers for all sinks.

pub(crate) mod client;
mod error;
mod retry_after;

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::sink::SendError;
pub use error::WebhookError;

/// More of an answer is of no use to anybody.
const MOST_READ: usize = 64 * 1024;
/// An accepted notification is not held up, or even sent again, because the body of the answer does not end.
const LONGEST_READ: Duration = Duration::from_secs(1);
/// Headers that a request has anyhow, or that are the connection's.
const TAKEN: [&str; 10] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "transfer-encoding",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
];

/// Where a sink posts to, and what goes along with each request.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    internal: bool,
    headers: HeaderMap,
    roots: Vec<CertificateDer<'static>>,
    client: Client,
}

/// What became of a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posted {
    Accepted,
    /// The body was.
    TooLarge,
}

impl Endpoint {
    pub(super) fn new(url: &str, internal: bool) -> Result<Self, WebhookError> {
        let url = client::parse(url)?;
        let client = client::new(&url, internal, &[])?;
        Ok(Self { url, internal, headers: HeaderMap::new(), roots: Vec::new(), client })
    }

    /// With these segments behind the path of the URL.
    pub(super) fn below(url: &str, path: &[&str], internal: bool) -> Result<Self, WebhookError> {
        let mut endpoint = Self::new(url, internal)?;
        let mut segments = endpoint.url.path_segments_mut().map_err(|()| WebhookError::Url)?;
        segments.pop_if_empty().extend(path);
        drop(segments);
        Ok(endpoint)
    }

    /// Host and port, which are no secret.
    pub(super) fn host(&self) -> String {
        let port = self.url.port_or_known_default().unwrap_or(0);
        format!("{}:{port}", self.url.host_str().unwrap_or_default())
    }

    /// Trusts the certificates of a text in PEM beside those of the machine.
    pub(super) fn trust(&mut self, pem: &[u8]) -> Result<(), WebhookError> {
        self.roots.extend(certificates(pem).ok_or(WebhookError::Certificate)?);
        self.client = client::new(&self.url, self.internal, &self.roots)?;
        Ok(())
    }

    pub(super) fn header(&mut self, name: &str, value: &str) -> Result<(), WebhookError> {
        let refused = || WebhookError::Header { name: name.to_owned() };
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
        if TAKEN.contains(&header.as_str()) {
            return Err(refused());
        }
        self.headers.insert(header, secret(value).ok_or_else(refused)?);
        Ok(())
    }

    pub(super) fn bearer(&mut self, token: &str) -> Result<(), WebhookError> {
        let value = secret(&format!("Bearer {token}")).ok_or(WebhookError::Token)?;
        self.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    pub(super) fn basic(&mut self, user: &str, password: &str) -> Result<(), WebhookError> {
        // RFC 7617: the first colon ends the name.
        if user.contains(':') || [user, password].iter().any(|text| text.contains(char::is_control)) {
            return Err(WebhookError::Token);
        }
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let value = secret(&format!("Basic {pair}")).ok_or(WebhookError::Token)?;
        self.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Posts JSON.
    pub(super) async fn post(&self, body: Vec<u8>, headers: HeaderMap) -> Result<Posted, SendError> {
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .headers(self.headers.clone())
            .headers(headers)
            .body(body);
        self.judge(request).await
    }

    /// Gets the URL.
    pub(super) async fn get(&self) -> Result<Posted, SendError> {
        self.judge(self.client.get(self.url.clone()).headers(self.headers.clone())).await
    }

    async fn judge(&self, request: reqwest::RequestBuilder) -> Result<Posted, SendError> {
        // The error's own text holds the URL, and so do those of its sources.
        let answer = request.send().await.map_err(|error| SendError::temporary(client::reason(&error)))?;
        let status = answer.status();
        let wait = retry_after::of(answer.headers());
        if status.is_success() {
            let _ = tokio::time::timeout(LONGEST_READ, drain(answer)).await;
            return Ok(Posted::Accepted);
        }
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            return Ok(Posted::TooLarge);
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
}

impl Posted {
    /// Where nothing smaller can be sent.
    pub(super) fn or_too_large(self) -> Result<(), SendError> {
        match self {
            Self::Accepted => Ok(()),
            Self::TooLarge => Err(SendError::permanent("HTTP 413")),
        }
    }
}

/// Reads at least one certificate.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    roots.ok().filter(|roots| !roots.is_empty())
}

/// A value that the client shows to nobody.
fn secret(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some(value)
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
