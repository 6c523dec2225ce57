//! Lines into the file that is open, none of them in part.

use std::io;

use super::{RotatingFile, count, write_all};

impl RotatingFile {
    pub(super) fn write_batch(
        &mut self,
        batch: &[u8],
        lines: u64,
        written: &mut dyn FnMut(u64),
    ) -> io::Result<()> {
        let (mut rest, mut left) = (batch, lines);
        while !rest.is_empty() {
            self.close_torn_line()?;
            let mut fitting = self.fitting(rest);
            if fitting == 0 {
                if self.rotate() {
                    continue;
                }
                fitting = rest.len();
            }
            let (piece, tail) = rest.split_at_checked(fitting).unwrap_or((rest, b""));
            let lines = if tail.is_empty() { left } else { count(piece) };
            self.backups.prune(self.current.length.saturating_add(piece.len() as u64));
            self.write_piece(piece, lines, written)?;
            left = left.saturating_sub(lines);
            rest = tail;
        }
        Ok(())
    }

    pub(super) fn write_piece(
        &mut self,
        piece: &[u8],
        lines: u64,
        written: &mut dyn FnMut(u64),
    ) -> io::Result<()> {
        self.append(piece, written)?;
        // Deleted while it was written to: these lines are nowhere.
        if !self.current.is_linked() {
            self.reopen()?;
            self.close_torn_line()?;
            self.append(piece, written)?;
        }
        written(lines);
        Ok(())
    }

    /// Writes whole lines; tells of them only if it fails halfway.
    fn append(&mut self, piece: &[u8], written: &mut dyn FnMut(u64)) -> io::Result<()> {
        let Err((done, error)) = write_all(&mut self.current.file, piece) else {
            self.current.length += piece.len() as u64;
            return Ok(());
        };
        let done = piece.get(..done).unwrap_or(piece);
        let whole = done.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        self.current.length += done.len() as u64;
        self.seal(done.len() - whole);
        if self.current.is_linked() {
            written(count(done.get(..whole).unwrap_or_default()));
        }
        Err(error)
    }

    /// Takes the part of a line back that a failed write has left, or remembers to close it.
    pub(super) fn seal(&mut self, part: usize) {
        if part == 0 {
            return;
        }
        let file = &self.current.file;
        // Nobody adds a line between the look and the cut.
        let alone = self.current.regular
            && self.current.lock()
            && file.metadata().is_ok_and(|now| now.len() == self.current.length);
        let whole = self.current.length.saturating_sub(part as u64);
        if alone && file.set_len(whole).is_ok() {
            self.current.length = whole;
        } else {
            self.torn = true;
        }
        self.current.share();
    }

    pub(super) fn close_torn_line(&mut self) -> io::Result<()> {
        if self.torn {
            write_all(&mut self.current.file, b"\n").map_err(|(_, error)| error)?;
            self.current.length += 1;
            self.torn = false;
        }
        Ok(())
    }
}
