//! One pass over a text: what a byte may begin or end is tried there.

use super::keys::Keys;
use super::triples::BEGINNINGS;
use super::view::View;
use super::{Kind, Span};
use super::{
    address, code, element, name, number, option, pair, patterns, pem, prose, segment, sql, webhook,
};

/// What a byte may begin or end.
mod role {
    pub(super) const DIGIT: u8 = 1;
    pub(super) const LETTER: u8 = 2;
    /// Begins a word that may be looked at: `ş` alone of the letters with accents.
    pub(super) const FIRST: u8 = 4;
    pub(super) const SPACE: u8 = 8;
    pub(super) const DASH: u8 = 16;
    pub(super) const SIGN: u8 = 32;
    /// A hexadecimal digit, beside what else it is.
    pub(super) const HEX: u8 = 64;
}

const ROLES: [u8; 256] = {
    let (mut roles, mut byte) = ([0; 256], 0);
    #[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, within the table's length")]
    while byte < 256 {
        roles[byte] = match byte as u8 {
            b'0'..=b'9' => role::DIGIT | role::HEX,
            b'a'..=b'f' | b'A'..=b'F' => role::LETTER | role::FIRST | role::HEX,
            b'a'..=b'z' | b'A'..=b'Z' | 0xc5 => role::LETTER | role::FIRST,
            // Quotes that a word may stand within begin with two of the bytes.
            0xc2 | 0xe2 => 0,
            0x80.. => role::LETTER,
            b' ' => role::SPACE,
            b'-' => role::DASH,
            b':' | b'=' | b'>' | b'@' | b'\\' | b'\'' | b'"' | b'`' => role::SIGN,
            _ => 0,
        };
        byte += 1;
    }
    roles
};

fn role_of(byte: u8) -> u8 {
    // A table of 256 has an entry for each byte.
    ROLES.get(usize::from(byte)).copied().unwrap_or_default()
}

pub(super) fn is_hex_digit(byte: u8) -> bool {
    role_of(byte) & role::HEX != 0
}

/// Finds everything, in order.
pub(crate) fn find(view: &View<'_>, keys: &Keys) -> Vec<Span> {
    let mut found = Found { view: Some(view), ..Found::none(keys) };
    let text = &*view.text;
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at = passed_over(bytes, at, &mut found);
        let Some(byte) = bytes.get(at) else { break };
        let next = match role_of(*byte) {
            role if role & role::DIGIT != 0 => Some(number::at(text, at, &mut found)),
            role if role & role::FIRST != 0 => {
                word(text, at, &mut found).or_else(|| Some(behind_word(bytes, at)))
            }
            _ => sign(text, at, *byte, &mut found),
        };
        at = next.map_or(at + 1, |next| next.max(at + 1));
    }
    found.into_spans()
}

/// The first byte from `at` on that a rule looks at. Most texts have few.
fn passed_over(bytes: &[u8], mut at: usize, found: &mut Found<'_>) -> usize {
    while let Some(byte) = bytes.get(at) {
        let role = role_of(*byte);
        if role & role::FIRST != 0 {
            if BEGINNINGS.begin(bytes.get(at..).unwrap_or_default()) {
                break;
            }
            at = behind_word(bytes, at);
        } else if role & role::DIGIT != 0 {
            let end = number::behind(bytes, at);
            if number::is_nothing(bytes, at, end) {
                at = found.end_or(end);
            } else if let Some(end) = number::end_of_few(bytes, at) {
                at = found.end_or(end);
            } else {
                break;
            }
        } else if role & role::SIGN != 0 {
            if !pair::is_behind_other_name(bytes, at, found) {
                break;
            }
            at += 1;
        } else if role & role::DASH != 0 {
            // Most dashes join numbers and words.
            if matches!(bytes.get(at + 1), Some(b'-' | b'p' | b'a' | b'w' | b'u')) {
                break;
            }
            at += 1;
        } else {
            if role & role::SPACE != 0 && name::is_link(bytes, at) {
                found.link = Some(at);
            }
            at += 1;
        }
    }
    at
}

/// Looks at what stands around a sign.
fn sign(text: &str, at: usize, sign: u8, found: &mut Found<'_>) -> Option<usize> {
    let bytes = text.as_bytes();
    let next = bytes.get(at + 1);
    match sign {
        b':' if next == Some(&b'/') && bytes.get(at + 2) == Some(&b'/') => {
            let secret = address::url_secret(text, at, found);
            secret.or_else(|| webhook::at(text, at + 3, found)).or(Some(at + 3))
        }
        b':' | b'=' => pair::at(text, at, found),
        b'>' if before(text, at) == Some(b'-') => pair::arrow(text, at, found),
        b'>' => element::at(text, at, found),
        b'@' => address::email(text, at, found),
        b'-' => pem::at(text, at, found).or_else(|| option::at(text, at, found)),
        // What is written for a line break: its letter begins no word.
        b'\\' if matches!(next, Some(b'n' | b'r' | b't')) => Some(at + 2),
        b'\'' | b'"' | b'`' => pair::quoted(text, at, found),
        _ => None,
    }
}

/// Behind the letters that begin at `at`.
fn behind_word(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let other = rest.iter().position(|byte| role_of(*byte) & role::LETTER == 0);
    at + 1 + other.unwrap_or(rest.len())
}

/// Looks at the word that begins at `at`; what stands within words is looked at by the signs around it.
fn word(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    // Within a word, or behind a digit.
    if is_word(before(text, at)) && !end_of_word(text, at).is_empty() {
        return None;
    }
    let next = match text.as_bytes().get(at)? {
        b'a' | b'A' | b't' | b'T' => prose::at(text, at, found),
        b'P' | b'N' if segment::at(text, at, found) => None,
        b'k' | b'K' | b'p' | b'P' | b's' | b'S' | 0xc5 => {
            prose::at(text, at, found).or_else(|| code::at(text, at, found))
        }
        b'V' | b'v' => sql::values(text, at, found),
        b'c' | b'C' | b'o' | b'O' => code::at(text, at, found),
        _ => None,
    };
    next.or_else(|| patterns::at(text, at, found))
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
    /// The last space that may join a password to whose it is.
    pub(crate) link: Option<usize>,
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
            link: None,
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
