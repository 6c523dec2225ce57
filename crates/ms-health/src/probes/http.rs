//! How is the service over there, by its own account?

use std::fmt;
use std::pin::pin;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, HOST, HeaderValue, USER_AGENT};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::connect::connect;
#[cfg(feature = "https")]
use super::tls::Tls;
use crate::finding::Finding;
use crate::probe::Probe;
use crate::status::Status;

/// More of an answer is not read; ours have a few hundred bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Gets a URL of another service and reads its health: the code, and the `status` of a JSON answer in our words, those of
/// `health+json` or those of Spring. The worse of both counts; without a `status` that is known any 2xx is healthy.
///
/// HTTP/1.1, a new connection for every run, no redirects, 64 KiB of the answer at most. `https://` needs the feature
/// `https` and a certificate that the machine trusts; on Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` name others. For anything
/// else a closure with the HTTP client of the service does.
///
/// ```
/// use ms_health::{Check, HttpProbe};
///
/// let pharmacy = Check::of("pharmacy", HttpProbe::new("http://pharmacy.internal:8000/health")?);
/// # Ok::<(), ms_health::HttpProbeError>(())
/// ```
#[derive(Clone)]
pub struct HttpProbe {
    authority: Authority,
    address: String,
    path: PathAndQuery,
    token: Option<HeaderValue>,
    #[cfg(feature = "https")]
    tls: Option<Tls>,
}

/// Why a URL cannot be probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpProbeError {
    /// It is no absolute URL, its host or port is none, or it holds a user or a password.
    #[error("not an absolute URL without credentials")]
    Url,
    /// It is not `http://`, or `https://` without the feature of that name.
    #[error("only http:// can be probed, and https:// with the feature `https` of ms-health")]
    Scheme,
    /// The certificates that the machine trusts cannot be read (`https://`).
    #[error("the certificates that this machine trusts cannot be read")]
    Certificates,
    /// The token holds what a header cannot.
    #[error("the token cannot be the value of a header")]
    Token,
}

impl HttpProbe {
    /// Gets this URL.
    ///
    /// # Errors
    ///
    /// [`HttpProbeError::Url`], [`HttpProbeError::Scheme`] and [`HttpProbeError::Certificates`].
    pub fn new(url: &str) -> Result<Self, HttpProbeError> {
        let parts = url.parse::<Uri>().map_err(|_| HttpProbeError::Url)?.into_parts();
        let authority = parts.authority.filter(|authority| !authority.as_str().contains('@'));
        let (Some(scheme), Some(authority)) = (parts.scheme, authority) else {
            return Err(HttpProbeError::Url);
        };
        let secure = cfg!(feature = "https") && scheme == Scheme::HTTPS;
        if !secure && scheme != Scheme::HTTP {
            return Err(HttpProbeError::Scheme);
        }
        let port = port(&authority, if secure { 443 } else { 80 })?;
        Ok(Self {
            address: format!("{}:{port}", authority.host()),
            path: parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")),
            token: None,
            #[cfg(feature = "https")]
            tls: if secure { Some(Tls::new(authority.host())?) } else { None },
            authority,
        })
    }

