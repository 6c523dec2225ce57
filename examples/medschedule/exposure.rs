//! Who may ask: a page of another site must not reach a service on localhost, nor a stranger one on the network.

mod host;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::host::{AllowedHost, HostError};
use self::host::{is_address, split_port};
use self::sign_in::Browsers;
use crate::config::Secret;
use crate::problem::Problem;

/// What a request must show before a handler sees it.
///
/// - `Host` names localhost, an address, or a host that was allowed: a name that an attacker makes resolve to
///   127.0.0.1 (DNS rebinding) is refused with 421.
/// - `Origin`, where a browser sends one, is the service itself; 403 otherwise.
/// - With a token, everything but the bare health status, the style sheet and the script needs it, or the cookie of a
///   browser that has signed in with it; 401 otherwise.
#[derive(Clone, Debug)]
pub struct Exposure {
    allowed_hosts: Arc<[AllowedHost]>,
    token: Option<[u8; 32]>,
    browsers: Arc<Browsers>,
}

impl Exposure {
    /// Makes the rules from the names allowed and the token, if the service has one.
    pub fn new(allowed_hosts: &[AllowedHost], token: Option<&Secret>) -> Self {
        // A digest of fixed length, so that comparing tells nothing about the token's length either.
        let token = token.map(|token| Sha256::digest(token.expose()).into());
        Self { allowed_hosts: allowed_hosts.into(), token, browsers: Arc::default() }
    }

    /// The routes with which a browser shows the token.
    pub fn router(&self) -> Router {
        sign_in::router(self.clone())
    }

    /// Tells whether the request may see what it asks for.
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        let Some(expected) = &self.token else { return true };
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (value, more) = (given.next(), given.next());
        if value.is_none() && self.browsers.know(headers) {
            return true;
        }
        let (Some(value), None) = (value, more) else { return false };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(7) else { return false };
        let digest: [u8; 32] = Sha256::digest(token).into();
        scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(digest.ct_eq(expected))
    }

    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let host = only_host(uri, headers)?;
        if !self.serves(&host) {
            let detail = "this service does not answer to that Host; allow it with --allow-host";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail));
        }
        if !is_same_origin(&host, method, headers) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "pages of another origin may not use this service",
            ));
        }
        if !is_open(uri.path()) && !self.admits(headers) {
            return Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "send `Authorization: Bearer` with the service's token",
            ));
        }
        Ok(())
    }

    fn serves(&self, authority: &str) -> bool {
        let (host, _) = split_port(authority);
        // A browser sends an address only where its user typed one: no name, nothing to rebind.
        is_address(host)
            || host == "localhost"
            || self.allowed_hosts.iter().any(|allowed| allowed.is(authority))
    }
}

