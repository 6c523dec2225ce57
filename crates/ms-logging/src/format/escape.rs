//! Escaping, so that one event is one line and a line says what the event said.
//!
//! Escaped in every position and format: C0 and C1 control characters, DEL, the line and paragraph separators, and the
//! characters that turn the direction of writing, with which one text can be made to look like another.

use crate::redact::begins_code;

/// What a byte may mean for escaping and for redaction.
pub(crate) mod class {
    /// A control character, `"` or `\`.
    pub(crate) const ESCAPE: u8 = 1;
    /// The first byte of characters some of which are escaped.
    pub(crate) const LEAD: u8 = 2;
    pub(crate) const DIGIT: u8 = 4;
    /// Signs that values of secrets stand behind or among.
    pub(crate) const SIGN: u8 = 8;
    /// The first byte of full-width forms and of digits of other scripts.
    pub(crate) const WIDE: u8 = 16;
    /// What must be quoted in `key=value`.
    pub(crate) const SPACE: u8 = 32;
    /// Dashes and quotes, which options and quoted secrets begin with.
    pub(crate) const MARK: u8 = 64;
    /// What may begin another way of writing a character.
    pub(crate) const CODE: u8 = 128;
}

const CLASSES: [u8; 256] = classes();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, within the table's length")]
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'"' => class::ESCAPE | class::MARK,
            0..=0x1f | b'\\' | 0x7f => class::ESCAPE,
            0xc2 | 0xd8 | 0xe2 => class::LEAD,
            0xef => class::LEAD | class::WIDE,
            b'0'..=b'9' => class::DIGIT,
            b'=' | b':' | b'@' | b'%' | b'>' | b'&' => class::SIGN,
            b' ' => class::SPACE,
            b'-' | b'\'' => class::MARK,
            b'`' => class::MARK,
            // Digits of other scripts.
            0xd9 | 0xdb => class::WIDE,
            _ => 0,
        };
        if begins_code(byte as u8) {
            table[byte] |= class::CODE;
        }
        byte += 1;
    }
    table
}

/// All classes that occur in `bytes`.
pub(crate) fn scan(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |seen, byte| seen | class_of(*byte))
}

pub(crate) fn class_of(byte: u8) -> u8 {
    // A table of 256 has an entry for each byte.
    CLASSES.get(usize::from(byte)).copied().unwrap_or(class::ESCAPE)
}

/// Writes the inside of a JSON string.
pub(crate) fn json(out: &mut Vec<u8>, text: &str) {
    json_of(out, text, scan(text.as_bytes()));
}

/// The same for a text of these classes.
pub(crate) fn json_of(out: &mut Vec<u8>, text: &str, classes: u8) {
    escaped(out, text, classes, |out, special| match special {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        // All escaped characters lie in the basic plane.
        other => unit(out, b"\\u", other as u32),
    });
}

/// Writes a message of the text format: quotes and backslashes stay as they are, as in Python.
pub(crate) fn plain(out: &mut Vec<u8>, text: &str) {
    plain_of(out, text, scan(text.as_bytes()));
}

/// The same for a text of these classes.
pub(crate) fn plain_of(out: &mut Vec<u8>, text: &str, classes: u8) {
    escaped(out, text, classes, |out, special| match special {
        '"' | '\\' => out.push(special as u8),
        other => control(out, other),
    });
}

/// Writes the inside of a quoted value of the text format; the text is of these classes.
pub(crate) fn quoted_of(out: &mut Vec<u8>, text: &str, classes: u8) {
    escaped(out, text, classes, |out, special| match special {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        other => control(out, other),
    });
}

fn control(out: &mut Vec<u8>, character: char) {
    match character {
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        other if (other as u32) < 0x100 => hex(out, b"\\x", other as u32, 2),
        other => unit(out, b"\\u", other as u32),
    }
}

fn unit(out: &mut Vec<u8>, prefix: &[u8], value: u32) {
    hex(out, prefix, value, 4);
}

fn hex(out: &mut Vec<u8>, prefix: &[u8], value: u32, digits: u32) {
    out.extend_from_slice(prefix);
    for place in (0..digits).rev() {
        let digit = (value >> (4 * place)) & 0xf;
        out.push(char::from_digit(digit, 16).map_or(b'0', |digit| digit as u8));
    }
}

/// Copies `text`, handing what must not stay as it is, and `"` and `\`, to `special`.
fn escaped(out: &mut Vec<u8>, text: &str, classes: u8, special: impl Fn(&mut Vec<u8>, char)) {
    let bytes = text.as_bytes();
    if classes & (class::ESCAPE | class::LEAD) == 0 {
        out.extend_from_slice(bytes);
        return;
    }
    let mut copied = 0;
    for (at, character) in text.char_indices() {
        if is_special(character) {
            out.extend_from_slice(bytes.get(copied..at).unwrap_or_default());
            special(out, character);
            copied = at + character.len_utf8();
        }
    }
    out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
}

pub(crate) fn is_special(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}' | '"' | '\\' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn with(write: fn(&mut Vec<u8>, &str), text: &str) -> String {
        let mut out = Vec::new();
        write(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn controls_and_turned_text_are_spelled_out() {
        let hostile = "a\n\r\t\u{1b}[31m\0\u{7f}\u{85}\u{2028}\u{202e}b\"\\";
        assert_eq!(with(json, hostile), r#"a\n\r\t\u001b[31m\u0000\u007f\u0085\u2028\u202eb\"\\"#);
        assert_eq!(with(plain, hostile), r#"a\n\r\t\x1b[31m\x00\x7f\x85\u2028\u202eb"\"#);
        let quoted = |out: &mut Vec<u8>, text: &str| quoted_of(out, text, scan(text.as_bytes()));
        assert_eq!(with(quoted, hostile), r#"a\n\r\t\x1b[31m\x00\x7f\x85\u2028\u202eb\"\\"#);
    }

    #[test]
    fn turkish_letters_and_emoji_stay() {
        let text = "Ayşe Yılmaz İĞÜÇÖ — “ok” 👩‍⚕️ é";
        assert_eq!(with(json, text), text);
        assert_eq!(with(plain, text), text);
    }

    proptest! {
        #[test]
        fn json_means_what_was_said(text in any::<String>()) {
            let json = format!("\"{}\"", with(json, &text));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn every_special_character_has_a_class(character in any::<char>()) {
            let mut bytes = [0; 4];
            let classes = scan(character.encode_utf8(&mut bytes).as_bytes());
            prop_assert!(!is_special(character) || classes & (class::ESCAPE | class::LEAD) != 0);
        }
    }
}
