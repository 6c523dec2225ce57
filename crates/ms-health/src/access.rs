//! Who may see more than the bare status.

use std::net::{IpAddr, SocketAddr};

use http::header::{AUTHORIZATION, FORWARDED, HOST, HeaderName, VIA};
use http::request::Parts;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::error::BuildError;

/// A shorter token could be guessed through the probe.
pub(crate) const SHORTEST_TOKEN: usize = 16;
/// Any of these says that the peer speaks for somebody else.
const PROXIED: [HeaderName; 6] = [
    FORWARDED,
    VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// The address of the peer, as a request extension, where the server is not axum.
///
/// With axum, `into_make_service_with_connect_info::<SocketAddr>()` gives the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// The rule; holds no secret, only its digest.
#[derive(Clone, Copy, Default)]
pub(crate) struct Access {
    token: Option<[u8; 32]>,
    loopback: bool,
}

impl Access {
    pub(crate) fn with_token(&mut self, token: &str) -> Result<(), BuildError> {
        if token.len() < SHORTEST_TOKEN {
            return Err(BuildError::ShortToken { minimum: SHORTEST_TOKEN });
        }
        self.token = Some(digest(token.as_bytes()));
        Ok(())
    }

    pub(crate) fn on_loopback(&mut self, allowed: bool) {
        self.loopback = allowed;
    }

    /// Tells whether this request may see details.
    pub(crate) fn allows(&self, request: &Parts) -> bool {
        self.has_token(request) || (self.loopback && is_local(request))
    }

    fn has_token(&self, request: &Parts) -> bool {
        let mut given = request.headers.get_all(AUTHORIZATION).iter();
        let (Some(expected), Some(value), None) = (self.token, given.next(), given.next()) else {
            return false;
        };
        let Some(token) = bearer(value.as_bytes()) else { return false };
        // Digests have one length, so the comparison tells nothing about the length either.
        digest(token).ct_eq(&expected).into()
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Only the socket can say that a request is local; headers can only say that it is not.
fn is_local(request: &Parts) -> bool {
    let local = peer(request).is_some_and(|address| address.to_canonical().is_loopback());
    local && !PROXIED.iter().any(|name| request.headers.contains_key(name)) && names_this_host(request)
}

fn peer(request: &Parts) -> Option<IpAddr> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) =
        request.extensions.get::<axum::extract::ConnectInfo<SocketAddr>>()
    {
        return Some(address.ip());
    }
    request.extensions.get::<PeerAddr>().map(|peer| peer.0.ip())
}

/// A page whose name was pointed at 127.0.0.1 (DNS rebinding) comes from the local browser, but under its own name.
fn names_this_host(request: &Parts) -> bool {
    let mut given = request.headers.get_all(HOST).iter().map(|value| value.to_str().unwrap_or("?"));
    given.all(is_local_name)
        && request.uri.authority().is_none_or(|authority| is_local_name(authority.as_str()))
}

fn is_local_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    fn parts(peer: Option<&str>, headers: &[(&str, &[u8])]) -> Parts {
        let mut request = Request::get("/health");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        if let Some(peer) = peer {
            parts.extensions.insert(PeerAddr(peer.parse().unwrap()));
        }
        parts
    }

    fn on_loopback() -> Access {
        let mut access = Access::default();
        access.on_loopback(true);
        access
    }

    fn with_token() -> Access {
        let mut access = Access::default();
        access.with_token(TOKEN).unwrap();
        access.on_loopback(false);
        access
    }

    #[test]
    fn only_the_socket_makes_a_request_local() {
        let access = on_loopback();
        for local in ["127.0.0.1:9", "127.8.9.1:9", "[::1]:9", "[::ffff:127.0.0.1]:9"] {
            assert!(access.allows(&parts(Some(local), &[("host", b"localhost:8000")])), "{local}");
        }
        for remote in ["10.0.0.1:9", "[2001:db8::1]:9", "[::ffff:10.0.0.1]:9", "0.0.0.0:9"] {
            assert!(!access.allows(&parts(Some(remote), &[])), "{remote}");
        }
        assert!(!access.allows(&parts(None, &[("x-forwarded-for", b"127.0.0.1")])), "a header does not");
        assert!(!access.allows(&parts(None, &[])), "nor does silence");
    }

    #[test]
    fn a_proxy_on_the_same_host_speaks_for_others() {
        for name in
            ["x-forwarded-for", "Forwarded", "via", "x-real-ip", "x-forwarded-proto", "x-forwarded-host"]
        {
            assert!(!on_loopback().allows(&parts(Some("127.0.0.1:9"), &[(name, b"127.0.0.1")])), "{name}");
        }
    }

    #[test]
    fn a_foreign_name_for_this_host_is_not_local() {
        for (host, allowed) in [
            ("localhost", true),
            ("LOCALHOST:8000", true),
            ("127.0.0.1:8000", true),
            ("[::1]:8000", true),
            ("evil.example:8000", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
            ("[::1", true),
        ] {
            let request = parts(Some("127.0.0.1:9"), &[("host", host.as_bytes())]);
            assert_eq!(on_loopback().allows(&request), allowed, "{host}");
        }
        let twice: &[(&str, &[u8])] = &[("host", b"localhost"), ("host", b"evil.example")];
        assert!(!on_loopback().allows(&parts(Some("127.0.0.1:9"), twice)));
    }

    #[test]
    fn the_token_and_nothing_like_it_opens() {
        let access = with_token();
        let long = [b"Bearer ", "x".repeat(1 << 20).as_bytes()].concat();
        let prefix = format!("Bearer {}", &TOKEN[..31]);
        let longer = format!("Bearer {TOKEN}0");
        let right = format!("Bearer {TOKEN}");
        assert!(access.allows(&parts(None, &[("authorization", right.as_bytes())])));
        assert!(access.allows(&parts(None, &[("authorization", format!("bearer {TOKEN}").as_bytes())])));
        for wrong in
            [b"", &b"Bearer"[..], b"Bearer ", &long, prefix.as_bytes(), longer.as_bytes(), b"Bearer \xff\xfe"]
        {
            assert!(!access.allows(&parts(None, &[("authorization", wrong)])));
        }
        assert!(
            !access.allows(&parts(None, &[("authorization", TOKEN.as_bytes())])),
            "the scheme is part of it"
        );
        let twice = [("authorization", right.as_bytes()), ("authorization", right.as_bytes())];
        assert!(!access.allows(&parts(None, &twice)), "a repeated header is nobody's");
    }

    #[test]
    fn without_a_token_no_token_opens() {
        let mut access = Access::default();
        access.on_loopback(false);
        assert!(!access.allows(&parts(Some("127.0.0.1:9"), &[("authorization", b"Bearer ")])));
        assert_eq!(access.with_token("short"), Err(BuildError::ShortToken { minimum: SHORTEST_TOKEN }));
    }
}
