//! Credentials that are known by their looks.

use super::rules::{Found, is_word};
use super::view::SOFT_SPACE;
use super::{Kind, makes, triples};

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

/// One of each of these bytes in a row, any third one where none is named: parts of the names of schemes and passwords, and of
/// how tokens begin.
pub(super) const TELLING: [[&[u8]; 3]; 52] = [
    [b"e", b"y", b"J"],
    [b"eE", b"rR", b" \"'"],
    [b"iI", b"cC", b" \"'"],
    [b"s", b"w", b"o"],
    [b"S", b"W", b"O"],
    [b"s", b"s", b"wpc"],
    [b"S", b"S", b"W"],
    [b"f", b"r", b"e"],
    [b"F", b"R", b"E"],
    [b"r", b"o", b"l"],
    [b"R", b"O", b"L"],
    [b"o", b"k", b"e"],
    [b"O", b"K", b"E"],
    [b"e", b"c", b"r_"],
    [b"E", b"C", b"R"],
    [b"pP", b"wW", b"dD "],
    [b"aA", b"sS", b"sS"],
    [b"pP", b"iI", b"nN"],
    [b"kK", b"eE", b"yY"],
    [b"nN", b"aA", b"hH"],
    // A segment of HL7.
    [b"P", b"I", b"D"],
    // A space that does not break, behind a scheme.
    [b"rRcC", b"\xc2", b""],
    [b"g", b"h", b"pousr"],
    [b"i", b"t", b"h"],
    [b"ts", b"-", b""],
    [b"sr", b"k", b"_-"],
    [b"g", b"s", b"k"],
    [b"x", b"o", b"x"],
    [b"pf", b"p", b"-"],
    [b"A", b"KS", b"I"],
    [b"A", b"I", b"z"],
    [b"P", b"X", b"-"],
    [b"n", b"p", b"m"],
    [b"p", b"i", b"-_"],
    [b"m", b"s", b"_"],
    [b"S", b"G", b"."],
    [b"h", b"v", b"sbr"],
    [b"h", b"f", b"_"],
    [b"l", b"s", b"a"],
    [b"h", b"p", b"acps"],
    [b"a", b"t", b"_"],
    [b"M", b"A", b"K"],
    [b"s", b"b", b"p"],
    [b"st", b"p", b"-"],
    [b"R", b"A", b"K"],
    [b"i", b"g", b"d"],
    [b"y", b"s", b"_"],
    [b"A", b"C", b"E"],
    [b"u", b"l", b"-"],
    [b"f", b"u", b"t"],
    [b"A", b"G", b"E"],
    [b"k", b"e", b"y"],
];

/// Whether a text without digits and signs may hold a credential, or a sentence that tells a password.
pub(crate) fn may_hold_credential(text: &str) -> bool {
    let those = |three: &[u8]| {
        TELLING.iter().any(|sets| {
            let fits = |(byte, set): (&u8, &&[u8])| set.is_empty() || set.contains(byte);
            three.iter().zip(sets).all(fits)
        })
    };
    text.len() >= SHORTEST_PROSE && triples::TELLING.any(text.as_bytes(), those)
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
