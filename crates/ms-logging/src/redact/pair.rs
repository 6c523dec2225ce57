//! `name=value`, `"name": "value"`, `name: Some("value")`, `("name", "value")`: values that their names give away.

use super::name::Name;
use super::names::KeyKind;
use super::rules::Found;
use super::value::{Value, unquoted};
use super::view::SOFT_SPACE;
use super::{Kind, cookie, keys, name, patterns, prose, replace};

const LONGEST_ELEMENT: usize = 1024;
/// Numbers and addresses are shorter; so many of their names in one text must not cost a look at all of it each.
const LONGEST_PERSONAL: usize = 256;
/// Between two groups of digits.
const MOST_SEPARATORS: usize = 3;
/// A number of fewer digits is no token.
const SHORTEST_NUMBER: usize = 6;
const SHORTEST_PIN: usize = 4;
/// Words within a name that begin with a small letter.
const PARTICLES: [&str; 14] =
    ["van", "der", "den", "de", "von", "da", "di", "del", "bin", "ibn", "el", "al", "la", "ten"];
/// Query parameters that hold a credential as often as not.
const QUERY_SECRETS: [&str; 4] = ["key", "sig", "code", "sid"];
const SHORTEST_QUERY_SECRET: usize = 16;

/// Looks at the name before and the value behind the sign at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let bytes = text.as_bytes();
    let sign = *bytes.get(at)?;
    let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied();
    if sign == b':' && (bytes.get(at + 1) == Some(&b':') || before == Some(b':')) {
        return None;
    }
    // `password= user=x` has no value.
    if sign == b'=' && before != Some(b' ') && bytes.get(at + 1) == Some(&b' ') {
        return None;
    }
    let Some(name) = Name::before(text.get(..at)?) else {
        let kind = name::of_somebody(text.get(..at)?)?;
        return add(kind, &Value::behind(text, at + 1)?, found);
    };
    let in_query = matches!(name.start.checked_sub(1).and_then(|at| bytes.get(at)), Some(b'?' | b'&' | b'#'));
    let Some(kind) = name.kind(text, at, found.keys) else {
        return if in_query { query_secret(text, at, name.text, found) } else { None };
    };
    let limited = kind.is_personal().then(|| text.floor_char_boundary(at + LONGEST_PERSONAL));
    let text = limited.map_or(Some(text), |end| text.get(..end))?;
    let whole = kind.is_secret() || matches!(kind, KeyKind::Name | KeyKind::Own);
    let object = if whole { Value::object(text, at + 1) } else { None };
    let mut value = object.map_or_else(|| Value::behind(text, at + 1), Some)?;
    if in_query && let Some(fragment) = value.get().find('#') {
        value.end = value.start + fragment;
    }
    if value.is_directory() {
        return Some(value.end);
    }
    if sign == b':' && kind.is_secret() && is_sentence(&value) {
        return None;
    }
    let (start, end) = place(kind, &value, found)?;
    let shown = match found_kind(kind, text.get(start..end)?) {
        Kind::Password if in_query && kind == KeyKind::Token => Kind::UrlSecret,
        shown => shown,
    };
    found.add(shown, start, end);
    Some(end)
}

/// Whether a whole value is what its name says that it may be.
pub(crate) fn tells(kind: KeyKind, text: &str) -> bool {
    let value = Value { text, start: 0, end: text.len(), quoted: true };
    place(kind, &value, &mut Found::none(&keys::Keys::default())).is_some()
}

/// Adds what a name tells of this value.
pub(super) fn add(kind: KeyKind, value: &Value<'_>, found: &mut Found<'_>) -> Option<usize> {
    let (start, end) = place(kind, value, found)?;
    found.add(found_kind(kind, value.text.get(start..end)?), start, end);
    Some(end)
}

/// The same for a value that the search has not reached.
pub(super) fn add_ahead(kind: KeyKind, value: &Value<'_>, found: &mut Found<'_>) {
    if let Some((start, end)) = place(kind, value, found) {
        found.add_ahead(found_kind(kind, value.text.get(start..end).unwrap_or_default()), start, end);
    }
}

