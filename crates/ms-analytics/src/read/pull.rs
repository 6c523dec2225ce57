//! Rows of a roster, pulled out of a reader.

use std::io::{self, Read};

use super::error::{ReadError, RowError};
use super::roster::RosterReader;
use crate::shift::Shift;

const CHUNK: usize = 64 << 10;

/// The rows of a roster; made by [`csv`] and [`json_lines`].
#[derive(Debug)]
pub struct Rows<R> {
    source: Option<R>,
    reader: RosterReader,
    found: std::vec::IntoIter<Result<Shift, RowError>>,
    unreadable: Option<RowError>,
    chunk: Vec<u8>,
}

/// Reads a CSV roster with a header. The source need not be buffered.
pub fn csv<R: Read>(source: R) -> Rows<R> {
    Rows::new(source, RosterReader::csv())
}

/// Reads a roster of one JSON object a line. The source need not be buffered.
pub fn json_lines<R: Read>(source: R) -> Rows<R> {
    Rows::new(source, RosterReader::json_lines())
}

impl<R: Read> Rows<R> {
    fn new(source: R, reader: RosterReader) -> Self {
        let found = Vec::new().into_iter();
        Self { source: Some(source), reader, found, unreadable: None, chunk: vec![0; CHUNK] }
    }

    /// Reads the next chunk; false at the end of the source.
    fn fill(&mut self) -> io::Result<bool> {
        let Some(source) = &mut self.source else { return Ok(false) };
        let length = loop {
            match source.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.source = None;
                    return Err(error);
                }
                Ok(length) => break length,
            }
        };
        let mut rows = Vec::new();
        let answer = match self.chunk.get(..length) {
            Some(chunk) if !chunk.is_empty() => self.reader.push(chunk, &mut rows),
            _ => {
                self.source = None;
                self.reader.finish(&mut rows)
            }
        };
        if let Err(unreadable) = answer {
            self.source = None;
            self.unreadable = Some(unreadable);
        }
        self.found = rows.into_iter();
        Ok(true)
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Shift, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.found.next() {
                return Some(row.map_err(ReadError::Row));
            }
            if let Some(unreadable) = self.unreadable.take() {
                return Some(Err(ReadError::Unreadable(unreadable)));
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(ReadError::Io(error))),
            }
        }
    }
}
