//! One pass over a text: what a byte may begin or end is tried there.

use super::{Kind, Span};
use super::{address, number, pair, patterns};

/// Finds everything, in order.
pub(crate) fn find(text: &str, keys: &[String]) -> Vec<Span> {
    let mut found = Found::default();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let next = match byte {
            b'0'..=b'9' => number::at(text, at, &mut found),
            b':' if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"://")) => {
                address::url_secret(text, at, &mut found).unwrap_or(at + 3)
            }
            b':' | b'=' => pair::at(text, at, keys, &mut found).unwrap_or(at + 1),
            b'>' => pair::element(text, at, &mut found).unwrap_or(at + 1),
            b'@' => address::email(text, at, &mut found).unwrap_or(at + 1),
            b'-' => {
                let option = pair::option(text, at, &mut found).or_else(|| pair::login(text, at, &mut found));
                option.unwrap_or(at + 1)
            }
            b'\'' | b'"' => pair::quoted(text, at, &mut found).unwrap_or(at + 1),
            b'a'..=b'z' | b'A'..=b'Z' => patterns::at(text, at, &mut found).unwrap_or(at + 1),
            _ => at + 1,
        };
        at = next.max(at + 1);
    }
    found.spans
}

/// The spans so far.
#[derive(Default)]
pub(crate) struct Found {
    spans: Vec<Span>,
    end: usize,
}

impl Found {
    /// The later of two ends.
    pub(crate) fn end_or(&self, end: usize) -> usize {
        self.end.max(end)
    }

    /// Adds a span; what it shares with the last one belongs to that.
    pub(crate) fn add(&mut self, kind: Kind, start: usize, end: usize) {
        if end <= self.end {
            return;
        }
        match self.spans.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => self.spans.push(Span { kind, start, end }),
        }
        self.end = end;
    }
}

/// The byte before `at`.
pub(crate) fn before(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at.checked_sub(1)?).copied()
}

/// Whether a byte belongs to a word of letters and digits.
pub(crate) fn is_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80)
}
