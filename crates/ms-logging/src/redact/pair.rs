//! `name=value`, `"name": "value"`, `name: Some("value")`, `("name", "value")`: values that their names give away.

use super::key_kind::KeyKind;
use super::name::Name;
use super::place::{end_of_name, found_kind, is_sentence, place};
use super::rules::Found;
use super::telling::is_mixed;
use super::value::Value;
use super::{Kind, form, keys, name};

/// Numbers and addresses are shorter; so many of their names in one text must not cost a look at all of it each.
const LONGEST_PERSONAL: usize = 256;
/// Of a list.
const MOST_ITEMS: usize = 64;
/// Query parameters that hold a credential as often as not.
pub(super) const QUERY_SECRETS: [&str; 9] =
    ["key", "sig", "code", "sid", "sessionid", "session_id", "session", "ticket", "auth"];
const SHORTEST_QUERY_SECRET: usize = 12;
const SHORTEST_HEX: usize = 32;

/// Whether the sign at `at` is seen at a glance to stand behind a name that tells of nothing, as most do.
#[inline]
pub(super) fn is_behind_other_name(bytes: &[u8], at: usize, found: &Found<'_>) -> bool {
    matches!(bytes.get(at), Some(b':' | b'='))
        && bytes.get(at + 1) != Some(&b'/')
        && !name::is_near(found.link, at)
        && found.keys.is_other(bytes, at)
}

/// Looks at the name before and the value behind the sign at `at`.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let bytes = text.as_bytes();
    let sign = *bytes.get(at)?;
    let before = at.checked_sub(1).and_then(|at| bytes.get(at)).copied();
    if sign == b':' && (bytes.get(at + 1) == Some(&b':') || before == Some(b':')) {
        return None;
    }
    let apart = sign == b'=' && before != Some(b' ') && bytes.get(at + 1) == Some(&b' ');
    if apart && is_name_of_next(text.get(at + 1..)?) {
        return None;
    }
    // Most signs stand behind other names.
    if !name::is_near(found.link, at) && !found.keys.may_end(bytes.get(..at)?) {
        return None;
    }
    if let Some(end) = form::at(text, at, found) {
        return Some(end);
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
    // `<input name="ad_soyad">`
    if name::names_another(name.text, text.get(at + 1..)?, found.keys) {
        return None;
    }
    let whole = kind.is_secret() || matches!(kind, KeyKind::Name | KeyKind::Own);
    if whole && let Some(end) = list(kind, text, at + 1, found) {
        return Some(end);
    }
    let object = if whole { Value::object(text, at + 1) } else { None };
    // What is in there has names of its own.
    if object.is_some() && name.text.to_ascii_lowercase().ends_with("credentials") {
        return None;
    }
    let mut value = object.map_or_else(|| Value::behind(text, at + 1), Some)?;
    if in_query && let Some(fragment) = value.get().find('#') {
        value.end = value.start + fragment;
    }
    if value.is_directory() {
        return Some(value.end);
    }
    if (sign == b':' || apart) && kind.is_secret() && is_sentence(&value) {
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

/// `password= user=x`: there is no value before the next name.
fn is_name_of_next(rest: &str) -> bool {
    let next = rest.trim_start_matches(' ');
    let end =
        next.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.')).unwrap_or(next.len());
    // Base64 ends in such signs.
    let signed = next.get(end..).and_then(|rest| rest.strip_prefix('='));
    next.is_empty() || end > 0 && signed.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['=', ' ']))
}

/// `["hunter2", "hunter3"]`: all that is quoted within the brackets.
fn list(kind: KeyKind, text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let mut start = at + gap(text.get(at..)?, [' ', '=', '>']);
    text.get(start..)?.strip_prefix('[')?.trim_start().starts_with(['"', '\'', '\\']).then_some(())?;
    start += 1;
    items(kind, text, start, found)
}

fn gap(text: &str, signs: [char; 3]) -> usize {
    text.len() - text.trim_start_matches(signs).len()
}

/// What is quoted from here on, with commas between.
fn items(kind: KeyKind, text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let (mut start, mut end) = (at, None);
    for _ in 0..MOST_ITEMS {
        start += gap(text.get(start..)?, [' ', ',', ' ']);
        if !text.get(start..)?.starts_with(['"', '\'', '\\']) {
            break;
        }
        let Some(value) = Value::behind(text, start).filter(|value| value.quoted) else { break };
        add(kind, &value, found);
        let slashes = text.get(value.end..)?.bytes().take_while(|byte| *byte == b'\\').count();
        start = (value.end + slashes + 1).min(text.len());
        end = Some(start);
    }
    end
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
    // The backslashes of the quote tell which one closes it.
    let at = front.len();
    if let Some(front) = front.trim_end_matches([' ', '\\']).strip_suffix(',') {
        return in_tuple(text, front, at, found);
    }
    if let Some(front) = front.strip_suffix('(') {
        return match without_end(front.trim_end(), " in") {
            Some(column) => among(text, column, at, found),
            None => in_type(text, front, at, found),
        };
    }
    let mut front = front.strip_suffix(' ')?;
    let mut compared = false;
    for operator in ["like", "ilike"] {
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

/// `email IN ('a', 'b')`.
fn among(text: &str, column: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let column = column.trim_end_matches(['"', '`', ']']);
    let name =
        column.get(column.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |at| at + 1)..)?;
    items(name::kind(found.keys, name)?, text, at, found)
}

/// `password -> hunter2`; what is no name or secret by its looks is another column.
pub(crate) fn arrow(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let name = Name::before(text.get(..at)?.strip_suffix('-')?)?;
    let kind = match name.kind(text, at, found.keys)? {
        kind if kind.is_secret() => KeyKind::Told,
        KeyKind::Name => KeyKind::Person,
        _ => return None,
    };
    let mut value = Value::behind(text, at + 1)?;
    if kind == KeyKind::Person && !value.quoted {
        (value.end, value.quoted) = (end_of_name(&value), true);
    }
    add(kind, &value, found)
}

/// `ApiKey("hunter2")`: a type that tells what it holds; a `Token` is one of a parser as often.
fn in_type(text: &str, front: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let near = front.get(front.floor_char_boundary(front.len().saturating_sub(keys::LONGEST_NAME))..)?;
    let name = near.get(near.rfind(|c: char| !c.is_alphanumeric()).map_or(0, |at| at + 1)..)?;
    let typed =
        name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_lowercase());
    let kind = name::kind(found.keys, name).filter(|kind| typed && kind.is_secret() && name != "Token")?;
    add(kind, &Value::behind(text, at).filter(|value| value.quoted)?, found)
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

/// `?key=…`: a parameter whose value looks drawn by lot.
fn query_secret(text: &str, at: usize, name: &str, found: &mut Found<'_>) -> Option<usize> {
    QUERY_SECRETS.iter().any(|known| known.eq_ignore_ascii_case(name)).then_some(())?;
    let rest = text.get(at + 1..)?;
    let fits = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/' | b'=' | b'+')
    };
    let length = rest.bytes().take_while(fits).count();
    let value = rest.get(..length)?;
    let is_hex = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let hex = length >= SHORTEST_HEX && value.bytes().all(is_hex);
    if length < SHORTEST_QUERY_SECRET || !(hex || is_mixed(value)) {
        return None;
    }
    found.add(Kind::UrlSecret, at + 1, at + 1 + length);
    Some(at + 1 + length)
}
