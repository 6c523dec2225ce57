//! The addresses that a sink may call: those of a name without the ones that it may not.

mod address;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};

use address::Reach;

/// Every address of the name is one that a request may not go to.
#[derive(Debug)]
pub(super) struct Forbidden;

/// Whether a request may go to an address; `internal` ones are those of this machine and of one's own network.
pub(super) fn may_call(address: IpAddr, internal: bool) -> bool {
    Reach::of(address).is_allowed(internal)
}

/// Asks the system for the addresses of a host. A connection is made to one of what this gives, so nothing can be answered
/// one way when it is looked at and another when it is called.
pub(super) async fn resolve(host: &str, port: u16, internal: bool) -> io::Result<Vec<SocketAddr>> {
    allowed(tokio::net::lookup_host((host, port)).await?, internal)
}

fn allowed(found: impl Iterator<Item = SocketAddr>, internal: bool) -> io::Result<Vec<SocketAddr>> {
    let all: Vec<SocketAddr> = found.collect();
    let none = all.is_empty();
    let is_allowed = |address: &SocketAddr| may_call(address.ip(), internal);
    let allowed: Vec<SocketAddr> = all.into_iter().filter(is_allowed).collect();
    match allowed.is_empty() {
        false => Ok(allowed),
        true if none => Err(io::ErrorKind::NotFound.into()),
        true => Err(io::Error::new(io::ErrorKind::PermissionDenied, Forbidden)),
    }
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
        Ok(kept.iter().map(|address| address.ip().to_string()).collect())
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
