//! `<password>hunter2</password>`: values that the names of elements give away.

use super::key_kind::KeyKind;
use super::keys::Keys;
use super::rules::Found;
use super::value::Value;
use super::{keys, name, pair};

const LONGEST_ELEMENT: usize = 1024;
/// Attributes that name what is in the element.
const LABELS: [&str; 3] = [" name=", " key=", " ad="];
const CDATA: (&str, &str) = ("<![CDATA[", "]]>");

/// Looks behind the tag that ends at `at`; it may have a prefix and attributes.
pub(crate) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let near = text.floor_char_boundary(at.saturating_sub(keys::LONGEST_NAME));
    let front = text.get(near..at)?;
    let open = front.rfind('<')?;
    let name = front.get(open + 1..)?.split([' ', '\n']).next()?;
    let local = name.rsplit(':').next()?;
    let kind = name::kind(found.keys, local).filter(|_| !name.starts_with('/'));
    let kind = kind.or_else(|| named(front.get(open + 1..)?, found.keys));
    let kind = kind.or_else(|| name::within_patient(local, text.get(..near + open)?))?;
    let rest = text.get(at + 1..text.floor_char_boundary(at + LONGEST_ELEMENT))?;
    if let Some(data) = rest.strip_prefix(CDATA.0) {
        let start = at + 1 + CDATA.0.len();
        let end = start + data.find(CDATA.1)?;
        return pair::add(kind, &Value { text, start, end, quoted: true }, found);
    }
    let end = at + 1 + rest.find("</")?;
    let value = Value { text, start: at + 1, end, quoted: true };
    // Elements within are looked at by themselves.
    (!value.get().contains('<')).then(|| pair::add(kind, &value, found))?
}

/// `<entry key="password">`.
fn named(tag: &str, keys: &Keys) -> Option<KeyKind> {
    let (_, rest) = LABELS.iter().find_map(|label| tag.split_once(label))?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    name::kind(keys, rest.get(1..)?.split(quote).next()?)
}
