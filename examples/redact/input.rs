//! Lines of standard input, and parts of those that are too long to be held.

use std::io::{self, Read};
use std::ops::Range;

/// A line that is longer comes in parts.
pub const LONGEST: usize = 1024 * 1024;

/// What is to be scrubbed next.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line, or what was left of one; `end` is its `\n`, `\r\n`, or nothing at the end of the input.
    Line { text: &'a [u8], end: &'a [u8] },
    /// The beginning of a line whose end is not in sight. The reader says how much of it is done.
    Part(&'a [u8]),
}

/// Reads in large pieces, and holds no more than one and a line of it.
#[derive(Debug)]
pub struct Input<R> {
    source: R,
    buffer: Vec<u8>,
    /// What was read and not yet handed out.
    unread: Range<usize>,
    ended: bool,
    /// A part was handed out and its line has not ended.
    within: bool,
}

impl<R: Read> Input<R> {
    pub fn new(source: R) -> Self {
        Self { source, buffer: vec![0; 2 * LONGEST], unread: 0..0, ended: false, within: false }
    }

    /// Reads some more; `false` at the end, when all has been handed out.
    pub fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let room = self.buffer.get_mut(self.unread.end..).unwrap_or_default();
        let count = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.unread.end += count;
        self.ended = count == 0;
        Ok(true)
    }

    /// The next line or part, if there is one before the next `fill`.
    pub fn next(&mut self) -> Option<Piece<'_>> {
        let unread = self.buffer.get(self.unread.clone()).unwrap_or_default();
        let newline = memchr::memchr(b'\n', unread);
        let Some(length) = newline.or(self.ended.then_some(unread.len())) else {
            let long = unread.len() > LONGEST;
            self.within |= long;
            return long.then_some(Piece::Part(unread));
        };
        if newline.is_none() && length == 0 && !self.within {
            return None;
        }
        self.within = false;
        let line = unread.get(..length).unwrap_or_default();
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        let taken = length + usize::from(newline.is_some());
        let end = unread.get(text.len()..taken).unwrap_or_default();
        self.unread.start += taken;
        Some(Piece::Line { text, end })
    }

    /// Takes back all but the first `used` bytes of the part that was handed out.
    pub fn keep_from(&mut self, used: usize) {
        self.unread.start += used.min(self.unread.len());
    }
}
