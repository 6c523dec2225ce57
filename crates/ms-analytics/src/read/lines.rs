//! Physical lines out of chunks.

use super::LONGEST_ROW;

/// Cuts pushed bytes into lines without their line feed.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// The current line passed the limit: only its beginning is kept.
    too_long: bool,
}

/// A line, or the first megabyte of one that is longer than any row may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Whole(&'a [u8]),
    TooLong(&'a [u8]),
}

impl Lines {
    /// Calls `each` for every line that ends in `chunk`; stops at its first error.
    pub(super) fn push<E>(
        &mut self,
        mut chunk: &[u8],
        mut each: impl FnMut(Line<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (line, rest) = chunk.split_at(end);
            chunk = rest.get(1..).unwrap_or_default();
            if self.partial.is_empty() && !self.too_long && line.len() <= LONGEST_ROW {
                each(Line::Whole(line))?;
            } else {
                self.extend(line);
                self.end(&mut each)?;
            }
        }
        self.extend(chunk);
        Ok(())
    }

    /// Calls `each` for a last line that has no line feed.
    pub(super) fn finish<E>(&mut self, mut each: impl FnMut(Line<'_>) -> Result<(), E>) -> Result<(), E> {
        if self.partial.is_empty() && !self.too_long { Ok(()) } else { self.end(&mut each) }
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = LONGEST_ROW - self.partial.len();
        self.too_long |= bytes.len() > room;
        self.partial.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn end<E>(&mut self, each: &mut impl FnMut(Line<'_>) -> Result<(), E>) -> Result<(), E> {
        let line = if self.too_long { Line::TooLong(&self.partial) } else { Line::Whole(&self.partial) };
        let answer = each(line);
        self.partial.clear();
        self.too_long = false;
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<Option<Vec<u8>>> {
        let (mut found, mut lines) = (Vec::new(), Lines::default());
        let mut keep = |line: Line<'_>| {
            found.push(match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong(_) => None,
            });
            Ok::<(), Infallible>(())
        };
        for chunk in chunks {
            lines.push(chunk, &mut keep).unwrap();
        }
        lines.finish(&mut keep).unwrap();
        found
    }

    #[test]
    fn a_line_past_the_limit_is_named_and_the_next_is_read() {
        let long = vec![b'x'; LONGEST_ROW + 1];
        let text = [&long[..], b"\nb\n"].concat();
        let chunks: Vec<&[u8]> = text.chunks(4096).collect();
        assert_eq!(lines(&[&text]), [None, Some(b"b".to_vec())]);
        assert_eq!(lines(&chunks), [None, Some(b"b".to_vec())]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[ab\n]{0,60}", size in 1..9_usize) {
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
            let expected: Vec<_> = text.lines().map(|line| Some(line.as_bytes().to_vec())).collect();
            prop_assert_eq!(lines(&chunks), expected);
        }
    }
}
