//! International bank account numbers.

use super::rules::{before, is_word};
use super::view::SOFT_SPACE;

/// Lengths of account numbers by country.
const IBANS: &[(&[u8; 2], usize)] = &[
    (b"TR", 26),
    (b"DE", 22),
    (b"GB", 22),
    (b"FR", 27),
    (b"NL", 18),
    (b"IT", 27),
    (b"ES", 24),
    (b"AT", 20),
    (b"BE", 16),
    (b"CH", 21),
    (b"SE", 24),
    (b"NO", 15),
    (b"DK", 18),
    (b"FI", 18),
    (b"PL", 28),
    (b"PT", 25),
    (b"GR", 27),
    (b"RO", 24),
    (b"BG", 22),
    (b"CZ", 24),
    (b"HU", 28),
    (b"IE", 22),
    (b"LU", 20),
    (b"CY", 28),
    (b"AE", 23),
    (b"SA", 24),
    (b"QA", 29),
    (b"KW", 30),
    (b"AZ", 28),
    (b"GE", 22),
    (b"UA", 29),
    (b"RS", 22),
    (b"HR", 21),
    (b"SI", 19),
    (b"SK", 24),
    (b"LT", 20),
    (b"LV", 21),
    (b"EE", 20),
    (b"MT", 31),
    (b"IL", 23),
];

/// An account number whose first digit is at `at`: in one run, or in groups of four.
pub(crate) fn find(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let start = country(text, at)?;
    let code = bytes.get(start..start + 2)?.to_ascii_uppercase();
    let length = IBANS.iter().find(|(known, _)| known[..] == code[..]).map(|(_, length)| *length)?;
    let mut value = Vec::with_capacity(length);
    value.extend_from_slice(&code);
    let mut end = at;
    while value.len() < length {
        match *bytes.get(end)? {
            byte if byte.is_ascii_alphanumeric() => value.push(byte.to_ascii_uppercase()),
            b' ' | SOFT_SPACE | b'-' | b'.' | b'+'
                if value.len().is_multiple_of(4) && is_word(before(text, end)) => {}
            _ => return None,
        }
        end += 1;
    }
    (!is_word(bytes.get(end).copied()) && mod97(&value)).then_some((start, end))
}

/// Where the two letters before an account number begin.
fn country(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let start = at.checked_sub(2)?;
    if bytes.get(start..at)?.iter().all(u8::is_ascii_alphabetic) {
        // Glued to a word, only what is written as it should be counts.
        let turkish = bytes.get(start..at) == Some(b"TR");
        return (turkish || !is_word(before(text, start))).then_some(start);
    }
    let start = start.checked_sub(1)?;
    let spaced =
        bytes.get(start..start + 2) == Some(b"TR") && matches!(before(text, at), Some(b' ' | SOFT_SPACE));
    (spaced && !is_word(before(text, start))).then_some(start)
}

fn mod97(iban: &[u8]) -> bool {
    let (head, tail) = iban.split_at(4.min(iban.len()));
    let rest = tail.iter().chain(head).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    rest == 1
}
