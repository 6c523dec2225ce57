//! A file that is rotated by size as Python's `RotatingFileHandler` does it.
//!
//! `app.log` is the current file, `app.log.1` the newest backup, `app.log.N` the oldest. Two differences to Python, both
//! on purpose: sizes count bytes where Python counts characters, and an empty file is never rotated, so a first line
//! that is longer than the limit leaves no empty backup.

mod open;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::notice::notice;
use crate::queue::Target;
use open::{Identity, Opened};

/// How long after a failed rotation the next is tried.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    backups: u32,
    current: Opened,
    /// The file ends within a line, which is closed before the next one.
    torn: bool,
    /// The backups were moved, but the file itself could not be.
    shifted: bool,
    retry: Option<Instant>,
}

impl RotatingFile {
    pub(crate) fn open(path: PathBuf, max_bytes: u64, backups: u32) -> io::Result<Self> {
        let current = open::append(&path)?;
        let torn = current.ends_within_a_line(&path);
        Ok(Self { path, max_bytes, backups, current, torn, shifted: false, retry: None })
    }

    /// Opens the file anew if it was renamed, replaced or deleted; lines before that stay where they went.
    fn follow(&mut self) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(now) if Identity::of(&now) == self.current.identity => {
                // Somebody else may have written to it, or emptied it.
                self.current.length = now.len();
                Ok(())
            }
            _ => self.reopen(),
        }
    }

    fn reopen(&mut self) -> io::Result<()> {
        match open::append(&self.path) {
            Ok(opened) => {
                self.torn = opened.ends_within_a_line(&self.path);
                self.current = opened;
                self.shifted = false;
                Ok(())
            }
            // A file that was renamed still takes lines; one that was deleted would swallow them.
            Err(_) if self.current.is_linked() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How many bytes of `lines` belong into the current file: whole lines, none if it must be rotated first.
    fn fitting(&self, lines: &[u8]) -> usize {
        if self.max_bytes == 0 || !self.current.regular {
            return lines.len();
        }
        let room = self.max_bytes.saturating_sub(self.current.length).saturating_sub(1);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let Some(front) = lines.get(..room) else { return lines.len() };
        match front.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            None if self.current.length == 0 => first_line(lines),
            None => 0,
        }
    }

    /// Whether the next line goes to a new file. If it does not work, the current file just grows.
    fn rotate(&mut self) -> bool {
        if self.retry.is_some_and(|at| Instant::now() < at) {
            return false;
        }
        self.retry = None;
        match self.try_rotate() {
            Ok(()) => true,
            Err(error) => {
                self.retry = Some(Instant::now() + RETRY);
                notice(format_args!("cannot rotate {}: {error}", self.path.display()));
                false
            }
        }
    }

    fn try_rotate(&mut self) -> io::Result<()> {
        if Identity::of(&fs::metadata(&self.path)?) != self.current.identity {
            return self.reopen();
        }
        // A second shift before the file itself has moved would push a backup out for nothing.
        if !self.shifted {
            self.shift()?;
            self.shifted = true;
        }
        fs::rename(&self.path, backup(&self.path, 1))?;
        self.shifted = false;
        self.current = open::append(&self.path)?;
        Ok(())
    }

    fn shift(&self) -> io::Result<()> {
        for number in (1..self.backups).rev() {
            let from = backup(&self.path, number);
            if fs::symlink_metadata(&from).is_ok() {
                fs::rename(from, backup(&self.path, number + 1))?;
            }
        }
        Ok(())
    }

    fn write_piece(&mut self, piece: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
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
    fn seal(&mut self, part: usize) {
        if part == 0 {
            return;
        }
        let file = &self.current.file;
        let alone = file.metadata().is_ok_and(|now| now.is_file() && now.len() == self.current.length);
        let whole = self.current.length.saturating_sub(part as u64);
        if alone && file.set_len(whole).is_ok() {
            self.current.length = whole;
        } else {
            self.torn = true;
        }
    }

    fn close_torn_line(&mut self) -> io::Result<()> {
        if self.torn {
            write_all(&mut self.current.file, b"\n").map_err(|(_, error)| error)?;
            self.current.length += 1;
            self.torn = false;
        }
        Ok(())
    }
}

impl Target for RotatingFile {
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        self.follow()?;
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
            self.write_piece(piece, lines, written)?;
            left = left.saturating_sub(lines);
            rest = tail;
        }
        Ok(())
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

fn backup(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

/// Every line ends in the only line feed that it holds.
pub(crate) fn count(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

fn first_line(lines: &[u8]) -> usize {
    lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1)
}

/// Writes everything, or tells how much it wrote before the error.
pub(crate) fn write_all(out: &mut (impl io::Write + ?Sized), bytes: &[u8]) -> Result<(), (usize, io::Error)> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(0) => return Err((done, io::ErrorKind::WriteZero.into())),
            Ok(taken) => done += taken,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err((done, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
