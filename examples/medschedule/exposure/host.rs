//! Hosts, as flags and `Host` headers name them.

use std::net::IpAddr;
use std::str::FromStr;

/// A host that clients may name, on any port or on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    name: String,
    port: Option<u16>,
}

/// Why a host can never be that of a request.
#[derive(Debug, thiserror::Error)]
#[error("no host: give roster.example, or roster.example:8443, in ASCII")]
pub struct HostError;

impl AllowedHost {
    /// Tells whether a `Host` header in small letters names it. Clients leave out the ports of HTTP and HTTPS.
    pub(super) fn is(&self, authority: &str) -> bool {
        let (name, given) = split_port(authority);
        let is_port = |port| given.map_or(port == 80 || port == 443, |given| given == port);
        self.name == name && self.port.is_none_or(is_port)
    }
}

impl FromStr for AllowedHost {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let text = text.trim().to_ascii_lowercase();
        let (name, port) = split_port(&text);
        let known = is_address(name) || is_name(name);
        if !known || port == Some(0) || text.ends_with(':') {
            return Err(HostError);
        }
        Ok(Self { name: name.to_owned(), port })
    }
}

/// An address as a `Host` header has it, IPv6 in brackets.
pub(super) fn is_address(host: &str) -> bool {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    bracketed.unwrap_or(host).parse::<IpAddr>().is_ok()
}

/// Takes a port off; what follows the last colon and is none stays, and makes the whole no host.
pub(super) fn split_port(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, "")) => (host, None),
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (authority, None),
        },
        _ => (authority, None),
    }
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let taken = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len()) && label.bytes().all(taken)
    };
    text.strip_suffix('.').unwrap_or(text).split('.').all(label) && text.len() <= 254
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_with_a_port_is_allowed_on_that_port() {
        let allows =
            |allowed: &str, authority: &str| allowed.parse::<AllowedHost>().expect("a host").is(authority);
        for (allowed, authority) in [
            ("roster.example", "roster.example"),
            ("roster.example", "roster.example:8443"),
            (" Roster.Example:8443", "roster.example:8443"),
            ("roster.example:443", "roster.example"),
            ("roster.example:443", "roster.example:443"),
            ("ward_3:80", "ward_3"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert!(allows(allowed, authority), "{allowed} {authority}");
        }
        for (allowed, authority) in [
            ("roster.example:8443", "roster.example"),
            ("roster.example:8443", "roster.example:443"),
            ("roster.example:443", "roster.example:80"),
            ("roster.example", "evil.example"),
            ("roster.example", "roster.example:99999"),
            ("roster.example", "roster.example:8443:8443"),
        ] {
            assert!(!allows(allowed, authority), "{allowed} {authority}");
        }
    }

    #[test]
    fn what_no_client_can_name_is_refused() {
        for nonsense in [
            "",
            " ",
            "https://roster.example",
            "roster.example/",
            "roster.example:",
            "roster.example:0",
            "roster.example:65536",
            "roster.example:x",
            "a b",
            "*.example",
            "a..b",
            ".",
            "user@roster.example",
            "çizelge.example",
            "[::1",
        ] {
            assert!(nonsense.parse::<AllowedHost>().is_err(), "{nonsense}");
        }
    }
}
