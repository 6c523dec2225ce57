//! The file's format: a line that says what it is, then a line for each set of records, behind its checksum.

use super::memory::{Audience, Memory};
use super::record::Record;

const HEAD: &str = "ms-alerts journal ";
const VERSION: &str = "1";

/// Why a file, or what is behind its valid beginning, is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("it is no journal of alerts")]
    Foreign,
    #[error("it was written by another version")]
    Version,
    #[error("line {0} is damaged")]
    Line(usize),
    #[error("its last line was not finished")]
    Unfinished,
}

pub(crate) fn head() -> String {
    format!("{HEAD}{VERSION}\n")
}

/// Appends a line for records that hold together.
pub(crate) fn write(records: &[Record], to: &mut Vec<u8>) {
    // Strings, numbers and maps with names: there is nothing that JSON cannot say.
    let Ok(json) = serde_json::to_string(records) else { return };
    let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    to.extend_from_slice(line.as_bytes());
}

/// Reads a file as far as it is valid. An empty one is.
pub(crate) fn read(bytes: &[u8], audience: &Audience) -> (Memory, Option<Damage>) {
    let mut memory = Memory::default();
    if bytes.is_empty() {
        return (memory, None);
    }
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    match first.strip_prefix(HEAD.as_bytes()) {
        _ if first == head().as_bytes() => {}
        Some(_) if first.ends_with(b"\n") => return (memory, Some(Damage::Version)),
        // It was begun and not finished.
        _ if head().as_bytes().starts_with(first) => return (memory, Some(Damage::Unfinished)),
        _ => return (memory, Some(Damage::Foreign)),
    }
    for (number, line) in lines.enumerate() {
        let Some(line) = line.strip_suffix(b"\n") else { return (memory, Some(Damage::Unfinished)) };
        let Some(records) = parse(line) else { return (memory, Some(Damage::Line(number + 2))) };
        records.into_iter().for_each(|record| memory.apply(record, audience));
    }
    (memory, None)
}

fn parse(line: &[u8]) -> Option<Vec<Record>> {
    let (sum, json) = line.split_at_checked(8)?;
    let json = json.strip_prefix(b" ")?;
    // Not read as a number, of which there are other spellings.
    let is_whole = format!("{:08x}", crc32fast::hash(json)).as_bytes() == sum;
    is_whole.then(|| serde_json::from_slice(json).ok()).flatten()
}
