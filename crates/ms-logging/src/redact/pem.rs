//! Private keys in PEM, RFC 7468: `-----BEGIN RSA PRIVATE KEY-----`, base64 and `-----END …`.

use super::rules::Found;
use super::{Kind, replace};

const BEGIN: &str = "-----BEGIN ";
/// Of PGP, `BLOCK` stands behind it.
const PRIVATE_KEY: &str = "PRIVATE KEY";
const DASHES: &str = "-----";
const LONGEST_LABEL: usize = 64;

/// Looks at the dash at `at`. Of a key that was cut, all goes that may be part of it.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let label = text.get(at..)?.strip_prefix(BEGIN)?;
    let near = label.get(..label.floor_char_boundary(LONGEST_LABEL))?;
    let closed = near.find(DASHES)?;
    near.get(..closed)?.contains(PRIVATE_KEY).then_some(())?;
    let start = at + BEGIN.len() + closed + DASHES.len();
    let rest = text.get(start..)?;
    // Line breaks stand as themselves or escaped, and headers may stand before the key.
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || byte.is_ascii_whitespace()
            || matches!(byte, b'+' | b'/' | b'=' | b'\\' | b':' | b',' | b'-' | 1)
    };
    let body = rest.get(..rest.find(DASHES).unwrap_or(rest.len()))?;
    let body = body.get(..body.bytes().position(|byte| !is_part(byte)).unwrap_or(body.len()))?;
    let mut key = body;
    while let Some(rest) = ["\\n", "\\r", "\n", "\r", " "].iter().find_map(|gap| key.strip_prefix(gap)) {
        key = rest;
    }
    let first = body.len() - key.len();
    let key = key.trim_end().trim_end_matches("\\n").trim_end_matches("\\r");
    if key.is_empty() || replace::tag(rest.get(first..)?).is_some() {
        return None;
    }
    found.add(Kind::Password, start + first, start + first + key.len());
    Some(start + first + key.len())
}
