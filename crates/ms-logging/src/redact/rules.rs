//! One pass over a text: what a byte may begin or end is tried there.

use super::keys::Keys;
use super::two_letters::BEGINNINGS;
use super::view::View;
use super::{Kind, Span};
use super::{
    address, code, element, makes, number, option, pair, patterns, pem, prose, segment, sql, webhook,
};

/// Finds everything, in order.
pub(crate) fn find(view: &View<'_>, keys: &Keys) -> Vec<Span> {
    let mut found = Found { view: Some(view), ..Found::none(keys) };
    let text = &*view.text;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let next = match byte {
            b'0'..=b'9' => number::at(text, at, &mut found),
            b':' if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"://")) => {
                let secret = address::url_secret(text, at, &mut found);
                secret.or_else(|| webhook::at(text, at + 3, &mut found)).unwrap_or(at + 3)
            }
            b':' | b'=' => pair::at(text, at, &mut found).unwrap_or(at + 1),
            b'>' if before(text, at) == Some(b'-') => pair::arrow(text, at, &mut found).unwrap_or(at + 1),
            b'>' => element::at(text, at, &mut found).unwrap_or(at + 1),
            b'@' => address::email(text, at, &mut found).unwrap_or(at + 1),
            b'-' => {
                pem::at(text, at, &mut found).or_else(|| option::at(text, at, &mut found)).unwrap_or(at + 1)
            }
            b'\\' => behind_escape(bytes, at),
            b'\'' | b'"' | b'`' => pair::quoted(text, at, &mut found).unwrap_or(at + 1),
            b'a'..=b'z' | b'A'..=b'Z' | 0xc5 => word(text, at, &mut found),
            _ => at + 1,
        };
        at = next.max(at + 1);
    }
    found.into_spans()
}

/// Looks at the word that begins at `at`; what stands within words is looked at by the signs around it.
fn word(text: &str, at: usize, found: &mut Found<'_>) -> usize {
    let bytes = text.as_bytes();
    let first = bytes.get(at).filter(|_| may_begin(text, at));
    let next = match first {
        None => None,
        Some(b'a' | b'A' | b't' | b'T') => prose::at(text, at, found),
        Some(b'P' | b'N') if segment::at(text, at, found) => None,
        Some(b'k' | b'K' | b'p' | b'P' | b's' | b'S' | 0xc5) => {
            prose::at(text, at, found).or_else(|| code::at(text, at, found))
        }
        Some(b'V' | b'v') => sql::values(text, at, found),
        Some(b'c' | b'C' | b'o' | b'O') => code::at(text, at, found),
        _ => None,
    };
    let next = next.or_else(|| first.and_then(|_| patterns::at(text, at, found)));
    next.unwrap_or_else(|| {
        let rest = bytes.get(at..).unwrap_or_default();
        // Quotes that a word may stand within begin with two of the bytes.
        let within = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80 && !matches!(byte, 0xc2 | 0xe2);
        at + rest.iter().take_while(|byte| within(**byte)).count()
    })
}

/// Behind what is written for a line break: its letter begins no word.
fn behind_escape(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at + 1) {
        Some(b'n' | b'r' | b't') => at + 2,
        _ => at + 1,
    }
}

/// Whether a word begins at `at` that is looked at wherever it stands.
fn may_begin(text: &str, at: usize) -> bool {
    let word = text.as_bytes().get(at..).unwrap_or_default();
    (BEGINNINGS.begin(word) || makes::begins(word))
        && (!is_word(before(text, at)) || end_of_word(text, at).is_empty())
}

/// How far a word is looked at.
const LONGEST_WORD: usize = 16;

/// The spans so far.
pub(crate) struct Found<'k> {
    pub(crate) keys: &'k Keys,
    view: Option<&'k View<'k>>,
    spans: Vec<Span>,
    end: usize,
    /// What a list of columns told of values that are not yet reached.
    ahead: Vec<Span>,
    /// No list of columns or cookies, no token and no segment that begins before these is looked at again: texts that repeat their
    /// beginnings would cost a look at all that follows each.
    pub(crate) list_end: usize,
    pub(crate) token_end: usize,
    pub(crate) segment_end: usize,
}

impl<'k> Found<'k> {
    pub(crate) fn none(keys: &'k Keys) -> Self {
        Self {
            keys,
            view: None,
            spans: Vec::new(),
            end: 0,
            ahead: Vec::new(),
            list_end: 0,
            token_end: 0,
            segment_end: 0,
        }
    }

    /// Whether the byte at `at` was written as itself, and so means what such a sign does.
    pub(crate) fn is_plain(&self, at: usize) -> bool {
        self.view.is_none_or(|view| view.is_plain(at))
    }

    /// The later of two ends.
    pub(crate) fn end_or(&self, end: usize) -> usize {
        self.end.max(end)
    }

    /// Adds a span; what it shares with the last one belongs to that.
    pub(crate) fn add(&mut self, kind: Kind, start: usize, end: usize) {
        if end <= self.end || end <= start {
            return;
        }
        match self.spans.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => self.spans.push(Span { kind, start, end }),
        }
        self.end = end;
    }

    /// Adds a span before what stands between here and there has been looked at.
    pub(crate) fn add_ahead(&mut self, kind: Kind, start: usize, end: usize) {
        if start < end {
            self.ahead.push(Span { kind, start, end });
        }
    }

    pub(super) fn into_spans(mut self) -> Vec<Span> {
        if self.ahead.is_empty() {
            return self.spans;
        }
        self.spans.append(&mut self.ahead);
        merged(self.spans)
    }
}

/// Spans in order, those that overlap or touch as one.
pub(super) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The byte before `at`.
pub(crate) fn before(text: &str, at: usize) -> Option<u8> {
    text.as_bytes().get(at.checked_sub(1)?).copied()
}

/// Whether a byte belongs to a word of letters and digits.
pub(crate) fn is_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80)
}

/// Whether a word goes on at `at`; a quote of any script does not.
pub(crate) fn begins_word(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphanumeric)
}

/// The word that ends at `at`, without the letter of a line break: `\n`.
pub(crate) fn end_of_word(text: &str, at: usize) -> &str {
    let front = text.get(..at).unwrap_or_default();
    let near = front.get(front.floor_char_boundary(front.len().saturating_sub(LONGEST_WORD))..);
    let near = near.unwrap_or_default();
    let escaped = || near.get(..near.len() - 1).is_some_and(|near| near.ends_with('\\'));
    match near.as_bytes().last() {
        Some(b'n' | b'r' | b't') if escaped() => "",
        _ => near.get(near.trim_end_matches(char::is_alphanumeric).len()..).unwrap_or_default(),
    }
}
