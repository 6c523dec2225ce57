//! `INSERT INTO users (email, password) VALUES ('…', '…')`: values that the names of columns give away.

use super::pair;
use super::rules::{Found, is_word};
use super::value::{Value, closing};

/// The longest list of columns.
const LONGEST_COLUMNS: usize = 1024;
/// Columns behind these are not looked at.
const MOST_COLUMNS: usize = 64;
/// The longest value that is neither quoted nor ends in a comma.
const LONGEST_VALUE: usize = 256;
/// Between a string and the comma behind it: a cast.
const LONGEST_GAP: usize = 64;

/// Looks at the word `VALUES` that may begin at `at`. What else is in the values is looked at later.
pub(crate) fn values(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    let behind = at + "values".len();
    let keyword = text.get(at..behind)?.eq_ignore_ascii_case("values");
    if !keyword || is_word(text.as_bytes().get(behind).copied()) {
        return None;
    }
    let mut start = opening(text, behind).filter(|open| *open > found.list_end)?;
    let columns = columns(text.get(..at)?)?;
    // Several rows may follow each other.
    while row(text, &mut start, &columns, found).is_some() {
        let Some(open) = opening(text, start) else { break };
        start = open;
    }
    found.list_end = found.list_end.max(start);
    Some(behind)
}

/// The names in the brackets that a text ends with.
fn columns(front: &str) -> Option<Vec<&str>> {
    let list = front.trim_end().strip_suffix(')')?;
    let near = list.get(list.floor_char_boundary(list.len().saturating_sub(LONGEST_COLUMNS))..)?;
    let list = near.get(near.rfind('(')? + 1..)?;
    let names = list.split(',').take(MOST_COLUMNS);
    Some(names.map(|name| name.trim_matches(|c: char| !c.is_alphanumeric())).collect())
}

/// Behind the bracket that the next row begins with.
fn opening(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let row = rest.trim_start_matches([' ', '\n', '\t', '\r', ',']).strip_prefix('(')?;
    Some(text.len() - row.len())
}

/// Adds the values of a row that are named so, and moves `start` behind what it looked at; `None` if the row has no end.
fn row(text: &str, start: &mut usize, columns: &[&str], found: &mut Found<'_>) -> Option<()> {
    for column in columns {
        let rest = text.get(*start..)?;
        *start += rest.len() - rest.trim_start().len();
        let value = value(text, *start)?;
        if let Some(kind) = found.keys.kind(column) {
            pair::add_ahead(kind, &value, found);
        }
        *start = value.end + usize::from(value.quoted);
        let gap = text.get(*start..text.floor_char_boundary(*start + LONGEST_GAP))?.find([',', ')'])?;
        *start += gap + 1;
        if text.as_bytes().get(*start - 1) == Some(&b')') {
            return Some(());
        }
    }
    None
}

/// One value of a row; a string may have a letter before it.
fn value(text: &str, at: usize) -> Option<Value<'_>> {
    let rest = text.get(at..)?;
    let quote = rest.bytes().take(2).position(|byte| matches!(byte, b'\'' | b'"'));
    if let Some(quote) = quote {
        let start = at + quote + 1;
        let sign = *rest.as_bytes().get(quote)?;
        let end = start + closing(text.get(start..)?.as_bytes(), sign, 0);
        return Some(Value { text, start, end, quoted: true });
    }
    let near = rest.get(..rest.floor_char_boundary(LONGEST_VALUE))?;
    let end = near.find([',', ')']).map(|end| near.get(..end).unwrap_or_default().trim_end().len())?;
    Some(Value { text, start: at, end: at + end, quoted: false })
}
