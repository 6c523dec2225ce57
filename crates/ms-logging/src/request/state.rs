//! The header `tracestate`: entries of tracing systems, passed on and not read.

use http::HeaderValue;

/// So many entries a list may have.
const MOST_ENTRIES: usize = 32;
/// So many bytes everybody passes on.
const MOST_BYTES: usize = 512;
/// Entries longer than this are left out first when there is no room for all.
const LONG_ENTRY: usize = 128;

/// Joins the headers to one; nothing if any entry is malformed, since then all are to be ignored.
pub(super) fn of<'h>(headers: impl Iterator<Item = &'h HeaderValue>) -> Option<HeaderValue> {
    let mut entries = Vec::new();
    for header in headers {
        for entry in header.to_str().ok()?.split(',') {
            let entry = entry.trim_matches([' ', '\t']);
            if entry.is_empty() {
                continue;
            }
            let (key, value) = entry.split_once('=')?;
            if !is_key(key) || !is_value(value) || entries.iter().any(|(known, _)| *known == key) {
                return None;
            }
            entries.push((key, entry));
            if entries.len() > MOST_ENTRIES {
                return None;
            }
        }
    }
    let fits = |entries: &[(&str, &str)]| {
        let bytes: usize = entries.iter().map(|(_, entry)| entry.len() + 1).sum();
        bytes.saturating_sub(1) <= MOST_BYTES
    };
    if !fits(&entries) {
        entries.retain(|(_, entry)| entry.len() <= LONG_ENTRY);
    }
    while !fits(&entries) {
        entries.pop();
    }
    let joined: Vec<&str> = entries.iter().map(|(_, entry)| *entry).collect();
    HeaderValue::try_from(joined.join(",")).ok().filter(|value| !value.is_empty())
}

fn is_key(key: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'*' | b'/' | b'@')
    };
    let first = key.bytes().next();
    key.len() <= 256
        && first.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && key.bytes().all(fits)
}

/// Printable ASCII but for `,` and `=`; blanks at the end are none of it.
fn is_value(value: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    !value.is_empty() && value.len() <= 256 && value.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(headers: &[&str]) -> Option<String> {
        let headers: Vec<_> = headers.iter().map(|text| HeaderValue::from_str(text).unwrap()).collect();
        of(headers.iter()).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn valid_entries_are_kept_in_their_order() {
        assert_eq!(
            joined(&["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"]).unwrap(),
            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"
        );
        assert_eq!(joined(&["b=2 , \ta@v=x:y z", "", ",c=3,"]).unwrap(), "b=2,a@v=x:y z,c=3");
        assert_eq!(joined(&[]), None);
        assert_eq!(joined(&["", " , "]), None);
    }

    #[test]
    fn one_bad_entry_spoils_all() {
        for odd in ["a", "=1", "a=", "A=1", "a=1=2", "_a=1", "a b=1", "a=1,a=2"] {
            assert_eq!(joined(&["ok=1", odd]), None, "{odd}");
        }
        assert_eq!(joined(&[&format!("{}=1", "k".repeat(257))]), None);
        assert_eq!(joined(&[&format!("k={}", "v".repeat(257))]), None);
        let many: Vec<String> = (0..33).map(|number| format!("k{number}=1")).collect();
        assert_eq!(joined(&[&many.join(",")]), None);
        assert!(joined(&[&many[..32].join(",")]).is_some());
    }

    #[test]
    fn without_room_for_all_the_long_entries_go_first_then_the_last_ones() {
        let long = format!("long={}", "x".repeat(200));
        let short: Vec<String> = (0..8).map(|number| format!("k{number}={}", "y".repeat(50))).collect();
        assert_eq!(joined(&[&long, &short.join(",")]).unwrap(), short.join(","));
        let short: Vec<String> = (10..40).map(|number| format!("k{number}={}", "y".repeat(50))).collect();
        let kept = joined(&[&short.join(",")]).unwrap();
        assert_eq!(kept, short[..9].join(","));
        assert!(kept.len() <= MOST_BYTES);
    }
}
