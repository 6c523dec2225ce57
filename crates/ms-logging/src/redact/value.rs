//! The text that a name stands for, and where it ends.

use super::keys::LONGEST_NAME;
use super::replace;
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
    "yanlış",
    "girilmedi",
    "bulunamadı",
    "bilinmiyor",
    "unknown",
    "wrong",
    "incorrect",
    "malformed",
    "redacted",
    "filtered",
    "hidden",
    "masked",
    "removed",
    "secret",
    // Types and formats, as in schemas and signatures.
    "string",
    "&str",
    "str",
    "text",
    "varchar",
    "%s",
    "{}",
    "?",
    "??",
];

/// What may stand before a value that is quoted.
const SPEAKING: [&str; 9] = [
    "value",
    "input",
    "got",
    "given",
    "received",
    "rejected value",
    "invalid value",
    "değer",
    "girilen değer",
];

/// Types that a value may be wrapped in: `Some(`, `Token(`.
const LONGEST_WRAPPER: usize = 40;
const MOST_WRAPPERS: usize = 4;
const LONGEST_OBJECT: usize = 4096;

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
        let mut closing_bracket = false;
        for _ in 0..MOST_WRAPPERS {
            let Some((wrapper, bare)) = wrapper(text.get(start..)?) else { break };
            (start, closing_bracket) = (start + wrapper, bare);
        }
        start += introduction(text.get(start..)?);
        let rest = text.get(start..)?;
        let slashes = rest.len() - rest.trim_start_matches('\\').len();
        let quote = rest.as_bytes().get(slashes).copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        if let Some(quote) = quote {
            let start = start + slashes + 1;
            let end = start + closing(text.get(start..)?.as_bytes(), quote, slashes);
            return Some(Self { text, start, end, quoted: true });
        }
        if begins_placeholder(rest) {
            let end =
                rest.bytes().take(LONGEST_WRAPPER).position(|byte| matches!(byte, b'}' | b')' | b'>' | b' '));
            return Some(Self { text, start, end: start + end.map_or(1, |end| end + 1), quoted: false });
        }
        let mut end = start + unquoted(rest);
        // `Token(abc)` closes what it opens.
        if closing_bracket && let Some(close) = text.get(start..end).and_then(|value| value.find(')')) {
            end = start + close;
        }
        // `token=abc: expired`.
        if text.get(start..end).is_some_and(|value| value.len() > 1 && value.ends_with(':')) {
            end -= 1;
        }
        Some(Self { text, start, end, quoted: false })
    }

    /// What stands in braces, behind the name of a type or alone, unless it tells what a value must be like.
    pub(super) fn object(text: &'a str, at: usize) -> Option<Self> {
        let rest = text.get(at..)?.trim_start_matches([' ', '=', '>']);
        let name = rest.bytes().take(LONGEST_WRAPPER).take_while(u8::is_ascii_alphanumeric).count();
        let typed = name > 0 && rest.starts_with(|c: char| c.is_ascii_uppercase());
        let brace = rest.get(name..)?;
        let brace = if typed { brace.strip_prefix(' ')? } else { brace };
        let inner = brace.strip_prefix('{').filter(|_| name == 0 || typed)?;
        if inner.starts_with(['{', '}']) {
            return None;
        }
        let start = text.len() - inner.len();
        let mut depth = 1;
        let end = inner.bytes().take(LONGEST_OBJECT).position(|byte| {
            depth = match byte {
                b'{' => depth + 1,
                b'}' => depth - 1,
                _ => depth,
            };
            depth == 0
        });
        let end = start + end.unwrap_or(inner.floor_char_boundary(LONGEST_OBJECT));
        let described = inner.trim_start_matches(['"', '\\', ' ', '\'']);
        let schema =
            ["type", "$ref", "description", "required"].iter().any(|word| described.starts_with(word));
        let end = if schema { start } else { end };
        let inner = text.get(start..end)?;
        let gap = inner.len() - inner.trim_start().len();
        Some(Self { text, start: start + gap, end: start + inner.trim_end().len().max(gap), quoted: true })
    }

    pub(super) fn get(&self) -> &'a str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// No value, a word that tells of it, what was taken out before, or a place for one.
    pub(super) fn is_nothing(&self) -> bool {
        let value = self.get();
        let rest = self.text.get(self.start..).unwrap_or_default();
        let bare = value.trim_matches(['[', ']', '<', '>', '(', ')', '*', ',', '.', ';', ':']);
        bare.is_empty()
            || replace::tag(rest).is_some_and(|tag| tag >= value.trim_end().len())
            || NOTHING.iter().any(|nothing| bare.eq_ignore_ascii_case(nothing) || value == *nothing)
            || bare.bytes().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'#'))
            || is_placeholder(value)
            || rest.starts_with("not set")
    }

    /// `PWD=/home/med`, as shells have it in the environment.
    pub(super) fn is_directory(&self) -> bool {
        let front = self.text.get(..self.start).unwrap_or_default();
        self.get().starts_with('/') && front.trim_end_matches(['"', '\'']).ends_with("PWD=")
    }

    /// Everything to the end of the line.
    pub(super) fn to_end_of_line(&self) -> usize {
        let rest = self.text.get(self.start..).unwrap_or_default();
        if self.quoted { self.end } else { self.start + rest.find(['\n', '\r', '"']).unwrap_or(rest.len()) }
    }
}