/// `PASSWORD 'hunter2'`, `IDENTIFIED BY 'hunter2'`, `email ILIKE 'a'`, `("password", "hunter2")`: a quoted word behind a name.
pub(crate) fn quoted(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let front = text.get(..at)?.trim_end_matches('\\');
    if let Some(front) = front.trim_end_matches([' ', '\\']).strip_suffix(',') {
        return in_tuple(text, front, at, found);
    }
    let mut front = front.strip_suffix(' ')?;
    let mut compared = false;
    for operator in ["like", "ilike", "in"] {
        if let Some(shorter) = without_end(front, operator).and_then(|front| front.strip_suffix(' ')) {
            (front, compared) = (shorter, true);
        }
    }
    let value = || Value::behind(text, at).filter(|value| value.quoted);
    if without_end(front, "identified by").is_some() {
        return add(KeyKind::Password, &value()?, found);
    }
    let front = front.trim_end_matches('"');
    let word = front.get(front.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1)..)?;
    let kind = name::kind(found.keys, word).filter(|kind| compared || *kind == KeyKind::Password)?;
    let value = value().filter(|value| compared || value.get().len() > 3)?;
    add(kind, &value, found)
}

/// A pair in brackets whose first part is a name.
fn in_tuple(text: &str, front: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let front = front.strip_suffix(['"', '\''])?.trim_end_matches('\\');
    let start = front.get(front.floor_char_boundary(front.len().saturating_sub(keys::LONGEST_NAME))..)?;
    let name = start.get(start.rfind(['"', '\''])? + 1..)?;
    let bracket = front.get(..front.len() - name.len())?.trim_end_matches(['"', '\'', '\\', ' ']);
    if !bracket.ends_with(['(', '[']) {
        return None;
    }
    let kind = name::kind(found.keys, name)?;
    let value = Value::behind(text, at).filter(|value| value.quoted)?;
    let close = text.get(value.end..)?.trim_start_matches(['\\', '"', '\'', ' ', ',', '\n']);
    // Names of columns may stand side by side too.
    let column = value.get().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let alone = close.starts_with([')', ']']);
    if !alone || name::kind(found.keys, value.get()).is_some() || (column && bracket.ends_with('[')) {
        return None;
    }
    add(kind, &value, found)
}

fn without_end<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let (front, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(front)
}

/// `<password>hunter2</password>`, also with a prefix and attributes.
pub(crate) fn element(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let near = text.floor_char_boundary(at.saturating_sub(keys::LONGEST_NAME));
    let front = text.get(near..at)?;
    let tag = front.get(front.rfind('<')? + 1..)?;
    let name = tag.split([' ', '\n']).next()?;
    let local = name.rsplit(':').next()?;
    let kind = name::kind(found.keys, local).filter(|_| !name.starts_with('/'))?;
    let rest = text.get(at + 1..text.floor_char_boundary(at + LONGEST_ELEMENT))?;
    let end = at + 1 + rest.find("</")?;
    let value = Value { text, start: at + 1, end, quoted: true };
    // Elements within are looked at by themselves.
    (!value.get().contains('<')).then(|| add(kind, &value, found))?
}

/// `?key=…`: a parameter whose value looks drawn by lot.
fn query_secret(text: &str, at: usize, name: &str, found: &mut Found<'_>) -> Option<usize> {
    QUERY_SECRETS.iter().any(|known| known.eq_ignore_ascii_case(name)).then_some(())?;
    let rest = text.get(at + 1..)?;
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/' | b'=' | b'+')
    };
    let length = rest.bytes().take_while(fits).count();
    let value = rest.get(..length)?;
    let hex = length >= 2 * SHORTEST_QUERY_SECRET && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    if length < SHORTEST_QUERY_SECRET || !(hex || prose::is_mixed(value)) {
        return None;
    }
    found.add(Kind::UrlSecret, at + 1, at + 1 + length);
    Some(at + 1 + length)
}

/// `password: must not be empty`: bare words that go on as a sentence do.
fn is_sentence(value: &Value<'_>) -> bool {
    let word = |text: &str| {
        let letters = text.chars().all(char::is_alphabetic) && !text.chars().skip(1).any(char::is_uppercase);
        letters && !text.is_empty()
    };
    let Some(rest) = value.text.get(value.end..).and_then(|rest| rest.strip_prefix(' ')) else {
        return false;
    };
    let next = rest.split([' ', ',', '.', ';', '\n']).next().unwrap_or_default();
    !value.quoted && word(value.get()) && word(next)
}

