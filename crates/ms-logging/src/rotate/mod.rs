//! A file that is rotated by size as Python's `RotatingFileHandler` does it, and by age.
//!
//! `app.log` is the current file, `app.log.1` the newest backup, `app.log.N` the oldest. Two differences to Python, both
//! on purpose: sizes count bytes where Python counts characters, and an empty file is never rotated, so a first line
//! that is longer than the limit leaves no empty backup.
//!
//! Processes may share a file; [`share`] tells how.

mod age;
mod backups;
#[cfg(feature = "gzip")]
mod gzip;
pub(crate) mod open;
mod pieces;
mod share;
mod write;

use std::fs;
use std::io;
use std::mem;
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
use pieces::first_line;
pub(crate) use pieces::{count, write_all};
use share::Hold;

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
    rotations: u64,
}

impl RotatingFile {
    pub(crate) fn open(path: PathBuf, rotation: Rotation) -> io::Result<Self> {
        // A link that is there at the start is the operator's; one that appears later may be anybody's.
        let links = if is_link(&path) { Links::Followed } else { Links::Refused };
        let current = open::append(&path, links)?;
        let age = rotation
            .every
            .map(|every| Age::new(every, rotation.zone.clone(), current.since(), Timestamp::now()));
        let mut backups = Backups::new(path.clone(), &rotation);
        backups.recover();
        let mut opened = Self {
            path,
            max_bytes: rotation.max_bytes,
            age,
            backups,
            links,
            durable: rotation.durable,
            current,
            torn: false,
            shifted: false,
            retry: None,
            rotations: 0,
        };
        opened.close_line_of_a_killed_process();
        Ok(opened)
    }

    /// Not left to the next line: whoever reads the file until then should not take a part for a line.
    fn close_line_of_a_killed_process(&mut self) {
        if !self.current.regular {
            return;
        }
        // What another process is writing just now ends anywhere.
        self.torn = self.current.lock() && self.current.ends_within_a_line(&self.path);
        if let Err(error) = self.close_torn_line() {
            notice(format_args!("cannot close the last line of {}: {error}", self.path.display()));
        }
        self.current.unlock();
    }

    /// Takes part in the file that has the name. Goes on without a lock if another process keeps that too long.
    fn enter(&mut self) -> io::Result<()> {
        let since = Instant::now();
        loop {
            let shared = self.current.share();
            let before = self.current.identity;
            self.follow()?;
            let same = self.current.identity == before;
            if same && (shared || !share::wait(since)) {
                return Ok(());
            }
            if since.elapsed() >= RETRY {
                // Something replaces the file all the time.
                return Ok(());
            }
        }
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
                // Looked at alone: what another process is writing just now ends anywhere.
                let is_torn = || opened.ends_within_a_line(&self.path);
                self.torn = is_torn() && opened.lock() && is_torn();
                opened.share();
                drop(self.begin(opened));
                Ok(())
            }
            // A file that was renamed still takes lines; one that was deleted would swallow them.
            Err(_) if self.current.is_linked() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Goes on in another file; gives the one before.
    fn begin(&mut self, opened: Opened) -> Opened {
        if let Some(age) = &mut self.age {
            age.begin(opened.since(), Timestamp::now());
        }
        self.shifted = false;
        mem::replace(&mut self.current, opened)
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
            // Another process is at it, and may have renamed the file already: what it compresses takes no more lines.
            let before = self.current.identity;
            self.enter()?;
            return Ok(self.current.identity != before);
        }
        let rotated = self.rotate_locked();
        self.enter()?;
        rotated
    }

    fn rotate_locked(&mut self) -> io::Result<bool> {
        if Identity::of(&fs::metadata(&self.path)?) != self.current.identity {
            // One that cannot be opened leaves this one in use, which grows then.
            let before = self.current.identity;
            self.reopen()?;
            return Ok(self.current.identity != before);
        }
        if self.durable {
            self.current.file.sync_data()?;
        }
        // A second shift before the file itself has moved would push a backup out for nothing.
        if !self.shifted {
            if !self.backups.shift()? {
                return Ok(false);
            }
            self.shifted = true;
        }
        self.backups.take(&self.path)?;
        self.shifted = false;
        self.rotations += 1;
        let opened = open::append(&self.path, self.links)?;
        let rotated = self.begin(opened);
        // Only what nobody writes to any more; its lock goes with it.
        self.backups.compress(Hold::new(rotated.file));
        Ok(true)
    }
}

impl Target for RotatingFile {
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()> {
        let result = self.enter().and_then(|()| self.write_batch(batch, lines, written));
        self.current.unlock();
        result
    }

    fn sync(&mut self) -> io::Result<()> {
        if !self.current.regular {
            return Ok(());
        }
        self.current.file.sync_data()?;
        // A new file is only found again if the disk keeps its name too.
        open::sync_directory(&self.path)
    }

    fn finish(&mut self) {
        self.backups.finish();
    }

    fn rotations(&self) -> Option<u64> {
        Some(self.rotations)
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

#[cfg(test)]
mod tests;
