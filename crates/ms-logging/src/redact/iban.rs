//! International bank account numbers.

use super::rules::{before, begins_word, end_of_word, is_word};
use super::view::SOFT_SPACE;

/// Lengths of account numbers by country, as in the registry of SWIFT.
#[rustfmt::skip]
const IBANS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20),
    (b"BE", 16), (b"BG", 22), (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28),
    (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24), (b"DE", 22), (b"DJ", 27),
    (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18),
    (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23),
    (b"GL", 18), (b"GR", 27), (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28),
    (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26), (b"IT", 27), (b"JO", 30),
    (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20),
    (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22),
    (b"MK", 19), (b"MN", 20), (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28),
    (b"NL", 18), (b"NO", 15), (b"OM", 23), (b"PK", 24), (b"PL", 28), (b"PS", 29),
    (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27),
    (b"SO", 23), (b"ST", 25), (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26),
    (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20), (b"YE", 30),
];

/// The longest of any country.
const LONGEST: usize = 34;
/// Between two groups.
const MOST_SPACES: usize = 2;

/// Whether numbers of a country begin with these two letters.
pub(crate) fn is_country(two: &[u8]) -> bool {
    IBANS.iter().any(|(known, _)| known.eq_ignore_ascii_case(two))
}

/// An account number whose first digit is at `at`: in one run, or in groups of four.
pub(crate) fn find(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let start = country(text, at)?;
    let code = [bytes.get(start)?.to_ascii_uppercase(), bytes.get(start + 1)?.to_ascii_uppercase()];
    let length = IBANS.iter().find(|(known, _)| **known == code).map(|(_, length)| *length)?;
    let mut room = [0; LONGEST];
    let value = room.get_mut(..length)?;
    value.get_mut(..2)?.copy_from_slice(&code);
    let (mut end, mut known, mut spaces, mut gaps) = (at, 2, 0, 0);
    while known < length {
        let between = known.is_multiple_of(4);
        match *bytes.get(end)? {
            byte if byte.is_ascii_alphanumeric() => {
                *value.get_mut(known)? = byte.to_ascii_uppercase();
                (known, spaces) = (known + 1, 0);
            }
            // Forms write a space as `+`.
            b' ' | b'+' | SOFT_SPACE if between && spaces < MOST_SPACES => {
                (spaces, gaps) = (spaces + 1, gaps + usize::from(spaces == 0));
            }
            b'-' | b'.' | b'_' if between && is_word(before(text, end)) => gaps += 1,
            _ => return None,
        }
        end += 1;
    }
    let next = bytes.get(end).copied();
    let goes_on = begins_word(text, end);
    // Groups of four throughout, or none; else it is words beside an id.
    if gaps != 0 && gaps != (length - 1) / 4 && code != *b"TR" {
        return None;
    }
    // A word may be glued to what is known to have digits alone.
    let ends = !goes_on || code == *b"TR" && !next.is_some_and(|next| next.is_ascii_digit());
    (ends && mod97(value)).then_some((start, end))
}

/// Where the two letters before an account number begin.
fn country(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let start = at.checked_sub(2)?;
    if bytes.get(start..at)?.iter().all(u8::is_ascii_alphabetic) {
        // Glued to a word, only what is written as it should be counts.
        let turkish = bytes.get(start..at).is_some_and(|code| code.eq_ignore_ascii_case(b"TR"));
        return (turkish || end_of_word(text, start).is_empty()).then_some(start);
    }
    let start = start.checked_sub(1)?;
    let spaced = matches!(before(text, at), Some(b' ' | b'+' | SOFT_SPACE));
    (spaced && bytes.get(start..start + 2) == Some(b"TR")).then_some(start)
}

fn mod97(iban: &[u8]) -> bool {
    let (head, tail) = iban.split_at(4.min(iban.len()));
    let rest = tail.iter().chain(head).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    rest == 1
}
