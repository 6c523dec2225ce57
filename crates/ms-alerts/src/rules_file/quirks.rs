//! What the YAML reader takes, and that of a Prometheus server refuses or reads otherwise.
//!
//! The reader is one of YAML 1.2, the server's of 1.1 with rules of its own.

/// Line breaks in YAML 1.1 alone.
const OLD_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Gives where in a file there is a line break that is none to the reader.
pub(super) fn old_break(text: &str) -> Option<usize> {
    text.find(OLD_BREAKS)
}

/// Gives what is wrong with a value, if anything is; `text` is the file from its beginning, in a block from its first letter.
pub(super) fn of_value(value: &str, text: &str) -> Option<&'static str> {
    match text.chars().next()? {
        // A block may begin with a quote of its own.
        '"' if !value.starts_with('"') || text.starts_with("\"\\") => of_quoted(text),
        '\t' => Some("a block begins with a tab, which Prometheus refuses"),
        _ => None,
    }
}

fn of_quoted(text: &str) -> Option<&'static str> {
    let mut rest = text.chars().skip(1);
    loop {
        match rest.next()? {
            '"' => return None,
            '\\' => match rest.next()? {
                '/' => return Some("`\\/` is no escape for Prometheus; write `/`"),
                'u' if is_surrogate(rest.clone().take(4)) => {
                    return Some(
                        "half a character is no escape for Prometheus; write `\\U` and eight digits",
                    );
                }
                _ => {}
            },
            _ => {}
        }
    }
}

fn is_surrogate(digits: impl Iterator<Item = char>) -> bool {
    let number = digits.collect::<String>();
    u32::from_str_radix(&number, 16).is_ok_and(|number| (0xd800..0xe000).contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_that_only_the_reader_knows_are_found() {
        for text in ["\"a\\\\\\/b\"", "\"\n \\ud83c\\udfe5\"", "\"\\\"\\/\""] {
            assert!(of_value("a", text).is_some(), "{text:?}");
        }
        assert!(of_value("\"/", "\"\\\"\\/\"").is_some());
    }

    #[test]
    fn what_both_take_is_left_alone() {
        for text in ["a\\/b", "'a\\/b'", "\"a/b\\\\/\" # \\/", "\"\\u00fc\\U0001F600\"", "\"", "\"\\"] {
            assert_eq!(of_value("a", text), None, "{text:?}");
        }
        assert_eq!(of_value("\"a\\/b\" in a block", "\"a\\/b\" in a block"), None);
    }
}
