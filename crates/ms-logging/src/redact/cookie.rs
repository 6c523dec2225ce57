//! `Cookie: session=…; theme=dark`: names and attributes stay, values go.

use super::Kind;
use super::replace;
use super::rules::Found;
use super::value::Value;

/// What a `Set-Cookie` says besides.
const ATTRIBUTES: [&str; 6] = ["path", "domain", "expires", "max-age", "samesite", "version"];
/// Letters alone are a setting.
const LONGEST_SETTING: usize = 8;

/// Adds every value but the last, which it gives.
pub(super) fn place(value: &Value<'_>, found: &mut Found<'_>) -> Option<(usize, usize)> {
    if value.start < found.list_end {
        return None;
    }
    let end = value.to_end_of_line();
    found.list_end = end;
    let all = value.text.get(value.start..end)?;
    if !all.contains('=') {
        return Some((value.start, value.end));
    }
    let mut last = None;
    let mut start = value.start;
    for part in all.split(';') {
        if let Some((name, content)) = part.split_once('=').filter(|(name, content)| is_secret(name, content))
        {
            let at = start + name.len() + 1;
            if let Some((start, end)) = last.replace((at, at + content.trim_end().len())) {
                found.add(Kind::Password, start, end);
            }
        }
        start += part.len() + 1;
    }
    last
}

fn is_secret(name: &str, content: &str) -> bool {
    let attribute = ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
    let setting = content.len() <= LONGEST_SETTING && content.bytes().all(|byte| byte.is_ascii_lowercase());
    !attribute
        && !setting
        && !content.trim().is_empty()
        && replace::tag(content).is_none_or(|tag| tag < content.trim_end().len())
}
