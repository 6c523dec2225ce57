//! Ids of requests.

use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::BuildHasher as _;

use http::HeaderValue;

const LONGEST: usize = 128;

/// What names one request in the log, in the response and to other services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// Takes a plausible id over; anything else could be a line of somebody's making.
    pub(crate) fn of(header: Option<&HeaderValue>) -> Self {
        let plausible = |id: &&str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            !id.is_empty() && id.len() <= LONGEST && id.bytes().all(fits)
        };
        match header.and_then(|header| header.to_str().ok()).filter(plausible) {
            Some(id) => Self(id.to_owned()),
            None => Self(random_hex()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// 128 bits as 32 digits, different for each call and not to be foreseen without the keys of the process.
pub(crate) fn random_hex() -> String {
    thread_local! {
        static SOURCE: (RandomState, RandomState, Cell<u64>) =
            (RandomState::new(), RandomState::new(), const { Cell::new(0) });
    }
    let (high, low) = SOURCE.with(|(high, low, count)| {
        count.set(count.get().wrapping_add(1));
        (high.hash_one(count.get()), low.hash_one(count.get()))
    });
    let mut hex = String::with_capacity(32);
    // Writing to a String cannot fail.
    let _ = write!(hex, "{high:016x}{low:016x}");
    hex
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
