//! `name=value`, `"name": "value"`, `name: Some("value")`, `--name value`: values that their names give away.

use super::keys::{self, KeyKind};
use super::patterns;
use super::rules::Found;
use super::value::{Value, unquoted};
use super::view::SOFT_SPACE;
use super::{Kind, REDACTED};

pub(super) const LONGEST_NAME: usize = 80;
const LONGEST_ELEMENT: usize = 4096;
/// Numbers and addresses are shorter; so many of their names in one text must not cost a look at all of it each.
const LONGEST_PERSONAL: usize = 256;
/// `tc kimlik no:` are three words.
const MOST_WORDS: usize = 3;
/// A number of fewer digits is no token.
const SHORTEST_NUMBER: usize = 6;
const SHORTEST_PIN: usize = 4;

/// Looks at the name before and the value behind the sign at `at`.
pub(crate) fn at(text: &str, at: usize, keys: &[String], found: &mut Found) -> Option<usize> {
    let bytes = text.as_bytes();
    let doubled = bytes.get(at) == Some(&b':')
        && (bytes.get(at + 1) == Some(&b':')
            || at.checked_sub(1).and_then(|at| bytes.get(at)) == Some(&b':'));
    if doubled {
        return None;
    }
    let name = name_before(text.get(..at)?)?;
    let custom = !keys.is_empty() && keys.contains(&keys::folded(name));
    let kind = keys::kind(name).or(custom.then_some(KeyKind::Password))?;
    let text =
        if kind.is_personal() { text.get(..text.floor_char_boundary(at + LONGEST_PERSONAL))? } else { text };
    let value = Value::behind(text, at + 1)?;
    add(kind, &value, found)
}

/// Whether a whole value is what its name says that it may be.
pub(crate) fn tells(kind: KeyKind, text: &str) -> bool {
    let value = Value { text, start: 0, end: text.len(), quoted: true };
    add(kind, &value, &mut Found::default()).is_some()
}

/// `--password hunter2`.
pub(crate) fn option(text: &str, at: usize, found: &mut Found) -> Option<usize> {
    let near = text.floor_char_boundary(at + LONGEST_NAME);
    let rest = text.get(at..near)?.strip_prefix("--")?;
    let length = rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))?;
    let kind = keys::kind(rest.get(..length)?)?;
    let behind = at + 2 + length;
    let spaced = text.as_bytes().get(behind) == Some(&b' ');
    let value = Value::behind(text, behind).filter(|_| spaced)?;
    if value.get().starts_with('-') {
        return None;
    }
    add(kind, &value, found)
}

