//! The addresses of a name, without those that a request may not go to.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Reach;

/// Asks the system. The connection is made to an address that it was given here, so nothing can be answered one way when it
/// is looked at and another when it is called.
pub(super) struct Guarded {
    /// Whether addresses of one's own network are allowed.
    pub(super) internal: bool,
}

/// Every address of the name is one that a request may not go to.
#[derive(Debug)]
pub(super) struct Forbidden;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let internal = self.internal;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(allowed(found, internal)?)
        })
    }
}

fn allowed(found: impl Iterator<Item = SocketAddr>, internal: bool) -> io::Result<Addrs> {
    let all: Vec<SocketAddr> = found.collect();
    let none = all.is_empty();
    let is_allowed = |address: &SocketAddr| may_call(address.ip(), internal);
    let allowed: Vec<SocketAddr> = all.into_iter().filter(is_allowed).collect();
    match allowed.is_empty() {
        false => Ok(Box::new(allowed.into_iter())),
        true if none => Err(io::ErrorKind::NotFound.into()),
        true => Err(io::Error::new(io::ErrorKind::PermissionDenied, Forbidden)),
    }
}

pub(super) fn may_call(address: IpAddr, internal: bool) -> bool {
    Reach::of(address).is_allowed(internal)
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("every address of the host is internal or reserved")
    }
}

impl std::error::Error for Forbidden {}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(addresses: &[&str], internal: bool) -> Result<Vec<String>, io::ErrorKind> {
        let found: Vec<SocketAddr> =
            addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect();
        let kept = allowed(found.into_iter(), internal).map_err(|error| error.kind())?;
        Ok(kept.map(|address| address.ip().to_string()).collect())
    }

    #[test]
    fn of_a_name_with_several_addresses_the_allowed_ones_are_called() {
        assert_eq!(of(&["127.0.0.1", "8.8.8.8", "::1"], false).unwrap(), ["8.8.8.8"]);
        assert_eq!(of(&["127.0.0.1", "169.254.169.254"], true).unwrap(), ["127.0.0.1"]);
    }

    #[test]
    fn a_name_without_any_is_told_apart_from_one_with_none_that_is_allowed() {
        assert_eq!(of(&["10.0.0.1", "fe80::1"], false).unwrap_err(), io::ErrorKind::PermissionDenied);
        assert_eq!(of(&["169.254.169.254"], true).unwrap_err(), io::ErrorKind::PermissionDenied);
        assert_eq!(of(&[], false).unwrap_err(), io::ErrorKind::NotFound);
    }
}
