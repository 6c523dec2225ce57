//! Reads every file of the log back.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use crate::flood::{MESSAGE, crc};

/// What is in the files.
#[derive(Debug, Default)]
pub struct Found {
    pub files: u64,
    /// Bytes.
    pub largest: u64,
    pub on_disk: u64,
    pub torn: u64,
    pub twice: u64,
    /// Lines behind a later one of their thread.
    pub disordered: u64,
    /// Lines that tell of lost ones, and how many they tell of.
    pub loss_lines: u64,
    pub told: u64,
}

impl Found {
    pub fn is_sound(&self) -> bool {
        self.torn == 0 && self.twice == 0 && self.disordered == 0
    }
}

/// What was seen of a thread: in order, so that nothing need be kept of lines behind each other.
#[derive(Clone, Default)]
struct Seen {
    next: u64,
    /// Numbers that were left out so far.
    gaps: HashSet<u64>,
}

/// Reads the files of the log `path` from the oldest to the current one.
///
/// # Errors
///
/// Those of the file system.
pub fn read(path: &Path, threads: u64) -> io::Result<Found> {
    let mut found = Found::default();
    let mut seen = vec![Seen::default(); usize::try_from(threads).unwrap_or_default()];
    for file in files(path) {
        let file = File::open(file)?;
        found.files += 1;
        found.largest = found.largest.max(file.metadata()?.len());
        let mut file = BufReader::with_capacity(1 << 20, file);
        let mut line = Vec::new();
        while file.read_until(b'\n', &mut line)? > 0 {
            found.line(&line, &mut seen);
            line.clear();
        }
    }
    Ok(found)
}

fn files(path: &Path) -> Vec<PathBuf> {
    let backup = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    let mut files: Vec<PathBuf> = (1..).map(backup).take_while(|file| file.exists()).collect();
    files.reverse();
    files.extend(path.exists().then(|| path.to_owned()));
    files
}

impl Found {
    fn line(&mut self, line: &[u8], seen: &mut [Seen]) {
        let text = std::str::from_utf8(line).ok().and_then(|text| text.strip_suffix('\n'));
        if let Some(lines) = text.and_then(lost) {
            self.loss_lines += 1;
            self.told += lines;
            return;
        }
        let Some((thread, number)) = text.and_then(numbers) else {
            self.torn += 1;
            return;
        };
        let thread = usize::try_from(thread).ok().and_then(|thread| seen.get_mut(thread));
        let Some(thread) = thread else {
            self.torn += 1;
            return;
        };
        self.on_disk += 1;
        if number >= thread.next {
            thread.gaps.extend(thread.next..number);
            thread.next = number + 1;
        } else if thread.gaps.remove(&number) {
            self.disordered += 1;
        } else {
            self.twice += 1;
        }
    }
}

/// The thread and the number of a whole line, of which nothing is more or less than was logged.
fn numbers(line: &str) -> Option<(u64, u64)> {
    let fields = behind_time(line)?.strip_prefix(" - medschedule - INFO - ")?;
    let fields = fields.strip_prefix(MESSAGE)?.strip_prefix(" thread=")?;
    let (thread, fields) = fields.split_once(' ')?;
    let (number, fields) = fields.strip_prefix("line=")?.split_once(' ')?;
    let sum = fields.strip_prefix("crc=")?;
    let (thread, number, sum): (u64, u64, u32) =
        (thread.parse().ok()?, number.parse().ok()?, sum.parse().ok()?);
    (crc(thread, number) == sum).then_some((thread, number))
}

/// The number of lines that a line of the logger's own tells of.
fn lost(line: &str) -> Option<u64> {
    let rest = behind_time(line)?.strip_prefix(" - medschedule - WARNING - lines lost: ")?;
    rest.split(' ').next()?.parse().ok()
}

/// What follows `2026-03-02 08:00:00,123`.
fn behind_time(line: &str) -> Option<&str> {
    line.get(23..)
}
