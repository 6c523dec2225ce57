//! Functions of texts.

use std::net::IpAddr;

/// As Go's `strings.Title`: capitals where words begin.
pub(super) fn title(text: &str) -> String {
    let mut before = ' ';
    let capital = |c: char| {
        let is_first = separates(before);
        before = c;
        if is_first { one(c, c.to_uppercase()) } else { c }
    };
    text.chars().map(capital).collect()
}

fn separates(c: char) -> bool {
    if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { c.is_whitespace() }
}

pub(super) fn upper(text: &str) -> String {
    text.chars().map(|c| one(c, c.to_uppercase())).collect()
}

pub(super) fn lower(text: &str) -> String {
    // Go gives one letter for one, and for this one that without its dot.
    text.chars().map(|c| if c == 'İ' { 'i' } else { one(c, c.to_lowercase()) }).collect()
}

/// A letter that would become several stays as it is, as in Go.
fn one(c: char, mut changed: impl Iterator<Item = char>) -> char {
    match (changed.next(), changed.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// The host of `host:port`; any other text as it is.
pub(super) fn strip_port(text: &str) -> &str {
    split_port(text).map_or(text, |(host, _)| host)
}

/// The first part of a host's name, with its port; addresses as they are.
pub(super) fn strip_domain(text: &str) -> String {
    let (host, port) = split_port(text).unwrap_or((text, ""));
    if host.parse::<IpAddr>().is_ok() {
        return text.to_owned();
    }
    let first = host.split('.').next().unwrap_or_default();
    match port {
        "" => first.to_owned(),
        port if first.contains(':') => format!("[{first}]:{port}"),
        port => format!("{first}:{port}"),
    }
}

/// As Go's `net.SplitHostPort`; `None` where that fails.
fn split_port(text: &str) -> Option<(&str, &str)> {
    let (before, port) = text.rsplit_once(':')?;
    let host = match before.strip_prefix('[') {
        Some(address) => address.strip_suffix(']')?,
        None if before.contains(':') => return None,
        None => before,
    };
    (!host.contains(['[', ']']) && !port.contains(['[', ']'])).then_some((host, port))
}

/// As Go's `url.QueryEscape`.
pub(super) fn query_escape(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// As Go's `html` in a template.
pub(super) fn html_escape(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '\0' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