/// Lets a request through, or answers it with the problem.
pub async fn guard(State(exposure): State<Exposure>, request: Request, next: Next) -> Response {
    match exposure.check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        // A person has no way to send a header.
        Err(problem) if is_page(&request) && problem.status() == StatusCode::UNAUTHORIZED => {
            Redirect::to(sign_in::PATH).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

fn is_page(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    request.uri().path() == "/" && accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

/// The paths that show nothing a stranger may not know; health itself hides its details.
fn is_open(path: &str) -> bool {
    matches!(
        path,
        "/health"
            | "/health/live"
            | "/health/ready"
            | "/health/startup"
            | "/livez"
            | "/readyz"
            | "/startupz"
            | "/operations.css"
            | "/operations.js"
            | sign_in::PATH
    )
}

fn only_host(uri: &Uri, headers: &HeaderMap) -> Result<String, Problem> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    let Some(host) = host else {
        return Err(Problem::bad_request("exactly one Host header is needed"));
    };
    // RFC 9112, 3.2.2: with a request target in absolute form the target's authority counts; both must agree here.
    if uri.authority().is_some_and(|authority| !authority.as_str().eq_ignore_ascii_case(host)) {
        return Err(Problem::bad_request("the request target and the Host header differ"));
    }
    Ok(host.to_ascii_lowercase())
}

fn is_same_origin(host: &str, method: &Method, headers: &HeaderMap) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    if origins.any(|origin| !names_host(origin.as_bytes(), host)) {
        return false;
    }
    // A form or image of another site sends no Origin in some browsers, but says where it comes from.
    let safe = matches!(*method, Method::GET | Method::HEAD);
    let foreign = |site: &[u8]| site == b"cross-site" || site == b"same-site";
    safe || !headers.get_all("sec-fetch-site").iter().any(|site| foreign(site.as_bytes()))
}

fn names_host(origin: &[u8], host: &str) -> bool {
    let rest = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
    rest.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(exposure: &Exposure, method: &Method, path: &'static str, headers: &[(&str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = header::HeaderName::from_bytes(name.as_bytes()).expect("a header name");
            map.append(name, value.parse().expect("a header value"));
        }
        match exposure.check(method, &Uri::from_static(path), &map) {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn only_own_hosts_are_served() {
        let exposure = Exposure::new(&["Roster.Example".parse().expect("a host")], None);
        for host in
            ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]", "roster.example:443"]
        {
            assert_eq!(verdict(&exposure, &Method::GET, "/", &[("host", host)]), 200, "{host}");
        }
        for host in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "", "[::1", "::1]:80"]
        {
            assert_eq!(verdict(&exposure, &Method::GET, "/", &[("host", host)]), 421, "{host}");
        }
        assert_eq!(verdict(&exposure, &Method::GET, "/", &[]), 400);
        let twice = [("host", "localhost"), ("host", "localhost")];
        assert_eq!(verdict(&exposure, &Method::GET, "/", &twice), 400);
        let absolute = "http://evil.example/";
        assert_eq!(verdict(&exposure, &Method::GET, absolute, &[("host", "localhost")]), 400);
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let exposure = Exposure::new(&[], None);
        let host = ("host", "localhost:8000");
        let ask = |method: &Method, extra| verdict(&exposure, method, "/api/v1/shifts", &[host, extra]);
        assert_eq!(ask(&Method::POST, ("origin", "http://localhost:8000")), 200);
        for origin in
            ["http://evil.example", "null", "http://localhost:9000", "http://localhost:8000.evil.example"]
        {
            assert_eq!(ask(&Method::POST, ("origin", origin)), 403, "{origin}");
            assert_eq!(ask(&Method::GET, ("origin", origin)), 403, "{origin}");
        }
        assert_eq!(ask(&Method::POST, ("sec-fetch-site", "cross-site")), 403);
        assert_eq!(ask(&Method::POST, ("sec-fetch-site", "same-origin")), 200);
        assert_eq!(ask(&Method::GET, ("sec-fetch-site", "cross-site")), 200);
    }

    #[test]
    fn with_a_token_only_bare_health_is_open() {
        let token = Secret::from("0123456789abcdef");
        let exposure = Exposure::new(&[], Some(&token));
        let host = ("host", "10.0.0.7:8000");
        let ask =
            |path, extra: &[(&str, &str)]| verdict(&exposure, &Method::GET, path, &[&[host], extra].concat());
        let health = ["/health", "/health/live", "/health/ready", "/health/startup"];
        for open in
            health.into_iter().chain(["/livez", "/readyz", "/startupz", "/operations.css", "/operations.js"])
        {
            assert_eq!(ask(open, &[]), 200, "{open}");
        }
        for closed in [
            "/",
            "/metrics",
            "/api/v1/alerts",
            "/api/v1/explain/metrics",
            "/api/v1/shifts",
            "/health/",
            "/health/status",
            "/health/explain",
            "/nothing",
        ] {
            assert_eq!(ask(closed, &[]), 401, "{closed}");
            assert_eq!(ask(closed, &[("authorization", "Bearer 0123456789abcdef")]), 200, "{closed}");
        }
        for wrong in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer 0123456789abcde",
            "Bearer 0123456789abcdefg",
            "Basic 0123456789abcdef",
        ] {
            assert_eq!(ask("/metrics", &[("authorization", wrong)]), 401, "{wrong}");
        }
        let twice =
            [("authorization", "Bearer 0123456789abcdef"), ("authorization", "Bearer 0123456789abcdef")];
        assert_eq!(ask("/metrics", &twice), 401);
    }
}
