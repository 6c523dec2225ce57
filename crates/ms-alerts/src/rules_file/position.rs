//! Where in the file a part of a value stands.

use super::yaml::Node;

/// The text of a rule file.
pub(super) struct Source<'a>(&'a str);

/// Gives line and column of a value, counted from 1.
pub(super) fn of<T>(node: &Node<T>) -> (u64, u64) {
    (node.referenced.line().max(1), node.referenced.column().max(1))
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Tells whether a value stands in quotes.
    pub(super) fn is_quoted<T>(&self, node: &Node<T>) -> bool {
        self.rest_of_line(of(node)).is_some_and(|text| text.starts_with(['"', '\'']))
    }

    fn rest_of_line(&self, (line, column): (u64, u64)) -> Option<&'a str> {
        let line = self.0.lines().nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
        let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
        line.get(line.char_indices().nth(skipped)?.0..)
    }

    /// Gives line and column of the byte `at` of the `text` of the value that stands at `start`.
    ///
    /// YAML may have folded, indented and quoted it, but leaves words as they are and in their order: the word at fault
    /// is the same one of its kind in the file as in the value.
    pub(super) fn position_within(&self, start: (u64, u64), text: &str, at: usize) -> (u64, u64) {
        self.find(start, text, at).unwrap_or(start)
    }

    fn find(&self, (line, column): (u64, u64), text: &str, at: usize) -> Option<(u64, u64)> {
        let word = word(text.get(at..)?);
        let before = text.get(..at)?.matches(word).count();
        let first_line = usize::try_from(line).ok()?.checked_sub(1)?;
        let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
        let mut found = 0;
        for (number, content) in self.0.lines().enumerate().skip(first_line) {
            let mut start = 0;
            if number == first_line {
                start = content.char_indices().nth(skipped).map_or(content.len(), |(at, _)| at);
                // The head of a block is no part of it.
                if content.get(start..)?.starts_with(['|', '>']) {
                    continue;
                }
            }
            for (at, _) in content.get(start..)?.match_indices(word) {
                if found == before {
                    let column = content.get(..start + at)?.chars().count() + 1;
                    return Some((number as u64 + 1, column as u64));
                }
                found += 1;
            }
        }
        None
    }
}

/// The word or sign that a text begins with.
fn word(text: &str) -> &str {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let first = text.chars().next().map_or(0, char::len_utf8);
    let length = text.find(|c: char| !is_word(c)).filter(|length| *length > 0).unwrap_or(first);
    text.get(..if text.chars().all(is_word) { text.len() } else { length }).unwrap_or(text)
}
