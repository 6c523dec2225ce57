//! One spelling for all the ways of writing a character: full-width digits, percent-encoding, `\u0040`, `&#64;`, spaces
//! that do not break, every dash, and characters of no width.

use std::borrow::Cow;

use super::Span;

/// A space that joins the parts of one value, so that it does not end it.
pub(crate) const SOFT_SPACE: u8 = 1;

/// A number of somebody, without any prefix.
const SHORTEST_NUMBER: usize = 10;
const LONGEST_NUMBER: usize = 32;

/// A text to be searched, and where its bytes come from.
pub(crate) struct View<'t> {
    pub(crate) text: Cow<'t, str>,
    /// For each byte of `text`, where it begins in the original; one more for the end. Empty: nothing was changed.
    origins: Vec<usize>,
}

impl<'t> View<'t> {
    /// `coded`: the text has a byte that [`begins_code`] tells of.
    pub(crate) fn of(text: &'t str, coded: bool) -> Self {
        if !coded {
            return Self { text: Cow::Borrowed(text), origins: Vec::new() };
        }
        let mut plain_text = String::with_capacity(text.len());
        let mut origins = Vec::with_capacity(text.len() + 1);
        let (mut at, mut coded_to) = (0, None);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = rest.bytes().take_while(|byte| !begins_code(*byte)).count();
            plain_text.push_str(rest.get(..plain).unwrap_or_default());
            origins.extend(at..at + plain);
            at += plain;
            let Some(rest) = rest.get(plain..).filter(|rest| !rest.is_empty()) else { break };
            let (character, length) = match alone(rest.as_bytes(), coded_to == Some(at)) {
                true => (Some('%'), 1),
                false => one(rest),
            };
            coded_to = (length > 1).then_some(at + length);
            if let Some(character) = character {
                plain_text.push(character);
                origins.resize(plain_text.len(), at);
            }
            at += length.max(1);
        }
        origins.push(text.len());
        Self { text: Cow::Owned(plain_text), origins }
    }

    /// Whether the byte at `at` stands in the original as it does here.
    pub(crate) fn is_plain(&self, at: usize) -> bool {
        let origin = |at: usize| self.origins.get(at).copied().unwrap_or_default();
        self.origins.is_empty() || origin(at + 1) == origin(at) + 1
    }

    /// Moves a span to where it is in the original. A colour that is set behind a value is no part of it.
    pub(crate) fn map(&self, span: &mut Span, original: &str) {
        if !self.origins.is_empty() {
            let origin = |at: usize| self.origins.get(at).or(self.origins.last()).copied().unwrap_or(at);
            (span.start, span.end) = (origin(span.start), origin(span.end));
            let last = |end| original.get(span.start..end).and_then(|value| value.rfind("\u{1b}["));
            while let Some(at) = last(span.end).filter(|at| *at > 0).map(|at| span.start + at)
                && original.get(at + 2..span.end).is_some_and(|code| colour(code.as_bytes()) == code.len())
            {
                span.end = at;
            }
        }
    }
}

/// Whether a byte may begin another way of writing a character. Letters of Turkish do not.
pub(crate) const fn begins_code(byte: u8) -> bool {
    matches!(byte, 0x1b | b'%' | b'\\' | b'&' | 0xc2 | 0xcd | 0xd8 | 0xd9 | 0xdb | 0xe1..=0xe3 | 0xef)
}

/// What the text begins with, if it means anything, and how many bytes it takes.
fn one(text: &str) -> (Option<char>, usize) {
    let decoded = match text.as_bytes() {
        [0x1b, b'[', code @ ..] => return (None, 2 + colour(code)),
        [b'%', ..] => percent(text.as_bytes()),
        [b'\\', b'u', rest @ ..] => unicode(rest),
        // As some write it in JSON.
        [b'\\', b'/', ..] => Some(('/', 2)),
        [b'&', rest @ ..] => entity(rest),
        _ => None,
    };
    if let Some((character, length)) = decoded {
        return (plain(character), length);
    }
    let first = text.chars().next().unwrap_or_default();
    (plain(first), first.len_utf8())
}

/// The rest of a sequence that sets a colour.
fn colour(code: &[u8]) -> usize {
    let digits = code.iter().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')).count();
    digits + usize::from(code.get(digits) == Some(&b'm'))
}

