//! One attempt over HTTP: rustls with ring, no redirects, no proxies, and a limit for everything.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use prost::Message as _;
use reqwest::{Response, Url, redirect};
use rustls::{ClientConfig, RootCertStore};

use super::deliver::{Answer, Receiver};
use super::error::OtlpError;
use super::message::ExportResponse;
use super::retry_after;
use super::settings::Settings;

/// More of an answer is of no use to anybody.
const MOST_READ: usize = 64 * 1024;
/// A body that was taken is not held up, or even sent again, because the answer does not end.
const LONGEST_READ: Duration = Duration::from_secs(1);

pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
    headers: HeaderMap,
}

impl Client {
    pub(super) fn new(settings: &Settings) -> Result<Self, OtlpError> {
        let mut headers = settings.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        if settings.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(settings.url.scheme() == "https")?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(settings.attempt_limit)
            .user_agent(concat!("ms-logging/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| OtlpError::Client)?;
        Ok(Self { http, url: settings.url.clone(), headers })
    }
}

/// With a provider of our own: no process-wide default is needed, and none is set behind anybody's back.
fn tls(used: bool) -> Result<ClientConfig, OtlpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| OtlpError::Client)?;
    if !used {
        // A machine without certificates can still export over plain HTTP.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(|_| OtlpError::Client)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

impl Receiver for Client {
    async fn post(&self, body: Bytes) -> Answer {
        let request = self.http.post(self.url.clone()).headers(self.headers.clone()).body(body);
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => {
                return Answer::Unavailable("it did not answer in time".into(), None);
            }
            Err(error) => return Answer::Unavailable(reason(&error), None),
        };
        let status = response.status();
        if status.is_success() {
            return Answer::Accepted { rejected: rejected(response).await };
        }
        let reason = format!("it answered with HTTP {}", status.as_u16());
        // The four that the specification of OTLP names.
        if matches!(status.as_u16(), 429 | 502 | 503 | 504) {
            Answer::Unavailable(reason, retry_after::of(response.headers()))
        } else {
            Answer::Refused(reason)
        }
    }
}

/// Reads how many were rejected by a receiver that took the rest; an answer that cannot be read says none.
async fn rejected(response: Response) -> u64 {
    let answer = tokio::time::timeout(LONGEST_READ, read(response)).await.ok().flatten();
    let answer = answer.and_then(|body| ExportResponse::decode(&*body).ok());
    let partial = answer.and_then(|answer| answer.partial_success);
    partial.map_or(0, |partial| u64::try_from(partial.rejected).unwrap_or_default())
}

/// Nothing if the answer is too long: that costs the connection, not the memory.
async fn read(mut response: Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.ok()? {
        if body.len() + part.len() > MOST_READ {
            return None;
        }
        body.extend_from_slice(&part);
    }
    Some(body)
}

/// Says what went wrong without the URL, which the error's own text holds.
fn reason(error: &reqwest::Error) -> String {
    let first: &(dyn Error + 'static) = error;
    let causes = || std::iter::successors(Some(first), |cause| (*cause).source());
    if let Some(tls) = causes().find_map(as_tls) {
        return format!("TLS failed: {tls}");
    }
    if let Some(io) = causes().find_map(|cause| cause.downcast_ref::<io::Error>()) {
        // The kind alone: the text may hold more of the URL than is good.
        return format!("connection failed: {}", io.kind());
    }
    if error.is_connect() { "it cannot be reached".to_owned() } else { "the connection broke".to_owned() }
}

/// I/O errors hide what they were made of from the chain of sources, be it another I/O error.
fn as_tls<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut cause = cause;
    while let Some(inner) = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        cause = inner;
    }
    cause.downcast_ref()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::net::TcpListener;

    use super::*;
    use crate::otlp::Otlp;

    async fn answer(endpoint: String) -> Answer {
        let settings = Settings::all(&Otlp::new().endpoint(endpoint).traces(false)).unwrap();
        let client = Client::new(&settings[0].1).unwrap();
        client.post(Bytes::new()).await
    }

    #[tokio::test]
    async fn a_failure_is_told_apart_and_names_no_url() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let nobody = answer(format!("http://s3cr3t@{free}/s3cr3t")).await;
        assert_eq!(nobody, Answer::Unavailable("connection failed: connection refused".to_owned(), None));
        let plain = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = plain.local_addr().unwrap();
        // It speaks no TLS.
        let server =
            std::thread::spawn(move || plain.accept().unwrap().0.write_all(b"HTTP/1.1 400 No\r\n\r\n"));
        let Answer::Unavailable(reason, None) = answer(format!("https://s3cr3t@{address}/s3cr3t")).await
        else {
            panic!("no answer is one over TLS");
        };
        assert!(reason.starts_with("TLS failed: ") && !reason.contains("s3cr3t"), "{reason}");
        server.join().unwrap().unwrap();
    }
}
