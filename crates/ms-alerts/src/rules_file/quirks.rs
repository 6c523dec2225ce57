//! What the YAML reader takes, and that of a Prometheus server refuses or reads otherwise.
//!
//! The reader is one of YAML 1.2, the server's of 1.1 with rules of its own.

/// Line breaks in YAML 1.1 alone.
const OLD_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// Gives where in a file there is a line break that is none to the reader.
pub(super) fn old_break(text: &str) -> Option<usize> {
    text.find(OLD_BREAKS)
}

/// Gives what is wrong with a value, if anything is; `text` is the file from its beginning.
pub(super) fn of_value(text: &str) -> Option<&'static str> {
    match text.chars().next()? {
        '"' => of_quoted(text),
        '|' | '>' => of_block(text),
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

/// The first line tells how far a block is indented, unless its head does.
fn of_block(text: &str) -> Option<&'static str> {
    let (head, block) = text.split_once('\n')?;
    let indicators = head.split([' ', '\t']).next()?;
    if indicators.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let first = block.lines().map(|line| line.trim_start_matches(' ')).find(|line| !line.is_empty())?;
    first.starts_with('\t').then_some("a block begins with a tab, which Prometheus refuses")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_the_reader_takes_is_found() {
        for text in ["\"a\\\\\\/b\"", "\"\n \\ud83c\\udfe5\"", "|\n   \ta\n", ">- # x\n\n  \t\n", "|+\r\n\ta"]
        {
            assert!(of_value(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn what_both_take_is_left_alone() {
        for text in [
            "a\\/b",
            "'a\\/b'",
            "\"a/b\\\\/\" # \\/",
            "\"\\u00fc\\U0001F600\"",
            "|\n  a\tb\n \\/",
            "|2\n  \ta",
            "\"",
            "|",
            "\"\\",
            "> # 2\n  a",
        ] {
            assert_eq!(of_value(text), None, "{text:?}");
        }
    }
}