fn plain(character: char) -> Option<char> {
    let digit = |zero: u32| char::from_u32(character as u32 - zero + u32::from(b'0'));
    match character {
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' => None,
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            Some(char::from(SOFT_SPACE))
        }
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => Some('-'),
        '\u{660}'..='\u{669}' => digit(0x660),
        '\u{6f0}'..='\u{6f9}' => digit(0x6f0),
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0),
        other => Some(other),
    }
}

/// `%40`, `%2540`, `%C4%B1`.
fn percent(text: &[u8]) -> Option<(char, usize)> {
    if is_wildcard(text) {
        return None;
    }
    let (first, mut length) = percent_byte(text)?;
    match first {
        b' ' => Some((char::from(SOFT_SPACE), length)),
        // A separator that is encoded does not separate.
        b'%' | b'&' | b';' => None,
        ascii @ 0x21..=0x7e => Some((char::from(ascii), length)),
        lead @ 0xc2..=0xef => {
            let mut bytes = [lead, 0, 0];
            let count = if lead < 0xe0 { 2 } else { 3 };
            for place in bytes.get_mut(1..count)? {
                let (byte, more) = percent_byte(text.get(length..)?)?;
                (*place, length) = (byte, length + more);
            }
            let character = std::str::from_utf8(bytes.get(..count)?).ok()?.chars().next()?;
            Some((character, length))
        }
        _ => None,
    }
}

/// `LIKE '%29895129184%'`: a number between signs for anything.
fn is_wildcard(text: &[u8]) -> bool {
    let part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b' ' | b'-');
    let digits = text.iter().skip(1).take(LONGEST_NUMBER).take_while(part).count();
    let behind = text.get(digits + 1..).unwrap_or_default();
    digits >= SHORTEST_NUMBER && behind.starts_with(b"%") && percent_byte(behind).is_none()
}

/// `Kalem%76`: nobody encodes a single letter, or the last digit of a word.
fn alone(text: &[u8], behind_code: bool) -> bool {
    let Some((byte, length)) = percent_byte(text) else { return false };
    let next = text.get(length).copied();
    let joined = behind_code || next == Some(b'%');
    let number = byte.is_ascii_digit() && next.is_some_and(|next| next.is_ascii_digit());
    byte.is_ascii_alphanumeric() && !joined && !number
}

/// One byte that is encoded, also if its `%` is encoded once more.
fn percent_byte(text: &[u8]) -> Option<(u8, usize)> {
    let mut length = 1;
    text.starts_with(b"%").then_some(())?;
    while text.get(length..)?.starts_with(b"25") && hex(text.get(length + 2..length + 4)?).is_some() {
        length += 2;
    }
    let byte = hex(text.get(length..length + 2)?)?;
    Some((u8::try_from(byte).ok()?, length + 2))
}

fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let character = char::from_u32(hex(rest.get(..4)?)?)?;
    if character == ' ' {
        return Some((char::from(SOFT_SPACE), 6));
    }
    // Quotes and backslashes would change what the text around them means.
    let harmless = !character.is_ascii()
        || character.is_alphanumeric()
        || matches!(character, '@' | '+' | '-' | '.' | '=' | ':' | '/' | '(' | ')');
    harmless.then_some((character, 6))
}

/// `&#64;`, `&#x40;`, `&quot;`.
fn entity(rest: &[u8]) -> Option<(char, usize)> {
    const NAMED: [(&[u8], char); 6] = [
        (b"quot;", '"'),
        (b"apos;", '\''),
        (b"lt;", '<'),
        (b"gt;", '>'),
        (b"nbsp;", '\u{a0}'),
        (b"commat;", '@'),
    ];
    if let Some((name, character)) = NAMED.iter().find(|(name, _)| rest.starts_with(name)) {
        return Some((*character, name.len() + 1));
    }
    let number = rest.strip_prefix(b"#")?;
    let end = number.iter().take(8).position(|byte| *byte == b';')?;
    let number = std::str::from_utf8(number.get(..end)?).ok()?;
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => hex(digits.as_bytes())?,
        None => number.parse().ok()?,
    };
    let character = char::from_u32(code).filter(|character| !character.is_control() && *character != '&')?;
    Some((character, end + 3))
}

fn hex(digits: &[u8]) -> Option<u32> {
    let digit = |value: u32, digit: &u8| value.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?);
    (!digits.is_empty()).then_some(())?;
    digits.iter().try_fold(0, digit)
}
