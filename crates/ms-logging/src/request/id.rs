//! Ids of requests.

use http::HeaderValue;
use http::header::HeaderName;

use crate::ids::Digits;

/// The header that carries the id, in requests and in responses.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST: usize = 128;

/// What names one request in the log, in the response and to other services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// Takes a plausible id over; anything else could be a line of somebody's making.
    pub(super) fn of(header: Option<&HeaderValue>) -> Self {
        let fits = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let plausible = |id: &&HeaderValue| {
            let id = id.as_bytes();
            !id.is_empty() && id.len() <= LONGEST && id.iter().all(fits)
        };
        match header.filter(plausible) {
            Some(id) => Self(id.clone()),
            None => Self(made()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    pub(super) fn to_header(&self) -> HeaderValue {
        self.0.clone()
    }
}

fn made() -> HeaderValue {
    let digits = Digits::<32>::random();
    HeaderValue::from_str(digits.as_str()).unwrap_or_else(|_| HeaderValue::from_static("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plausible_ids_are_kept_and_others_replaced() {
        let of = |text: &[u8]| RequestId::of(Some(&HeaderValue::from_bytes(text).unwrap()));
        assert_eq!(of(b"a-1_b.C").as_str(), "a-1_b.C");
        for odd in [&b""[..], b"a b", b"\xff", b"x\"y", &[b'a'; 129]] {
            assert_eq!(of(odd).as_str().len(), 32, "{odd:?}");
        }
        assert_ne!(RequestId::of(None), RequestId::of(None));
    }
}
