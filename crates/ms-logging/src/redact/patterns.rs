//! Credentials that are known by their looks.

use super::rules::{Found, is_word};
use super::view::SOFT_SPACE;
use super::{Kind, makes};

pub(super) const SCHEMES: [&str; 6] = ["bearer", "basic", "digest", "negotiate", "token", "apikey"];
const SHORTEST: usize = 8;
/// `PID|||||A`, and shorter than any password in a sentence.
const SHORTEST_PROSE: usize = 8;
/// The longest head of a token, so that many that begin like one cost no look at all of the text each.
const LONGEST_HEAD: usize = 8192;
/// So long a word is a credential even without a digit.
const SURELY: usize = 20;

/// Whether a text may hold `--password x`, `-p x`, `PASSWORD 'x'` or `["password","x"]`.
pub(crate) fn may_hold_option(text: &str) -> bool {
    text.as_bytes().windows(3).any(|three| {
        matches!(
            three,
            [b'-', b'-', _]
                | [b' ' | b'(' | b'[' | b',', b'\'' | b'"' | b'`', _]
                | [b' ', b'-', b'p' | b'a' | b'w' | b'u']
        )
    })
}

/// Whether a text without digits and signs may hold a credential, or a sentence that tells a password.
pub(crate) fn may_hold_credential(text: &str) -> bool {
    let bare = |three: &[u8]| {
        matches!(
            three,
            b"eyJ"
                | [b'e' | b'E', b'r' | b'R', b' ' | b'"' | b'\'']
                | [b'i' | b'I', b'c' | b'C', b' ' | b'"' | b'\'']
                | b"swo"
                | b"SWO"
                | b"ssw"
                | b"SSW"
                | b"ssp"
                | b"ssc"
                | b"fre"
                | b"FRE"
                | b"rol"
                | b"ROL"
                | b"oke"
                | b"OKE"
                | b"ecr"
                | b"ECR"
                | [b'p' | b'P', b'w' | b'W', b'd' | b'D' | b' ']
                | [b'a' | b'A', b's' | b'S', b's' | b'S']
                | [b'p' | b'P', b'i' | b'I', b'n' | b'N']
                | [b'k' | b'K', b'e' | b'E', b'y' | b'Y']
                | [b'n' | b'N', b'a' | b'A', b'h' | b'H']
                // A segment of HL7.
                | b"PID"
                // A space that does not break, behind a scheme.
                | [b'r' | b'R' | b'c' | b'C', 0xc2, _]
        )
    };
    text.len() >= SHORTEST_PROSE
        && text.as_bytes().windows(3).any(|three| bare(three) || makes::may_hold(three))
}

/// Looks at the letter at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let rest = text.get(at..)?;
    if rest.starts_with("eyJ") && at >= found.token_end {
        if let Some(length) = jwt(rest) {
            found.add(Kind::Jwt, at, at + length);
            return Some(at + length);
        }
        found.token_end = at + token_length(rest);
    }
    let first = *rest.as_bytes().first()?;
    if let Some(end) = makes::at(text, at, found) {
        return Some(end);
    }
    let (scheme, length) = matches!(first, b'b' | b'B').then(|| credential_after_scheme(rest))??;
    found.add(Kind::Bearer, at + scheme, at + scheme + length);
    Some(at + scheme + length)
}

/// The length of a token that a text begins with: parts of base64url, the first of which is a JSON object. A token that
/// was cut has at least two.
pub(super) fn jwt(text: &str) -> Option<usize> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let part = |from: usize| text.as_bytes().iter().skip(from).take_while(|byte| is_part(byte)).count();
    let head =
        text.starts_with("eyJ").then(|| text.bytes().take(LONGEST_HEAD).take_while(is_part).count())?;
    if head < 10 || text.as_bytes().get(head) != Some(&b'.') || part(head + 1) < 2 {
        return None;
    }
    let length = text.bytes().take_while(|byte| is_part(byte) || *byte == b'.').count();
    text.get(..length).map(|token| token.trim_end_matches('.').len())
}

/// `Bearer abc…` without a name before it: where the credential begins, and its length.
fn credential_after_scheme(text: &str) -> Option<(usize, usize)> {
    let scheme = scheme(text)?;
    let rest = text.get(scheme..)?;
    let spaces = rest.bytes().take_while(|byte| matches!(*byte, b' ' | SOFT_SPACE | b'"' | b'\'')).count();
    let credential = rest.get(spaces..).filter(|_| spaces > 0)?;
    let length = token_length(credential);
    let token = credential.get(..length)?;
    // `token_type=bearer expires_in=3600`.
    if token.trim_end_matches('=').contains('=') {
        return None;
    }
    let telling = token.bytes().any(|byte| byte.is_ascii_digit())
        || length >= SURELY
        || token.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
            && token.bytes().any(|byte| byte.is_ascii_lowercase());
    (length >= SHORTEST && telling).then_some((scheme + spaces, length))
}

/// The length of the scheme's name that the text begins with.
pub(crate) fn scheme(text: &str) -> Option<usize> {
    SCHEMES.iter().map(|scheme| scheme.len()).zip(SCHEMES).find_map(|(length, scheme)| {
        let same = text.get(..length)?.eq_ignore_ascii_case(scheme);
        let ends = !is_word(text.as_bytes().get(length).copied());
        (same && ends).then_some(length)
    })
}

/// Base64 in both alphabets, and what RFC 6750 allows besides.
fn token_length(text: &str) -> usize {
    let fits = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'-')
    };
    let length = text.bytes().take_while(|byte| fits(*byte)).count();
    text.get(..length).map_or(0, |token| token.trim_end_matches('.').len())
}
