//! Connections that are kept and used again, the last one first.

use std::io;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use futures_util::StreamExt;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;

use super::{LoadError, Options};
use crate::config::Config;

/// The service closes what is idle for 5 seconds; a request must not run into that.
const FRESH: Duration = Duration::from_secs(2);

/// Where requests go, and what each of them shows.
#[derive(Clone, Debug)]
pub struct Target {
    authority: String,
    authorization: Option<HeaderValue>,
}

impl Target {
    /// Reads the URL, or takes the address that the service listens on, and the token if there is one.
    ///
    /// # Errors
    ///
    /// [`LoadError::Url`], [`LoadError::Token`].
    pub fn new(config: &Config, options: &Options) -> Result<Self, LoadError> {
        let token = if config.token_file.is_some() { config.token()? } else { None };
        match &options.url {
            Some(url) => Self::of_url(url, token.as_ref().map(|token| token.expose())),
            None => Ok(Self::at(&config.listen.to_string(), token.as_ref().map(|token| token.expose()))),
        }
    }

    /// Names a service by its address.
    pub fn at(authority: &str, token: Option<&str>) -> Self {
        let authorization = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
        let authorization = authorization.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self { authority: authority.to_owned(), authorization }
    }

    fn of_url(url: &Uri, token: Option<&str>) -> Result<Self, LoadError> {
        let refused = || LoadError::Url(url.clone());
        let plain = url.scheme().is_none_or(|scheme| *scheme == Scheme::HTTP);
        let bare = matches!(url.path(), "" | "/") && url.query().is_none();
        let authority =
            url.authority().filter(|authority| plain && bare && !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(refused)?;
        let named =
            if authority.port().is_some() { authority.to_string() } else { format!("{authority}:80") };
        Ok(Self::at(&named, token))
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

/// The connections of a run.
#[derive(Debug)]
pub(super) struct Connections {
    target: Target,
    idle: Mutex<Vec<(SendRequest<Body>, Instant)>>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

impl Connections {
    pub(super) fn new(target: Target) -> Self {
        Self { target, idle: Mutex::default() }
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the connection is closed.
    pub(super) async fn exchange(&self, mut request: Request<Body>) -> io::Result<Answer> {
        let headers = request.headers_mut();
        headers
            .insert(header::HOST, HeaderValue::from_str(&self.target.authority).map_err(io::Error::other)?);
        if let Some(value) = &self.target.authorization {
            headers.insert(header::AUTHORIZATION, value.clone());
        }
        let mut sender = match self.take() {
            Some(sender) => sender,
            None => self.open().await?,
        };
        let (parts, body) = sender.send_request(request).await.map_err(io::Error::other)?.into_parts();
        let mut chunks = Body::new(body).into_data_stream();
        while let Some(chunk) = chunks.next().await {
            chunk.map_err(io::Error::other)?;
        }
        if sender.ready().await.is_ok() {
            self.idle.lock().push((sender, Instant::now()));
        }
        Ok(Answer { status: parts.status, headers: parts.headers })
    }

    fn take(&self) -> Option<SendRequest<Body>> {
        let (sender, since) = self.idle.lock().pop()?;
        if since.elapsed() < FRESH {
            return Some(sender).filter(|sender| !sender.is_closed());
        }
        // All below it are older.
        self.idle.lock().clear();
        None
    }

    async fn open(&self) -> io::Result<SendRequest<Body>> {
        let stream = TcpStream::connect(&self.target.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        // Ends with its sender; what fails is told to whoever waits for an answer.
        tokio::spawn(connection);
        Ok(sender)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_plain_host() {
        let read = |url: &str| Target::of_url(&url.parse().expect("a URL"), None);
        assert_eq!(read("http://localhost").expect("taken").authority(), "localhost:80");
        assert_eq!(read("http://[::1]:8000/").expect("taken").authority(), "[::1]:8000");
        assert_eq!(read("127.0.0.1:8000").expect("taken").authority(), "127.0.0.1:8000");
        for refused in
            ["https://localhost", "http://localhost/api", "http://a:b@localhost", "/x", "http://h/?q"]
        {
            assert!(matches!(read(refused), Err(LoadError::Url(_))), "{refused}");
        }
        let target = Target::at("localhost:80", Some("0123456789abcdef"));
        assert!(!format!("{target:?}").contains("0123456789abcdef"), "{target:?}");
    }
}
