//! Who may read the page.

use std::net::IpAddr;
use std::str::FromStr;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The digest of a bearer token. The token itself is not kept.
#[derive(Clone)]
pub(super) struct Token([u8; 32]);

impl Token {
    /// Nothing if no header could hold it.
    pub(super) fn new(token: &str) -> Option<Self> {
        let can_be_sent = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        can_be_sent.then(|| Self::digest(token.as_bytes()))
    }

    /// Two digests are of one length, and comparing them takes one time: neither length nor beginning can be guessed.
    pub(super) fn is_given_by(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        // A proxy before us may look at another one of two.
        let (Some(value), None) = (given.next(), given.next()) else { return false };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(7) else { return false };
        let Self(digest) = Self::digest(token.trim_ascii());
        scheme.eq_ignore_ascii_case(b"bearer ") && bool::from(digest.ct_eq(&self.0))
    }

    fn digest(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// Addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: u128,
    mask: u128,
}

impl Network {
    pub(super) fn holds(self, address: IpAddr) -> bool {
        bits(address) & self.mask == self.address
    }
}

/// `10.0.0.0/8`, `fd00::/8`, or one address.
impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u32>().map_err(drop)?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(drop)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let free = u32::checked_sub(longest, prefix.unwrap_or(longest)).ok_or(())?;
        // Of IPv4 the 96 bits in front always count.
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        // A bit behind the prefix is a slip of the pen: it is not said which addresses are meant.
        let address = bits(address);
        if address & mask == address { Ok(Self { address, mask }) } else { Err(()) }
    }
}

/// A listener on IPv6 sees IPv4 clients in this way, too.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn networks_hold_their_addresses() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().holds(address.parse().unwrap())
        };
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("10.1.2.3", "::ffff:10.1.2.3", "::a01:203"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::/0", "2001:db8::1", "::"),
        ] {
            assert!(holds(network, inside), "{network} {inside}");
            assert!(!holds(network, outside) || network == "::/0", "{network} {outside}");
        }
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/-1", "a", "10.0.0/8"]
        {
            assert_eq!(wrong.parse::<Network>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_token_opens_and_nothing_else_does() {
        let token = Token::new("0123456789abcdef").unwrap();
        let opens = |value: &'static [u8]| {
            let value = HeaderValue::from_bytes(value).unwrap();
            token.is_given_by(&HeaderMap::from_iter([(AUTHORIZATION, value)]))
        };
        assert!(opens(b"Bearer 0123456789abcdef") && opens(b"bearer  0123456789abcdef "));
        for wrong in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"Bearer 0123456789abcde",
            b"Basic 0123456789abcdef",
            b"0123456789abcdef",
            b"\xff",
        ] {
            assert!(!opens(wrong));
        }
        assert!(!token.is_given_by(&HeaderMap::new()));
        let mut twice = HeaderMap::new();
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer 0123456789abcdef"));
        assert!(token.is_given_by(&twice));
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer another"));
        assert!(!token.is_given_by(&twice), "which of two is meant?");
        for unusable in ["", " ", "a b", "ş", "a\n"] {
            assert!(Token::new(unusable).is_none(), "{unusable:?}");
        }
    }
}
