//! Values cut to the room that a line has.

use std::fmt;

/// A cut is moved back to the end of a word, so that half a secret is never left unrecognised; words longer than this
/// are cut off whole.
const LONGEST_WORD: usize = 512;

/// Stops the formatting of a value when there is no room for more of it.
pub(crate) struct Capped<'a> {
    pub(crate) out: &'a mut String,
    pub(crate) room: usize,
}

impl fmt::Write for Capped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.room.saturating_sub(self.out.len());
        if text.len() <= room {
            self.out.push_str(text);
            return Ok(());
        }
        let end = text.floor_char_boundary(room);
        self.out.push_str(text.get(..end).unwrap_or_default());
        // So that the text is longer than the room even if a character did not fit.
        self.out.extend(std::iter::repeat_n(' ', room - end));
        Err(fmt::Error)
    }
}

/// The words of `value` that fit into `room` bytes.
pub(crate) fn cut(value: &str, room: usize) -> &str {
    let front = value.get(..value.floor_char_boundary(room)).unwrap_or_default();
    let near = front.floor_char_boundary(front.len().saturating_sub(LONGEST_WORD));
    let end = front.get(near..).and_then(|tail| tail.rfind(char::is_whitespace)).map_or(near, |at| near + at);
    front.get(..end).unwrap_or_default()
}

/// Writes `text`, or as much of it as fits when escaping makes it longer than `room`; `true` if it was cut.
pub(crate) fn fill(out: &mut Vec<u8>, text: &str, room: usize, write: impl Fn(&mut Vec<u8>, &str)) -> bool {
    let start = out.len();
    write(out, text);
    // The quotes around a value are no reason to cut it.
    if out.len() - start <= room + 2 {
        return false;
    }
    out.truncate(start);
    // No character is longer than six bytes when it is escaped.
    write(out, cut(text, room / 6));
    true
}
