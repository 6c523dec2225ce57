//! Who has sent a request, as far as its address tells.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, Request};

/// How access lines tell the address of the client, which is personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientAddress {
    /// The network alone: of IPv4 the first 24 bits, of IPv6 the first 48; the rest is 0.
    Masked,
    /// All of it.
    Full,
}

/// Finds the address of the client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clients {
    pub(super) shown: ClientAddress,
    /// How many proxies of our own have each appended the address that they were called from.
    pub(super) proxies: usize,
    /// They write `Forwarded` (RFC 7239) in place of `X-Forwarded-For`.
    pub(super) standard: bool,
}

impl Clients {
    /// Nothing if the address is not known; a header that a proxy of ours cannot have written is no address.
    pub(super) fn of<B>(&self, request: &Request<B>) -> Option<IpAddr> {
        let address = match self.proxies {
            0 => peer(request)?,
            proxies if self.standard => standard(request.headers(), proxies)?,
            proxies => address(entry(request.headers(), "x-forwarded-for", proxies)?)?,
        };
        Some(match self.shown {
            ClientAddress::Full => address,
            ClientAddress::Masked => masked(address),
        })
    }
}

/// The other end of the connection: what axum's `ConnectInfo` holds, or a `SocketAddr` that a server of one's own has put
/// into the extensions.
fn peer<B>(request: &Request<B>) -> Option<IpAddr> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) =
        request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>()
    {
        return Some(address.ip().to_canonical());
    }
    request.extensions().get::<SocketAddr>().map(|address| address.ip().to_canonical())
}

/// The entry that the outermost of our proxies has appended to a list.
fn entry<'h>(headers: &'h HeaderMap, name: &str, proxies: usize) -> Option<&'h str> {
    let values = headers.get_all(name).iter();
    let entries: Vec<&str> =
        values.map(|value| value.to_str().unwrap_or_default()).flat_map(|value| value.split(',')).collect();
    entries.len().checked_sub(proxies).and_then(|place| entries.get(place).copied())
}

fn standard(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let mut pairs = entry(headers, "forwarded", proxies)?.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node)
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `"[2001:db8::1]:80"`.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim().trim_matches('"');
    let parsed =
        node.parse().or_else(|_| node.parse().map(|address: SocketAddr| address.ip())).or_else(|_| {
            let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']'));
            bare.unwrap_or_default().parse()
        });
    parsed.ok().map(|address: IpAddr| address.to_canonical())
}

fn masked(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << 8)).into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 80)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shown: ClientAddress, proxies: usize, headers: &[(&'static str, &str)]) -> Option<String> {
        told(Clients { shown, proxies, standard: false }, headers)
    }

    fn told(clients: Clients, headers: &[(&'static str, &str)]) -> Option<String> {
        let mut request = Request::new(());
        request.extensions_mut().insert(SocketAddr::from(([203, 0, 113, 77], 4711)));
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        clients.of(&request).map(|address| address.to_string())
    }

    #[test]
    fn the_peer_is_told_whatever_the_headers_say() {
        let lies = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.2")];
        assert_eq!(of(ClientAddress::Full, 0, &lies).unwrap(), "203.0.113.77");
        assert_eq!(of(ClientAddress::Masked, 0, &lies).unwrap(), "203.0.113.0");
    }

    #[test]
    fn of_a_forwarded_request_the_entry_of_our_own_proxy_counts() {
        let full = |proxies, headers: &[(&'static str, &str)]| of(ClientAddress::Full, proxies, headers);
        let list = [("x-forwarded-for", "10.0.0.1, 198.51.100.1"), ("x-forwarded-for", "192.0.2.9")];
        assert_eq!(full(1, &list).unwrap(), "192.0.2.9");
        assert_eq!(full(2, &list).unwrap(), "198.51.100.1");
        assert_eq!(full(4, &list), None, "a proxy was passed by");
        assert_eq!(full(1, &[]), None);
        let both = [("forwarded", "for=1.1.1.1, proto=https;For=\"[2001:db8::1]:80\""), list[1]];
        assert_eq!(full(1, &both).unwrap(), "192.0.2.9", "what a client writes beside it is not read");
        let standard = Clients { shown: ClientAddress::Full, proxies: 1, standard: true };
        assert_eq!(told(standard, &both).unwrap(), "2001:db8::1");
        assert_eq!(told(standard, &list), None, "nor is the other");
        for odd in ["unknown", "_hidden", "", "1.2.3", "10000000146", "[::1"] {
            assert_eq!(full(1, &[("x-forwarded-for", odd)]), None, "{odd}");
        }
    }

    #[test]
    fn addresses_are_read_in_every_form_and_masked_to_their_network() {
        let read = |node| address(node).unwrap().to_string();
        assert_eq!(read("192.0.2.1:80"), "192.0.2.1");
        assert_eq!(read("[2001:db8::1]"), "2001:db8::1");
        assert_eq!(read("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(masked(address("2001:db8:1:2:3::4").unwrap()).to_string(), "2001:db8:1::");
    }
}