/// `password: value "hunter2" is too short`: the length of the word that only speaks of what is quoted behind it.
fn introduction(text: &str) -> usize {
    let length = |word: &&&str| {
        let quoted = text.strip_prefix(**word).and_then(|rest| rest.strip_prefix([' ', ':']));
        quoted
            .map(|rest| rest.trim_start().trim_start_matches('\\'))
            .is_some_and(|rest| rest.starts_with(['"', '\'', '`']))
    };
    let word = SPEAKING.iter().find(length);
    word.map_or(0, |word| {
        word.len() + text.get(word.len()..).unwrap_or_default().find(['"', '\'', '`', '\\']).unwrap_or(0)
    })
}

/// How long a wrapper is that the text begins with, and whether a bare value ends at its bracket.
fn wrapper(text: &str) -> Option<(usize, bool)> {
    // What was redacted before stands in brackets too.
    if replace::tag(text).is_some() {
        return None;
    }
    if text.starts_with(['(', '[']) {
        return Some((1, text.starts_with('(')));
    }
    if text.starts_with("b\"") || text.starts_with("b'") {
        return Some((1, false));
    }
    let near = text.get(..text.floor_char_boundary(LONGEST_WRAPPER))?;
    let name = near.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | ':'))?;
    let rest = text.get(name..)?.strip_prefix('(').filter(|_| name > 0)?;
    // `{:#?}` begins a line there.
    let inner = rest.trim_start_matches(['\n', '\r', '\t', ' ']);
    let gap = rest.len() - inner.len();
    // `string(10) "hunter2"`, as PHP prints it.
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && rest.get(digits..).is_some_and(|rest| rest.starts_with(") \"")) {
        return Some((name + digits + 3, false));
    }
    let typed = text.starts_with(|c: char| c.is_ascii_uppercase());
    let closes = || rest.get(..unquoted(rest)).is_some_and(|_| rest.contains(')'));
    (inner.starts_with(['"', '\'', '\\']) || typed && closes()).then_some((name + 1 + gap, true))
}

/// `$1`, `${PASSWORD}`, `{{ password }}`, `%(password)s`.
fn is_placeholder(value: &str) -> bool {
    let numbered = value.strip_prefix('$').is_some_and(|number| {
        !number.is_empty() && number.len() < 3 && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbered || begins_placeholder(value) || value == "{"
}

fn begins_placeholder(text: &str) -> bool {
    ["${", "$(", "{{", "%(", "<%", "{ ", "{}"].iter().any(|start| text.starts_with(start))
}

/// Where a quoted text ends: at the quote with as many backslashes as the first. A quote that is doubled, or an
/// apostrophe within a word, ends nothing.
pub(super) fn closing(text: &[u8], quote: u8, slashes: usize) -> usize {
    let mut run = 0;
    let mut at = 0;
    let word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    while let Some(byte) = text.get(at) {
        let next = text.get(at + 1);
        if *byte == b'\\' {
            run += 1;
        } else if *byte == quote && (run == slashes || (slashes == 0 && run % 2 == 0)) {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            let doubled = slashes == 0 && quote != b'`' && at > 0 && next == Some(&quote);
            let apostrophe = quote == b'\'' && word(before) && word(next);
            if !doubled && !apostrophe {
                return at - slashes;
            }
            at += usize::from(doubled);
            run = 0;
        } else {
            run = 0;
        }
        at += 1;
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
        let rest = || text.get(at + 1..).unwrap_or_default();
        // `request{token=abc}:handler: done`, as tracing prints spans.
        let closes_span = || character == '}' && rest().starts_with(':');
        if character.is_whitespace() || separator && (separates(rest()) || closes_span()) {
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