    /// Sends `Authorization: Bearer <token>`.
    ///
    /// # Errors
    ///
    /// [`HttpProbeError::Token`] if it cannot be a header.
    pub fn bearer(mut self, token: impl AsRef<str>) -> Result<Self, HttpProbeError> {
        let value = HeaderValue::from_str(&format!("Bearer {}", token.as_ref()));
        let mut value = value.map_err(|_| HttpProbeError::Token)?;
        value.set_sensitive(true);
        self.token = Some(value);
        Ok(self)
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, http::Error> {
        let mut request = Request::get(self.path.as_str())
            .header(HOST, self.authority.as_str())
            .header(ACCEPT, "application/json, */*;q=0.1")
            .header(USER_AGENT, "ms-health")
            .header(CONNECTION, "close");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, token);
        }
        request.body(Empty::new())
    }

    async fn get(&self) -> Result<(StatusCode, Bytes), Failure> {
        let stream = connect(&self.address).await?;
        #[cfg(feature = "https")]
        if let Some(tls) = &self.tls {
            return self.exchange(tls.shake_hands(stream).await?).await;
        }
        self.exchange(stream).await
    }

    async fn exchange(&self, stream: impl Stream) -> Result<(StatusCode, Bytes), Failure> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let request = self.request()?;
        let exchange = async move {
            let (head, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, LONGEST_ANSWER).collect().await?;
            Ok((head.status, body.to_bytes()))
        };
        let (mut connection, mut exchange) = (pin!(connection), pin!(exchange));
        tokio::select! {
            answer = &mut exchange => answer,
            // The end of the connection may come before its last bytes are read.
            _ = &mut connection => exchange.await,
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What HTTP can be spoken over.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

/// A port that is none must not be taken for the usual one: somebody else might answer there.
fn port(authority: &Authority, usual: u16) -> Result<u16, HttpProbeError> {
    let host = authority.host();
    match authority.as_str().strip_prefix(host).filter(|_| !host.is_empty()) {
        Some("" | ":") => Ok(usual),
        Some(rest) => rest.strip_prefix(':').and_then(|port| port.parse().ok()).ok_or(HttpProbeError::Url),
        None => Err(HttpProbeError::Url),
    }
}

impl Probe for HttpProbe {
    async fn probe(&self) -> Finding {
        match self.get().await {
            Ok((code, body)) => judge(code, &body),
            Err(error) => Finding::unhealthy(error.to_string()),
        }
    }
}

fn judge(code: StatusCode, body: &[u8]) -> Finding {
    let by_code = if code.is_success() { Status::Healthy } else { Status::Unhealthy };
    let word = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|answer| answer.get("status")?.as_str().map(str::to_lowercase));
    let by_word = word.as_deref().and_then(status);
    let why = || match &word {
        Some(word) if by_word.is_some() => format!("it answers {} and {word}", code.as_u16()),
        _ => format!("it answers {}", code.as_u16()),
    };
    match by_word.map_or(by_code, |by_word| by_word.max(by_code)) {
        Status::Healthy => Finding::healthy(),
        Status::Degraded => Finding::degraded(why()),
        // A 503 that says `unknown` is that, and no worse.
        _ if by_word == Some(Status::Unknown) => Finding::unknown(why()),
        Status::Unknown | Status::Unhealthy => Finding::unhealthy(why()),
    }
}

fn status(word: &str) -> Option<Status> {
    match word {
        "healthy" | "pass" | "ok" | "up" => Some(Status::Healthy),
        "degraded" | "warn" => Some(Status::Degraded),
        "unknown" => Some(Status::Unknown),
        "unhealthy" | "fail" | "error" | "down" | "out_of_service" => Some(Status::Unhealthy),
        _ => None,
    }
}

impl fmt::Debug for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpProbe")
            .field("address", &self.address)
            .field("path", &self.path.path())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_of_code_and_word_counts() {
        for (code, body, expected) in [
            (200, r#"{"status":"healthy","x":1}"#, Status::Healthy),
            (200, r#"{"status":"UP"}"#, Status::Healthy),
            (204, "", Status::Healthy),
            (200, "<html>", Status::Healthy),
            (200, r#"{"status":7}"#, Status::Healthy),
            (200, r#"{"status":"shipped"}"#, Status::Healthy),
            (200, r#"{"status":"degraded"}"#, Status::Degraded),
            (200, r#"{"status":"warn"}"#, Status::Degraded),
            (200, r#"{"status":"DOWN"}"#, Status::Unhealthy),
            (503, r#"{"status":"unknown"}"#, Status::Unknown),
            (503, r#"{"status":"healthy"}"#, Status::Unhealthy),
            (302, "", Status::Unhealthy),
            (404, "", Status::Unhealthy),
        ] {
            let found = judge(StatusCode::from_u16(code).unwrap(), body.as_bytes());
            assert_eq!(found.status, expected, "{code} {body}");
        }
        let found = judge(StatusCode::SERVICE_UNAVAILABLE, br#"{"status":"fail"}"#);
        assert_eq!(found.error.as_deref(), Some("it answers 503 and fail"));
    }

    #[test]
    fn what_cannot_be_probed_is_refused_at_once() {
        for (url, error) in [
            ("ftp://a/", HttpProbeError::Scheme),
            ("/health", HttpProbeError::Url),
            ("a:80", HttpProbeError::Url),
            ("http://u:p@a/", HttpProbeError::Url),
            ("", HttpProbeError::Url),
            ("http://a:99999/", HttpProbeError::Url),
            ("http://a:8o80/", HttpProbeError::Url),
            ("http://:80/", HttpProbeError::Url),
        ] {
            assert_eq!(HttpProbe::new(url).map(drop), Err(error), "{url}");
        }
        if !cfg!(feature = "https") {
            assert_eq!(HttpProbe::new("https://a/").map(drop), Err(HttpProbeError::Scheme));
        }
        let probe = HttpProbe::new("http://[::1]").unwrap();
        assert_eq!((probe.address.as_str(), probe.path.as_str()), ("[::1]:80", "/"));
        assert_eq!(probe.bearer("a\nb").map(drop), Err(HttpProbeError::Token));
    }
}
