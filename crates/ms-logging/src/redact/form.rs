//! `Content-Disposition: form-data; name="password"`, an empty line, and the value: forms with parts, RFC 7578.

use super::name;
use super::pair;
use super::rules::Found;
use super::value::Value;

const NAME: &str = "form-data; name";
/// Line breaks, as themselves and escaped.
const BREAKS: [&str; 4] = ["\r\n", "\n", "\\r\\n", "\\n"];
/// The longest name, and the longest of the lines that may stand between it and the value.
const LONGEST: usize = 128;
const MOST_LINES: usize = 4;

/// Looks at the name behind the sign at `at`.
pub(super) fn at(text: &str, at: usize, found: &mut Found<'_>) -> Option<usize> {
    text.get(..at)?.ends_with(NAME).then_some(())?;
    let rest = text.get(at + 1..)?.trim_start_matches('\\').strip_prefix('"')?;
    let name = rest.get(..rest.get(..rest.floor_char_boundary(LONGEST))?.find(['"', '\\'])?)?;
    let kind = name::kind(found.keys, name)?;
    let mut lines = rest;
    for _ in 0..MOST_LINES {
        let (end, length) = line_break(lines.get(..lines.floor_char_boundary(LONGEST))?)?;
        lines = lines.get(end + length..)?;
        let Some(length) = BREAKS.iter().find(|sign| lines.starts_with(**sign)).map(|sign| sign.len()) else {
            continue;
        };
        let start = text.len() - lines.len() + length;
        let value = text.get(start..)?;
        let end = start + line_break(value).map_or(value.len(), |(end, _)| end);
        return pair::add(kind, &Value { text, start, end, quoted: true }, found);
    }
    None
}

/// Where the first line of a text ends, and how long its break is.
fn line_break(text: &str) -> Option<(usize, usize)> {
    let (end, _) = text.match_indices(['\r', '\n', '\\']).find(|(at, _)| break_at(text, *at).is_some())?;
    Some((end, break_at(text, end)?))
}

fn break_at(text: &str, at: usize) -> Option<usize> {
    BREAKS
        .iter()
        .find(|sign| text.get(at..).is_some_and(|rest| rest.starts_with(**sign)))
        .map(|sign| sign.len())
}