/// What is taken out of a value of this kind; `None` if that is nothing.
fn place(kind: KeyKind, value: &Value<'_>, found: &mut Found<'_>) -> Option<(usize, usize)> {
    if value.is_nothing() {
        return None;
    }
    let length = value.get().len();
    let number = value.get().bytes().all(|byte| byte.is_ascii_digit());
    let taken = match kind {
        KeyKind::Password | KeyKind::Own => (value.start, value.end),
        KeyKind::Told if value.quoted || prose::is_telling(value.get()) => (value.start, value.end),
        KeyKind::Pin if length >= SHORTEST_PIN => (value.start, value.end),
        KeyKind::Token if !number || length >= SHORTEST_NUMBER => (value.start, value.end),
        KeyKind::Told | KeyKind::Pin | KeyKind::Token => return None,
        KeyKind::Authorization => credential(value)?,
        KeyKind::Cookie => return cookie::place(value, found),
        KeyKind::Name => (value.start, if value.quoted { value.end } else { end_of_name(value) }),
        KeyKind::Tckn | KeyKind::Phone | KeyKind::Email | KeyKind::Iban | KeyKind::Card => {
            personal(kind, value)?
        }
    };
    (taken.1 > taken.0).then_some(taken)
}

fn found_kind(kind: KeyKind, taken: &str) -> Kind {
    match kind {
        KeyKind::Authorization | KeyKind::Token if patterns::jwt(taken).is_some() => Kind::Jwt,
        other => other.found(),
    }
}

/// The credential behind the name of its scheme, if there is one.
fn credential(value: &Value<'_>) -> Option<(usize, usize)> {
    let rest = value.text.get(value.start..)?;
    let Some(scheme) = patterns::scheme(rest) else {
        // `Authorization: header is missing`.
        return (!is_sentence(value)).then_some((value.start, value.end));
    };
    let several = rest.get(..scheme)?.eq_ignore_ascii_case("digest");
    let gap =
        rest.get(scheme..)?.bytes().take_while(|byte| matches!(*byte, b' ' | SOFT_SPACE | b'+')).count();
    let start = value.start + scheme + gap;
    if replace::tag(value.text.get(start..)?).is_some() {
        return None;
    }
    let end = if value.quoted {
        value.end
    } else if several {
        // Its parts are quoted each.
        value.text.get(start..)?.find(['\n', '\r']).map_or(value.text.len(), |end| start + end)
    } else {
        start + unquoted(value.text.get(start..)?)
    };
    Some((start, end))
}

/// A bare name goes on while its words begin with capitals.
fn end_of_name(value: &Value<'_>) -> usize {
    let mut end = value.end;
    let capital = |word: &str| word.starts_with(char::is_uppercase);
    let shouted = |word: &str| !word.chars().any(char::is_lowercase);
    if !capital(value.get()) {
        return end;
    }
    let mut behind = end;
    while let Some(rest) =
        value.text.get(behind..).and_then(|rest| rest.strip_prefix([' ', char::from(SOFT_SPACE)]))
    {
        let length = unquoted(rest);
        let word = rest.get(..length).unwrap_or_default();
        behind += 1 + length;
        if PARTICLES.contains(&word) {
            continue;
        }
        let other = shouted(word) != shouted(value.get()) && word.chars().count() > 1 && !word.ends_with('.');
        if !capital(word) || word.contains(['=', ':']) || other && !shouted(value.get()) {
            break;
        }
        end = behind;
    }
    end
}

/// Numbers and addresses are taken whole, but only if they look like one: `phone: none given` is not.
fn personal(kind: KeyKind, value: &Value<'_>) -> Option<(usize, usize)> {
    let end = if value.quoted { value.end } else { value.end.max(end_of_number(kind, value)) };
    let text = value.text.get(value.start..end)?;
    let text = if value.quoted { text } else { text.trim_end_matches(|c: char| c.is_ascii_punctuation()) };
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 5 || text.contains('@')).then_some((value.start, value.start + text.len()))
}

/// Groups of digits belong together, as far as such a number has so many.
fn end_of_number(kind: KeyKind, value: &Value<'_>) -> usize {
    let rest = value.text.get(value.start..).unwrap_or_default();
    let most = match kind {
        KeyKind::Tckn => 11,
        KeyKind::Card => 19,
        KeyKind::Phone if rest.starts_with("00") => 14,
        KeyKind::Phone if rest.starts_with('0') || rest.starts_with("(0") => 11,
        KeyKind::Phone if rest.starts_with('5') => 10,
        KeyKind::Phone => 12,
        _ => return value.end,
    };
    let (mut digits, mut end, mut gap) = (0, value.start, 0);
    let mut at = 0;
    for byte in rest.bytes() {
        at += 1;
        match byte {
            b'0'..=b'9' => {
                (digits, gap) = (digits + 1, 0);
                let goes_on = rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
                if digits > most {
                    break;
                }
                if !goes_on {
                    end = value.start + at;
                }
            }
            b' ' | SOFT_SPACE | b'(' | b')' | b'+' | b'-' | b'.' | b'/' | b'_' if gap < MOST_SEPARATORS => {
                gap += 1
            }
            _ => break,
        }
    }
    end
}
