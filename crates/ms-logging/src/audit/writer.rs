//! The thread that writes a trail.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::mem;
use std::path::PathBuf;
use std::time::SystemTime;

use super::Shared;
use super::chain::{Chain, Link};
use super::error::AuditError;
use super::receipt::Confirm;
use crate::format::timestamp::{Instant, Stamp};
use crate::format::{escape, json};
use crate::rotate::open::{self, Identity, Links};
use crate::rotate::write_all;

/// How much is read at a time to find the last line.
const STEP: u64 = 64 * 1024;

/// So much of the end is looked at: a last record and what a crash has left of those behind it.
const MOST: usize = 8 * 1024 * 1024;

/// An event that waits for the disk.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) time: SystemTime,
    pub(super) event_type: String,
    /// JSON, redacted.
    pub(super) data: Vec<u8>,
    pub(super) confirm: Confirm,
}

pub(super) struct Writer {
    path: PathBuf,
    file: File,
    identity: Identity,
    /// Bytes of whole records.
    length: u64,
    chain: Chain,
    utc: Stamp,
    spoiled: bool,
}

impl Writer {
    /// Opens the file behind its last record; gives the number of bytes of an unfinished one that were cut off too.
    pub(super) fn open(path: PathBuf, chain: Chain) -> Result<(Self, u64), AuditError> {
        let opened = open::append(&path, Links::Refused)?;
        match opened.file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AuditError::Locked { path }),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let identity = opened.identity;
        let mut writer = Self {
            path,
            file: opened.file,
            identity,
            length: 0,
            chain,
            utc: Stamp::rfc3339(),
            spoiled: false,
        };
        let removed = writer.recover()?;
        open::sync_directory(&writer.path)?;
        Ok((writer, removed))
    }

    fn recover(&mut self) -> Result<u64, AuditError> {
        let broken = || AuditError::Broken { path: self.path.clone() };
        let (end, last) = last_line(&self.path)?.ok_or_else(broken)?;
        if let Some(line) = last {
            let link = std::str::from_utf8(&line).ok().and_then(Link::parse);
            let link = link.filter(|link| self.chain.holds(link));
            let link = link.ok_or_else(broken)?;
            self.chain.follow(link.seq, link.hash);
        }
        let removed = self.file.metadata()?.len().saturating_sub(end);
        if removed > 0 {
            self.file.set_len(end)?;
        }
        self.length = end;
        Ok(removed)
    }

    /// Writes until the log is closed and nothing waits.
    pub(super) fn run(mut self, shared: &Shared) {
        loop {
            let entries = {
                let mut state = shared.state.lock();
                while state.waiting.is_empty() && !state.closing {
                    shared.work.wait(&mut state);
                }
                if state.waiting.is_empty() {
                    break;
                }
                mem::take(&mut state.waiting)
            };
            self.record(entries);
        }
        shared.state.lock().ended = true;
        shared.ended.notify_all();
    }

    /// Writes all or nothing.
    fn record(&mut self, entries: Vec<Entry>) {
        let before = self.chain.clone();
        let mut lines = String::new();
        let mut answers = Vec::with_capacity(entries.len());
        for Entry { time, event_type, data, confirm } in entries {
            let mut line = self.line(time, &event_type, &data);
            answers.push((confirm, self.chain.bind(&mut line)));
            lines.push_str(&line);
        }
        let result = self.write(lines.as_bytes());
        if result.is_err() {
            self.chain = before;
        }
        for (confirm, recorded) in answers {
            confirm.tell(result.clone().map(|()| recorded));
        }
    }

    fn line(&mut self, time: SystemTime, event_type: &str, data: &[u8]) -> String {
        let mut line = Vec::with_capacity(data.len() + 256);
        json::head(&mut line, Instant::of(time), &mut self.utc);
        line.push(b'"');
        escape::json(&mut line, event_type);
        line.extend_from_slice(b"\",\"data\":");
        line.extend_from_slice(data);
        // Made of text alone.
        String::from_utf8(line).unwrap_or_default()
    }

    fn write(&mut self, lines: &[u8]) -> Result<(), AuditError> {
        if self.spoiled {
            return Err(AuditError::Spoiled);
        }
        // A trail that goes on in a file that nobody finds is none.
        if fs::symlink_metadata(&self.path).map(|now| Identity::of(&now)).ok() != Some(self.identity) {
            return Err(AuditError::Moved { path: self.path.clone() });
        }
        let written = write_all(&mut self.file, lines).map_err(|(_, error)| error);
        match written.and_then(|()| self.file.sync_data()) {
            Ok(()) => {
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                self.spoiled = self.file.set_len(self.length).is_err();
                Err(error.into())
            }
        }
    }
}

/// Where the last whole line ends, and the line without its line feed; nothing if no record is so long.
fn last_line(path: &std::path::Path) -> io::Result<Option<(u64, Option<Vec<u8>>)>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut tail = Vec::new();
    let mut start = length;
    loop {
        let ends: Vec<usize> = tail
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at)
            .take(2)
            .collect();
        let line = |from: usize, to: usize| tail.get(from..to).map(<[u8]>::to_vec);
        match (ends.first(), ends.get(1)) {
            (Some(end), Some(before)) => return Ok(Some((start + *end as u64 + 1, line(before + 1, *end)))),
            (Some(end), None) if start == 0 => return Ok(Some((*end as u64 + 1, line(0, *end)))),
            (None, _) if start == 0 => return Ok(Some((0, None))),
            _ if tail.len() > MOST => return Ok(None),
            _ => {}
        }
        let step = STEP.min(start);
        start -= step;
        file.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        (&mut file).take(step).read_to_end(&mut piece)?;
        piece.append(&mut tail);
        tail = piece;
    }
}
