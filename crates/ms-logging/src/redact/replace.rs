//! What stands in the place of a value that was taken out.

use std::borrow::Cow;
use std::fmt;

use hmac::Mac as _;

use super::Kind;
use crate::mac::{Mac, keyed};

/// What stands in the place of a value that was taken out.
pub(crate) const REDACTED: &str = "[redacted]";
/// The beginning of a tag that tells one person from another.
const HASHED: &str = "[redacted:";
/// Letters of a hash, four bits each.
const HASH_LETTERS: usize = 16;

/// What is written in the place of what was found; see [`Redactor::mode`](crate::Redactor::mode).
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum RedactMode {
    /// `[redacted]`.
    #[default]
    Mask,
    /// `[redacted:gkdnmpaoelhgfbca]`: the same letters for the same value, whatever its spelling, so that the lines about one
    /// person can be followed without naming them. Passwords and tokens are masked.
    Hash(HashKey),
    /// Nothing at all; a field named for such a value is left out.
    Drop,
}

/// The key of [`RedactMode::Hash`]. Who has it can find out whose a hash is by trying all numbers; without it nobody can.
#[derive(Clone)]
pub struct HashKey(Mac);

impl HashKey {
    /// Makes a key of a secret: 32 random bytes, say. All processes whose logs are compared need the same one.
    pub fn new(secret: &[u8]) -> Self {
        Self(keyed(secret))
    }

    /// HMAC-SHA-256 of a value, as letters: digits might be taken for somebody's number once more.
    fn tag(&self, kind: Kind, value: &str) -> String {
        let mac = self.0.clone().chain_update(kind.as_str()).chain_update([0]);
        let digest = mac.chain_update(canonical(kind, value).as_bytes()).finalize().into_bytes();
        let mut tag = String::with_capacity(HASHED.len() + HASH_LETTERS + 1);
        tag.push_str(HASHED);
        for byte in digest.iter().take(HASH_LETTERS / 2) {
            tag.extend([byte >> 4, byte & 0xf].map(|half| char::from(b'a' + half)));
        }
        tag.push(']');
        tag
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashKey")
    }
}

impl RedactMode {
    /// What stands in the place of a value.
    pub(crate) fn replacement(&self, kind: Kind, value: &str) -> Cow<'static, str> {
        match self {
            Self::Hash(key) if kind.is_personal() => Cow::Owned(key.tag(kind, value)),
            Self::Mask | Self::Hash(_) => Cow::Borrowed(REDACTED),
            Self::Drop => Cow::Borrowed(""),
        }
    }

    pub(crate) fn is_drop(&self) -> bool {
        matches!(self, Self::Drop)
    }
}

/// The length of what was put in the place of a value, if the text begins with that.
pub(crate) fn tag(text: &str) -> Option<usize> {
    if text.starts_with(REDACTED) {
        return Some(REDACTED.len());
    }
    let rest = text.strip_prefix(HASHED)?;
    let letters = rest.bytes().take_while(|byte| matches!(byte, b'a'..=b'p')).count();
    let closed = rest.as_bytes().get(letters) == Some(&b']');
    (letters == HASH_LETTERS && closed).then_some(HASHED.len() + HASH_LETTERS + 1)
}

/// One spelling of a value, so that one person has one hash.
fn canonical(kind: Kind, value: &str) -> Cow<'_, str> {
    let plain = super::view::View::of(value, true).text.into_owned();
    match kind {
        Kind::Tckn | Kind::Card => Cow::Owned(plain.chars().filter(char::is_ascii_digit).collect()),
        Kind::Phone => {
            let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
            // A Turkish number with and without its country code or zero.
            let national = digits.trim_start_matches('0');
            let national =
                national.strip_prefix("90").filter(|rest| rest.trim_start_matches('0').len() == 10);
            let local = national.unwrap_or(&digits).trim_start_matches('0').to_owned();
            Cow::Owned(local)
        }
        Kind::Iban => {
            let letters = plain.chars().filter(char::is_ascii_alphanumeric);
            Cow::Owned(letters.map(|letter| letter.to_ascii_uppercase()).collect())
        }
        Kind::Email => Cow::Owned(plain.to_lowercase()),
        Kind::PatientName => {
            let words =
                plain.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
            Cow::Owned(words.map(super::keys::folded).collect::<Vec<_>>().join(" "))
        }
        _ => Cow::Owned(plain),
    }
}