/// `PASSWORD 'hunter2'` and `IDENTIFIED BY 'hunter2'`, as in SQL: a quoted word right behind the name of a password.
pub(crate) fn quoted(text: &str, at: usize, found: &mut Found) -> Option<usize> {
    let front = text.get(..at)?.strip_suffix(' ')?;
    if ends_with(front, "identified by") {
        return add(KeyKind::Password, &Value::behind(text, at).filter(|value| value.quoted)?, found);
    }
    let name = front.get(front.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1)..)?;
    keys::kind(name).filter(|kind| *kind == KeyKind::Password)?;
    let value = Value::behind(text, at).filter(|value| value.quoted && value.get().len() > 3)?;
    add(KeyKind::Password, &value, found)
}

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start.and_then(|start| text.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// `-u root:hunter2`, as curl takes it; two numbers are a user and a group.
pub(crate) fn login(text: &str, at: usize, found: &mut Found) -> Option<usize> {
    let rest = text.get(at..)?;
    let flag = ["-u ", "--user "].iter().find(|flag| rest.starts_with(**flag))?;
    let start = at + flag.len();
    let word = text.get(start..start + unquoted(text.get(start..)?))?;
    let (user, secret) = word.split_once(':')?;
    let number = secret.bytes().all(|byte| byte.is_ascii_digit());
    if user.is_empty() || secret.starts_with(REDACTED) || number {
        return None;
    }
    found.add(Kind::DsnSecret, start + user.len() + 1, start + word.len());
    Some(start + word.len())
}

/// `<password>hunter2</password>`.
pub(crate) fn element(text: &str, at: usize, found: &mut Found) -> Option<usize> {
    let near = text.floor_char_boundary(at.saturating_sub(LONGEST_NAME));
    let front = text.get(near..at)?;
    let tag = front.get(front.rfind('<')? + 1..)?;
    let name = tag.split(' ').next()?;
    let kind = keys::kind(name).filter(|_| !name.starts_with('/'))?;
    let rest = text.get(at + 1..text.floor_char_boundary(at + LONGEST_ELEMENT))?;
    let end = at + 1 + rest.find("</")?;
    add(kind, &Value { text, start: at + 1, end, quoted: true }, found)
}

/// The last words of a text, without the quotes and brackets around them.
fn name_before(front: &str) -> Option<&str> {
    let spaced = front.trim_end_matches([' ', char::from(SOFT_SPACE)]);
    let front = spaced.trim_end_matches(['"', '\'', '\\', ')', ']', '`']);
    // `unexpected token ':'` quotes the sign, not the name.
    if front.len() < spaced.len() && front.ends_with(' ') {
        return None;
    }
    let near = front.floor_char_boundary(front.len().saturating_sub(LONGEST_NAME));
    let near = front.get(near..)?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut start = near.len();
    for _ in 0..MOST_WORDS {
        let word = near.get(..start)?.trim_end_matches(is_name).len();
        if word == start {
            break;
        }
        start = word;
        if !near.get(..start)?.ends_with([' ', char::from(SOFT_SPACE)]) {
            break;
        }
        start -= 1;
    }
    // A path of Rust modules is no name of a field.
    if near.get(..start)?.ends_with("::") {
        return None;
    }
    near.get(start..).map(str::trim).filter(|name| !name.is_empty())
}

fn add(kind: KeyKind, value: &Value<'_>, found: &mut Found) -> Option<usize> {
    if value.is_nothing() {
        return None;
    }
    let (start, end) = match kind {
        KeyKind::Password => (value.start, value.end),
        KeyKind::Pin => (value.start, if value.get().len() < SHORTEST_PIN { 0 } else { value.end }),
        KeyKind::Token => {
            let small =
                value.get().len() < SHORTEST_NUMBER && value.get().bytes().all(|byte| byte.is_ascii_digit());
            (value.start, value.end.min(if small { 0 } else { value.end }))
        }
        KeyKind::Authorization => credential(value)?,
        KeyKind::Cookie => (value.start, value.to_end_of_line()),
        KeyKind::Name => (value.start, if value.quoted { value.end } else { end_of_name(value) }),
        KeyKind::Tckn | KeyKind::Phone | KeyKind::Email | KeyKind::Iban | KeyKind::Card => personal(value)?,
    };
    if end <= start {
        return None;
    }
    found.add(found_kind(kind), start, end);
    Some(end)
}

fn found_kind(kind: KeyKind) -> Kind {
    match kind {
        KeyKind::Password | KeyKind::Pin | KeyKind::Token | KeyKind::Cookie => Kind::Password,
        KeyKind::Authorization => Kind::Bearer,
        KeyKind::Name => Kind::PatientName,
        KeyKind::Tckn => Kind::Tckn,
        KeyKind::Phone => Kind::Phone,
        KeyKind::Email => Kind::Email,
        KeyKind::Iban => Kind::Iban,
        KeyKind::Card => Kind::Card,
    }
}

/// The credential behind the name of its scheme, if there is one.
fn credential(value: &Value<'_>) -> Option<(usize, usize)> {
    let rest = value.text.get(value.start..)?;
    let Some(scheme) = patterns::scheme(rest) else { return Some((value.start, value.end)) };
    let several = rest.get(..scheme)?.eq_ignore_ascii_case("digest");
    let gap =
        rest.get(scheme..)?.bytes().take_while(|byte| matches!(*byte, b' ' | SOFT_SPACE | b'+')).count();
    let start = value.start + scheme + gap;
    if value.text.get(start..)?.starts_with(REDACTED) {
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
    let capital = |word: &str| word.starts_with(|c: char| c.is_uppercase());
    if !capital(value.get()) {
        return end;
    }
    while let Some(rest) = value.text.get(end..).and_then(|rest| rest.strip_prefix(' ')) {
        let length = unquoted(rest);
        let word = rest.get(..length).unwrap_or_default();
        if !capital(word) || word.contains(['=', ':']) {
            break;
        }
        end += 1 + length;
    }
    end
}

/// Numbers and addresses are taken whole, but only if they look like one: `phone: none given` is not.
fn personal(value: &Value<'_>) -> Option<(usize, usize)> {
    let end = if value.quoted { value.end } else { end_of_number(value) };
    let text = value.text.get(value.start..end)?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits >= 5 || text.contains('@')).then_some((value.start, end))
}

/// Groups of digits belong together.
fn end_of_number(value: &Value<'_>) -> usize {
    let mut end = value.end;
    let numeric = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'(' | b')' | b'+' | b'-'))
    };
    if !numeric(value.get()) {
        return end;
    }
    while let Some(rest) = value.text.get(end..).and_then(|rest| rest.strip_prefix(' ')) {
        let length = unquoted(rest);
        let group = rest.get(..length).unwrap_or_default();
        if group.is_empty() || group.len() > 5 || !numeric(group) {
            break;
        }
        end += 1 + length;
    }
    end
}
