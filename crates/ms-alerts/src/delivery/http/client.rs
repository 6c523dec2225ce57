//! The HTTP client: rustls with ring, no redirects, no proxies, and a limit for everything.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

use super::WebhookError;
use crate::delivery::guard::{self, Forbidden, may_call};

const CONNECT_LIMIT: Duration = Duration::from_secs(3);
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// Reads a URL of HTTP.
pub(crate) fn parse(url: &str) -> Result<Url, WebhookError> {
    let url = Url::parse(url).map_err(|_| WebhookError::Url)?;
    let is_http =
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
    if is_http { Ok(url) } else { Err(WebhookError::Url) }
}

/// `roots` are trusted beside those of the machine.
pub(crate) fn new(
    url: &Url,
    internal: bool,
    roots: &[CertificateDer<'static>],
) -> Result<Client, WebhookError> {
    // Nobody asks the resolver about numbers. However they were written, the URL has them in their usual form.
    let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
    if literal.is_some_and(|address| !may_call(address, internal)) {
        return Err(WebhookError::Address);
    }
    Client::builder()
        .tls_backend_preconfigured(tls(url.scheme() == "https", roots)?)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Guarded { internal })
        .connect_timeout(CONNECT_LIMIT)
        .timeout(REQUEST_LIMIT)
        .user_agent(concat!("ms-alerts/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|_| WebhookError::Client)
}

/// With a provider of our own: no process-wide default is needed, and none is set behind anybody's back.
fn tls(used: bool, roots: &[CertificateDer<'static>]) -> Result<ClientConfig, WebhookError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| WebhookError::Client)?;
    if !used {
        // A machine without certificates can still post to plain HTTP.
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots.iter().cloned(), provider)
        .map_err(|_| WebhookError::Client)?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

struct Guarded {
    internal: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let internal = self.internal;
        Box::pin(async move {
            let addresses = guard::resolve(name.as_str(), 0, internal).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Says what went wrong without the URL, which the error's own text holds.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let why = why(error);
    if why == FAILED && !error.is_connect() { "request failed".to_owned() } else { why }
}

const FAILED: &str = "connection failed";

/// Says what kept a connection from working, without what the causes say of where it led.
pub(crate) fn why(error: &(dyn Error + 'static)) -> String {
    let causes = || std::iter::successors(Some(error), |cause| (*cause).source());
    if let Some(tls) = causes().find_map(as_tls) {
        return format!("TLS failed: {tls}");
    }
    if let Some(forbidden) = causes().find_map(as_forbidden) {
        return forbidden.to_string();
    }
    if let Some(io) = causes().find_map(|cause| cause.downcast_ref::<std::io::Error>()) {
        // The kind alone: the text may hold more of the URL than is good.
        return format!("{FAILED}: {}", io.kind());
    }
    FAILED.to_owned()
}

fn as_forbidden<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e Forbidden> {
    cause.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref()
}

/// I/O errors hide what they were made of from the chain of sources, be it another I/O error.
fn as_tls<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let mut cause = cause;
    while let Some(inner) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = inner;
    }
    cause.downcast_ref()
}
