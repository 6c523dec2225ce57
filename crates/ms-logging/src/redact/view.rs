//! One spelling for all the ways of writing a character: full-width digits, percent-encoding, `\u0040`, spaces that do
//! not break and characters of no width.

use std::borrow::Cow;

use super::Span;

/// A space that joins the parts of one value, so that it does not end it.
pub(crate) const SOFT_SPACE: u8 = 1;

/// A text to be searched, and where its bytes come from.
pub(crate) struct View<'t> {
    pub(crate) text: Cow<'t, str>,
    /// For each byte of `text`, where it begins in the original; one more for the end. Empty: nothing was changed.
    origins: Vec<usize>,
}

impl<'t> View<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        if !text.bytes().any(|byte| matches!(byte, b'%' | b'\\' | 0xc2 | 0xe2 | 0xef)) {
            return Self { text: Cow::Borrowed(text), origins: Vec::new() };
        }
        let mut plain_text = String::with_capacity(text.len());
        let mut origins = Vec::with_capacity(text.len() + 1);
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let (character, length) = one(rest);
            if let Some(character) = character {
                plain_text.push(character);
                origins.resize(plain_text.len(), at);
            }
            at += length.max(1);
        }
        origins.push(text.len());
        Self { text: Cow::Owned(plain_text), origins }
    }

    /// Moves a span to where it is in the original.
    pub(crate) fn map(&self, span: &mut Span) {
        if !self.origins.is_empty() {
            let origin = |at: usize| self.origins.get(at).or(self.origins.last()).copied().unwrap_or(at);
            (span.start, span.end) = (origin(span.start), origin(span.end));
        }
    }
}

/// What the text begins with, if it means anything, and how many bytes it takes.
fn one(text: &str) -> (Option<char>, usize) {
    let decoded = match text.as_bytes() {
        [b'%', rest @ ..] => percent(rest),
        [b'\\', b'u', rest @ ..] => unicode(rest),
        _ => None,
    };
    if let Some((character, length)) = decoded {
        return (Some(character), length);
    }
    let first = text.chars().next().unwrap_or_default();
    (plain(first), first.len_utf8())
}

fn plain(character: char) -> Option<char> {
    match character {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => None,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => Some(char::from(SOFT_SPACE)),
        '\u{2010}'..='\u{2013}' => Some('-'),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0),
        other => Some(other),
    }
}

fn percent(rest: &[u8]) -> Option<(char, usize)> {
    let byte = hex(rest.get(..2)?)?;
    match u8::try_from(byte).ok()? {
        b' ' => Some((char::from(SOFT_SPACE), 3)),
        // A separator that is encoded does not separate.
        b'%' | b'&' | b';' => None,
        ascii @ 0x21..=0x7e => Some((char::from(ascii), 3)),
        lead @ 0xc3..=0xc5 => {
            let follows = rest.get(2) == Some(&b'%');
            let next = u8::try_from(hex(rest.get(3..5)?)?).ok()?;
            let pair = [lead, next];
            let character = std::str::from_utf8(&pair).ok()?.chars().next()?;
            follows.then_some((character, 6))
        }
        _ => None,
    }
}

fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let character = char::from_u32(hex(rest.get(..4)?)?)?;
    // Quotes and backslashes would change what the text around them means.
    let harmless =
        character.is_alphanumeric() || matches!(character, '@' | '+' | '-' | '.' | '=' | ':' | '/');
    harmless.then_some((character, 6))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
}
