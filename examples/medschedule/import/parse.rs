//! Bytes into batches of rows, on a thread that may block.

use std::io::{self, Read};

use ms_analytics::read::{RosterReader, RowError};
use tokio::sync::mpsc;

use super::lines::LineOfRow;
use super::{Format, LoadError};
use crate::store::StoredShift;

const CHUNK: usize = 64 << 10;
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
    let (mut batch, mut place) = (Batch::default(), LineOfRow::default());
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(LoadError::Read(error)),
        };
        // Line by line: the reader tells the lines of the rows it refuses only.
        for piece in chunk.get(..length).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            reader.push_each(piece, |row| batch.take(row, &mut place)).map_err(LoadError::Unreadable)?;
            place.pushed(piece);
            if batch.is_full() && out.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
        }
    }
    reader.finish_each(|row| batch.take(row, &mut place)).map_err(LoadError::Unreadable)?;
    // If the other side is gone, nobody misses the last rows.
    let _ = out.blocking_send(batch);
    Ok(())
}

impl Batch {
    fn take(&mut self, row: Result<ms_analytics::ShiftRef<'_>, RowError>, place: &mut LineOfRow) {
        match row {
            Ok(shift) => {
                self.rows.push(shift.into());
                self.lines.push(place.accepted());
            }
            Err(fault) => {
                place.refused(fault.line);
                self.refused.push(fault);
            }
        }
    }

    fn is_full(&self) -> bool {
        self.rows.len() + self.refused.len() >= ROWS
    }
}
