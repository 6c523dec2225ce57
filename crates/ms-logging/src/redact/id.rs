//! Ids and digests: long words of hexadecimal digits, in which some digits look like somebody's number.

use super::rules::is_hex_digit;

/// A hexadecimal word of this length is a digest or an id.
const SHORTEST: usize = 16;
/// How far around a number its word is looked at.
const NEAR: usize = 64;
/// The groups of a UUID.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];

/// Whether the digits from `start` to `end` are part of an id.
pub(crate) fn is_around(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let touches = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'-');
    let touched = touches(bytes.get(end)) || touches(start.checked_sub(1).and_then(|at| bytes.get(at)));
    touched && (is_hex(bytes, start, end) || is_uuid(bytes, start, end))
}

/// Whether a text is a UUID and nothing else. Its digits are nobody's, whichever they are, and it holds no name.
pub(crate) fn is_one(text: &str) -> bool {
    let bytes = text.as_bytes();
    let dash = |at: usize| bytes.get(at) == Some(&b'-');
    let digits = |from: usize, to: usize| {
        bytes.get(from..to).is_some_and(|group| group.iter().all(|byte| is_hex_digit(*byte)))
    };
    bytes.len() == 36
        && [8, 13, 18, 23].into_iter().all(dash)
        && [(0, 8), (9, 13), (14, 18), (19, 23), (24, 36)].into_iter().all(|(from, to)| digits(from, to))
}

fn is_hex(bytes: &[u8], start: usize, end: usize) -> bool {
    let (from, to) = word(bytes, start, end, |byte| byte.is_ascii_alphanumeric());
    let word = bytes.get(from..to).unwrap_or_default();
    let digits = word.strip_prefix(b"0x").unwrap_or(word);
    digits.len() + 4 >= SHORTEST
        && (digits.len() >= SHORTEST || digits.len() < word.len())
        && digits.len() > end - start
        && digits.iter().all(u8::is_ascii_hexdigit)
}

fn is_uuid(bytes: &[u8], start: usize, end: usize) -> bool {
    let (from, to) = word(bytes, start, end, |byte| byte.is_ascii_hexdigit() || byte == b'-');
    let groups = bytes.get(from..to).unwrap_or_default().split(|byte| *byte == b'-').map(<[u8]>::len);
    groups.eq(UUID)
}

/// The bytes around a place that fit.
fn word(bytes: &[u8], start: usize, end: usize, fits: impl Fn(u8) -> bool) -> (usize, usize) {
    let front = bytes.get(..start).unwrap_or_default().iter().rev().take(NEAR);
    let back = bytes.get(end..).unwrap_or_default().iter().take(NEAR);
    let count = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|byte| fits(**byte)).count();
    (start - count(&mut { front }), end + count(&mut { back }))
}

#[cfg(test)]
mod tests {
    use super::is_around;

    fn check(text: &str, number: &str) -> bool {
        let start = text.find(number).unwrap();
        is_around(text, start, start + number.len())
    }

    #[test]
    fn digests_and_uuids_are_ids_and_names_are_not() {
        assert!(check("sha a10000000146bcdef", "10000000146"));
        assert!(check("ip 0xede04421170126a9", "04421170126"));
        assert!(check("id=91a90b79-bdee-4d7e-ba07-f10000000146 x", "10000000146"));
        assert!(!check("tc10000000146rec", "10000000146"));
        assert!(!check("fa10000000146", "10000000146"));
        assert!(!check("hasta-10000000146-kabul", "10000000146"));
        assert!(!check("4111111111111111", "4111111111111111"));
    }
}
