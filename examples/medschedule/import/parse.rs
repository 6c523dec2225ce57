//! Bytes into batches of rows, on a thread that may block.

use std::io::{self, Read};

use ms_analytics::ShiftRef;
use ms_analytics::read::{RosterReader, RowError};
use tokio::sync::mpsc;

use super::{Format, LoadError};
use crate::store::StoredShift;

const CHUNK: usize = 64 << 10;
/// A batch goes on once it has so many rows; its last chunk may bring more.
const ROWS: usize = 1024;

/// Some rows of the roster, in its order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) rows: Vec<StoredShift>,
    /// The line of each row.
    pub(super) lines: Vec<u64>,
    pub(super) refused: Vec<RowError>,
}

/// Reads to the end, or until nobody takes the batches any more.
pub(super) fn parse(
    format: Format,
    mut source: impl Read,
    out: &mpsc::Sender<Batch>,
) -> Result<(), LoadError> {
    let mut reader = match format {
        Format::Csv => RosterReader::csv(),
        Format::JsonLines => RosterReader::json_lines(),
    };
    let mut batch = Batch::default();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(LoadError::Read(error)),
        };
        let chunk = chunk.get(..length).unwrap_or_default();
        reader.push_each(chunk, |line, row| batch.take(line, row)).map_err(LoadError::Unreadable)?;
        if batch.is_full() && out.blocking_send(std::mem::take(&mut batch)).is_err() {
            return Ok(());
        }
    }
    reader.finish_each(|line, row| batch.take(line, row)).map_err(LoadError::Unreadable)?;
    // If the other side is gone, nobody misses the last rows.
    let _ = out.blocking_send(batch);
    Ok(())
}

impl Batch {
    fn take(&mut self, line: u64, row: Result<ShiftRef<'_>, RowError>) {
        match row {
            Ok(shift) => {
                self.rows.push(shift.into());
                self.lines.push(line);
            }
            Err(fault) => self.refused.push(fault),
        }
    }

    fn is_full(&self) -> bool {
        self.rows.len() + self.refused.len() >= ROWS
    }
}
