//! Where in the file a part of a value stands.

use super::yaml::Node;

/// The text of a rule file.
pub(crate) struct Source<'a> {
    text: &'a str,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
}

/// Gives line and column of a value, counted from 1.
pub(crate) fn of<T>(node: &Node<T>) -> (u64, u64) {
    (node.referenced.line().max(1), node.referenced.column().max(1))
}

impl<'a> Source<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let behind_breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        Self { text, lines: std::iter::once(0).chain(behind_breaks).collect() }
    }

    /// Gives the file from the beginning of a value.
    pub(crate) fn from<T>(&self, node: &Node<T>) -> Option<&'a str> {
        let (line, column) = of(node);
        let line = self.line_on(line)?;
        let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
        line.get(line.char_indices().nth(skipped)?.0..)
    }

    /// Gives the file from the beginning of a line.
    fn line_on(&self, line: u64) -> Option<&'a str> {
        self.text.get(*self.lines.get(usize::try_from(line).ok()?.checked_sub(1)?)?..)
    }

    /// Gives line and column of a byte of the file.
    pub(super) fn position(&self, at: usize) -> (u64, u64) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = line.checked_sub(1).and_then(|line| self.lines.get(line)).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count()) + 1;
        (line as u64, column as u64)
    }

    /// Gives line and column of the byte `at` of the `text` of the value that stands at `start`.
    ///
    /// YAML may have folded, indented and quoted it, but leaves words as they are and in their order: the word at fault
    /// is the same one of its kind in the file as in the value.
    pub(crate) fn position_within(&self, start: (u64, u64), text: &str, at: usize) -> (u64, u64) {
        self.find(start, text, at).unwrap_or(start)
    }

    fn find(&self, (line, column): (u64, u64), text: &str, at: usize) -> Option<(u64, u64)> {
        let word = word(text.get(at..)?);
        let before = text.get(..at)?.matches(word).count();
        let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
        let mut found = 0;
        for (number, content) in (line..).zip(self.line_on(line)?.lines()) {
            let mut start = 0;
            if number == line {
                start = content.char_indices().nth(skipped).map_or(content.len(), |(at, _)| at);
                // The head of a block is no part of it.
                if content.get(start..)?.starts_with(['|', '>']) {
                    continue;
                }
            }
            for (at, _) in content.get(start..)?.match_indices(word) {
                if found == before {
                    let column = content.get(..start + at)?.chars().count() + 1;
                    return Some((number, column as u64));
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
