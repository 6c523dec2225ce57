//! Which addresses a request may go to.
//!
//! Whoever can change a URL, or a name's address, must not be able to reach what only this machine or its network can. The
//! ranges are those of IANA's registries of special addresses for [IPv4] and [IPv6].
//!
//! [IPv4]: https://www.iana.org/assignments/iana-ipv4-special-registry
//! [IPv6]: https://www.iana.org/assignments/iana-ipv6-special-registry

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can be reached at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anybody's.
    Public,
    /// This machine, or a network of one's own.
    Internal,
    /// No host that takes alerts: link-local, metadata of a cloud, multicast, reserved.
    Nobody,
}

/// Where clouds tell a machine its credentials, outside the link-local range.
const METADATA: [IpAddr; 5] = [
    // Azure
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    // Alibaba
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    // Google
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    // Oracle
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
    // Scaleway
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

impl Reach {
    pub(super) fn of(address: IpAddr) -> Self {
        if METADATA.contains(&address) {
            return Self::Nobody;
        }
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [10 | 127, ..] | [172, 16..32, ..] | [192, 168, ..] | [100, 64..128, ..] => Self::Internal,
            [0 | 224..=255, ..]
            | [169, 254, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _] => Self::Nobody,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let embedded = |high: u16, low: u16| {
            Self::of(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into())
        };
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Internal,
            // Mapped, compatible, translated; 6to4. What they lead to counts.
            [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                embedded(high, low)
            }
            [0x2002, high, low, ..] => embedded(high, low),
            // Amazon's services of an instance: metadata, credentials of pods, clock, names.
            [0xfd00, 0xec2, ..] => Self::Nobody,
            [0xfc00..=0xfdff, ..] => Self::Internal,
            // The rest of what is global; of that, Teredo and others of IETF's own, documentation.
            [0x2001, 0..0x200, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..0x1000, ..] => Self::Nobody,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Nobody,
        }
    }

    /// Whether it may be called, by somebody who may call `Internal` ones or not.
    pub(super) fn is_allowed(self, internal: bool) -> bool {
        match self {
            Self::Public => true,
            Self::Internal => internal,
            Self::Nobody => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_what_the_registries_say() {
        for (reach, addresses) in [
            (
                Reach::Public,
                "1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 \
                 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 \
                 2606:4700::1111 2001:4860:4860::8888 2003:: 2a00::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8 2002:808:808::1",
            ),
            (
                Reach::Internal,
                "10.0.0.0 10.255.255.255 127.0.0.1 127.255.255.254 100.64.0.0 100.127.255.255 172.16.0.1 172.31.255.255 \
                 192.168.0.1 ::1 ::ffff:127.0.0.1 ::ffff:10.1.2.3 ::127.0.0.1 fc00:: fd12:3456::1 64:ff9b::10.0.0.1 \
                 2002:7f00:1::1 2002:a00:1::",
            ),
            (
                Reach::Nobody,
                "0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.7 \
                 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 100.100.100.200 168.63.129.16 fd00:ec2::254 fd00:ec2::23 fd20:ce::254 fd00:c1::a9fe:a9fe \
                 fd00:42::42 :: \
                 fe80::1 fec0::1 ff02::1 ::ffff:169.254.169.254 ::169.254.169.254 64:ff9b::169.254.169.254 64:ff9b:1::1 \
                 2002:a9fe:a9fe:: 2001::1 2001:db8::1 3fff::1 100::1 5f00::1 4000::1",
            ),
        ] {
            for address in addresses.split_whitespace() {
                assert_eq!(Reach::of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }
}
