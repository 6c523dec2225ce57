//! How records are bound together.

use std::fmt::Write as _;

use hmac::Mac as _;
use sha2::{Digest as _, Sha256};

use super::AuditKey;
use super::receipt::Recorded;
use crate::mac::keyed;

/// The hash before the first record.
const NONE: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const DIGITS: usize = NONE.len();
const SEQ: &str = ",\"seq\":";
const PREV: &str = ",\"prev\":\"";
const HASH: &str = ",\"hash\":\"";
const END: &str = "\"}";

/// The end of a chain, to which the next record is bound.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    key: Option<AuditKey>,
    last: Option<Recorded>,
}

/// A record taken apart.
pub(super) struct Link<'a> {
    /// Everything before the hash.
    bound: &'a str,
    pub(super) seq: u64,
    pub(super) prev: &'a str,
    pub(super) hash: &'a str,
}

impl Chain {
    pub(super) fn new(key: Option<AuditKey>) -> Self {
        Self { key, last: None }
    }

    pub(super) fn last(&self) -> Option<&Recorded> {
        self.last.as_ref()
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.seq).saturating_add(1)
    }

    pub(super) fn last_hash(&self) -> &str {
        self.last.as_ref().map_or(NONE, |last| &last.hash)
    }

    /// Goes on behind a record.
    pub(super) fn follow(&mut self, seq: u64, hash: &str) {
        self.last = Some(Recorded { seq, hash: hash.to_owned() });
    }

    /// Ends the record that `line` begins, up to its data, and goes on behind it.
    pub(super) fn bind(&mut self, line: &mut String) -> Recorded {
        let seq = self.next_seq();
        let prev = self.last_hash();
        // A string takes everything.
        let _ = write!(line, "{SEQ}{seq}{PREV}{prev}\"");
        let hash = self.hash(line);
        line.extend([HASH, &hash, END, "\n"]);
        let recorded = Recorded { seq, hash };
        self.last = Some(recorded.clone());
        recorded
    }

    /// Tells whether the link has the hash that it claims.
    pub(super) fn holds(&self, link: &Link<'_>) -> bool {
        self.hash(link.bound) == link.hash
    }

    fn hash(&self, bound: &str) -> String {
        let digest: [u8; 32] = match &self.key {
            Some(key) => keyed(&key.0).chain_update(bound).finalize().into_bytes().into(),
            None => Sha256::digest(bound.as_bytes()).into(),
        };
        let mut digits = String::with_capacity(DIGITS);
        for byte in digest {
            let _ = write!(digits, "{byte:02x}");
        }
        digits
    }
}

impl<'a> Link<'a> {
    /// Takes a line without its line feed apart, from its end on: nothing in the data can pose as what stands there.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let (bound, hash) = hash_at_end(line.strip_suffix(END)?, HASH)?;
        let (rest, prev) = hash_at_end(bound.strip_suffix('"')?, PREV)?;
        let (_, seq) = rest.rsplit_once(SEQ)?;
        let seq = seq.parse().ok().filter(|_| seq.bytes().all(|digit| digit.is_ascii_digit()))?;
        serde_json::from_str::<serde::de::IgnoredAny>(line).ok()?;
        Some(Self { bound, seq, prev, hash })
    }
}

/// What stands before `name` and the hash behind it.
fn hash_at_end<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let (before, hash) = text.split_at_checked(text.len().checked_sub(DIGITS)?)?;
    let is_hash = hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    Some((before.strip_suffix(name)?, hash)).filter(|_| is_hash)
}
