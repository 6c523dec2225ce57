//! The text that a name stands for, and where it ends.

use super::REDACTED;
use super::pair::LONGEST_NAME;
use super::view::SOFT_SPACE;

/// What stands for no value, or tells of it without saying it, as in `(using password: YES)`.
const NOTHING: &[&str] = &[
    "null",
    "none",
    "nil",
    "true",
    "false",
    "undefined",
    "yok",
    "var",
    "<nil>",
    "-",
    "yes",
    "no",
    "ok",
    "set",
    "unset",
    "empty",
    "missing",
    "required",
    "valid",
    "invalid",
    "expired",
    "enabled",
    "disabled",
    "evet",
    "hayır",
    "boş",
    "eksik",
    "zorunlu",
    "gerekli",
    "geçerli",
    "geçersiz",
    "hatalı",
];

/// The text that a name stands for.
#[derive(Debug)]
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
}

impl<'a> Value<'a> {
    pub(super) fn behind(text: &'a str, at: usize) -> Option<Self> {
        let rest = text.get(at..)?;
        let gap =
            rest.len() - rest.trim_start_matches([' ', '=', '>', ':', '\t', char::from(SOFT_SPACE)]).len();
        let mut start = at + gap;
        for wrapper in ["Some(", "Ok(", "(", "[", "b\"", "String(", "Secret("] {
            // What was redacted before stands in brackets too.
            if text.get(start..)?.starts_with(wrapper) && !text.get(start..)?.starts_with(REDACTED) {
                start += wrapper.trim_end_matches('"').len();
            }
        }
        let rest = text.get(start..)?;
        let slashes = rest.len() - rest.trim_start_matches('\\').len();
        let quote = rest.as_bytes().get(slashes).copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        if let Some(quote) = quote {
            let start = start + slashes + 1;
            let end = start + closing(text.get(start..)?.as_bytes(), quote, slashes);
            return Some(Self { text, start, end, quoted: true });
        }
        let end = start + unquoted(rest);
        Some(Self { text, start, end, quoted: false })
    }

    pub(super) fn get(&self) -> &'a str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn is_nothing(&self) -> bool {
        let value = self.get();
        value.is_empty()
            || self.text.get(self.start..).is_some_and(|rest| rest.starts_with(REDACTED))
            || NOTHING.iter().any(|nothing| value.eq_ignore_ascii_case(nothing))
            || value.bytes().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X'))
    }

    /// Everything to the end of the line.
    pub(super) fn to_end_of_line(&self) -> usize {
        let rest = self.text.get(self.start..).unwrap_or_default();
        if self.quoted { self.end } else { self.start + rest.find(['\n', '\r', '"']).unwrap_or(rest.len()) }
    }
}

/// Where a quoted text ends: at the quote with as many backslashes as the first.
fn closing(text: &[u8], quote: u8, slashes: usize) -> usize {
    let mut run = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'\\' => run += 1,
            _ if *byte == quote && (run == slashes || (slashes == 0 && run % 2 == 0)) => return at - slashes,
            _ => run = 0,
        }
    }
    text.len()
}

/// Where a bare value ends. Signs are part of a password unless they separate it from what follows.
pub(super) fn unquoted(text: &str) -> usize {
    for (at, character) in text.char_indices() {
        let separator = matches!(
            character,
            ',' | ';' | '&' | ')' | ']' | '}' | '|' | '"' | '\'' | '\\' | '<' | '>' | '`'
        );
        if character.is_whitespace() || separator && separates(text.get(at + 1..).unwrap_or_default()) {
            return at;
        }
    }
    text.len()
}

fn separates(rest: &str) -> bool {
    let Some(first) = rest.chars().next() else { return true };
    if first.is_whitespace()
        || matches!(first, ',' | ';' | '&' | ')' | ']' | '}' | '|' | '"' | '\'' | '\\' | '{' | '[')
    {
        return true;
    }
    let name = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.')).unwrap_or(0);
    name > 0
        && name <= LONGEST_NAME
        && rest.as_bytes().get(name).is_some_and(|byte| matches!(byte, b'=' | b':'))
}
