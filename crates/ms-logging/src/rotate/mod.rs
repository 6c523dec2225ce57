//! A file that is rotated by size as Python's `RotatingFileHandler` does it, and by age.
//!
//! `app.log` is the current file, `app.log.1` the newest backup, `app.log.N` the oldest. Two differences to Python, both
//! on purpose: sizes count bytes where Python counts characters, and an empty file is never rotated, so a first line
//! that is longer than the limit leaves no empty backup.
//!
//! Processes that share a file agree by a lock on it, held while one of them rotates: whoever holds the lock of the file
//! that bears the name is the only one to rename it.

mod age;
mod backups;
#[cfg(feature = "gzip")]
mod gzip;
pub(crate) mod open;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::notice::notice;
use crate::queue::Target;
use age::Age;
pub use age::Every;
use backups::Backups;
use open::{Identity, Links, Opened};

/// How long after a failed rotation the next is tried.
const RETRY: Duration = Duration::from_secs(1);

/// When a file is rotated, and what is kept.
#[derive(Debug, Clone)]
pub(crate) struct Rotation {
    /// 0 never rotates by size.
    pub(crate) max_bytes: u64,
    pub(crate) every: Option<Every>,
    pub(crate) zone: TimeZone,
    pub(crate) backups: u32,
    /// Of the file and its backups together.
    pub(crate) max_total_bytes: Option<u64>,
    /// Whether the disk keeps a file before it is renamed.
    pub(crate) durable: bool,
    #[cfg(feature = "gzip")]
    pub(crate) gzip: bool,
}

#[derive(Debug)]
pub(crate) struct RotatingFile {
    path: PathBuf,
    max_bytes: u64,
    age: Option<Age>,
    backups: Backups,
    links: Links,
    durable: bool,
    current: Opened,
    /// The file ends within a line, which is closed before the next one.
    torn: bool,
    /// The backups were moved, but the file itself could not be.
    shifted: bool,
    retry: Option<Instant>,
}

impl RotatingFile {
    pub(crate) fn open(path: PathBuf, rotation: Rotation) -> io::Result<Self> {
        // A link that is there at the start is the operator's; one that appears later may be anybody's.
        let links = if is_link(&path) { Links::Followed } else { Links::Refused };
        let current = open::append(&path, links)?;
        let torn = current.ends_within_a_line(&path);
        let age = rotation
            .every
            .map(|every| Age::new(every, rotation.zone.clone(), current.since(), Timestamp::now()));
        let mut backups = Backups::new(path.clone(), &rotation);
        backups.recover();
        Ok(Self {
            path,
            max_bytes: rotation.max_bytes,
            age,
            backups,
            links,
            durable: rotation.durable,
            current,
            torn,
            shifted: false,
            retry: None,
        })
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
        if self.links == Links::Refused && is_link(&self.path) {
            notice(format_args!("{} became a link, which is not followed but removed", self.path.display()));
            fs::remove_file(&self.path)?;
        }
        match open::append(&self.path, self.links) {
            Ok(opened) => {
                self.torn = opened.ends_within_a_line(&self.path);
                self.begin(opened);
                Ok(())
            }
            // A file that was renamed still takes lines; one that was deleted would swallow them.
            Err(_) if self.current.is_linked() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn begin(&mut self, opened: Opened) {
        if let Some(age) = &mut self.age {
            age.begin(opened.since(), Timestamp::now());
        }
        self.current = opened;
        self.shifted = false;
    }

    /// How many bytes of `lines` belong into the current file: whole lines, none if it must be rotated first.
    fn fitting(&self, lines: &[u8]) -> usize {
        if !self.current.regular {
            return lines.len();
        }
        if self.current.length > 0 && self.age.as_ref().is_some_and(|age| age.is_over(Timestamp::now())) {
            return 0;
        }
        if self.max_bytes == 0 {
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
            Ok(rotated) => rotated,
            Err(error) => {
                self.retry = Some(Instant::now() + RETRY);
                notice(format_args!("cannot rotate {}: {error}", self.path.display()));
                false
            }
        }
    }

    fn try_rotate(&mut self) -> io::Result<bool> {
        if !self.current.lock() {
            // Another process is at it. The next batch goes to the file that it makes.
            return Ok(false);
        }
        let rotated = self.rotate_locked();
        // What was rotated has lost its lock with its handle.
        self.current.unlock();
        rotated.map(|()| true)
    }

    fn rotate_locked(&mut self) -> io::Result<()> {
        if Identity::of(&fs::metadata(&self.path)?) != self.current.identity {
            return self.reopen();
        }
        if self.durable {
            self.current.file.sync_data()?;
        }
        // A second shift before the file itself has moved would push a backup out for nothing.
        if !self.shifted {
            self.backups.shift()?;
            self.shifted = true;
        }
        self.backups.take(&self.path)?;
        self.shifted = false;
        let opened = open::append(&self.path, self.links)?;
        self.begin(opened);
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
            self.backups.prune(self.current.length.saturating_add(piece.len() as u64));
            self.write_piece(piece, lines, written)?;
            left = left.saturating_sub(lines);
            rest = tail;
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        if !self.current.regular {
            return Ok(());
        }
        self.current.file.sync_data()?;
        // A new file is only found again if the disk keeps its name too.
        open::sync_directory(&self.path)
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
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
