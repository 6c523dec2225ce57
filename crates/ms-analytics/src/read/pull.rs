//! Rows of a roster, pulled out of a reader.

use std::io::{self, Read};
use std::time::Duration;

use super::delimiter::Delimiter;
use super::error::{ReadError, RowError};
use super::roster::RosterReader;
use crate::local_times::LocalTimes;
use crate::shift::{Shift, ShiftRef};

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

    /// Believes shifts up to this length, as [`RosterReader::longest_shift`] does.
    #[must_use]
    pub fn longest_shift(mut self, longest: Duration) -> Self {
        self.reader = self.reader.longest_shift(longest);
        self
    }

    /// Separates the columns of CSV otherwise, as [`RosterReader::delimiter`] does.
    #[must_use]
    pub fn delimiter(mut self, delimiter: Delimiter) -> Self {
        self.reader = self.reader.delimiter(delimiter);
        self
    }

    /// Reads durations of CSV with a decimal comma, as [`RosterReader::decimal_comma`] does.
    #[must_use]
    pub fn decimal_comma(mut self, is_comma: bool) -> Self {
        self.reader = self.reader.decimal_comma(is_comma);
        self
    }

    /// Reads times without an offset by the clocks of a place, as [`RosterReader::local_times`] does.
    #[must_use]
    pub fn local_times(mut self, local_times: LocalTimes) -> Self {
        self.reader = self.reader.local_times(local_times);
        self
    }

    /// Calls `each` with every row that the iterator has not given yet, without copying them: faster than the
    /// iterator where the rows need not be kept.
    ///
    /// # Errors
    ///
    /// [`ReadError::Unreadable`] and [`ReadError::Io`], after the rows above have been passed on.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::{ShiftAnalytics, read};
    ///
    /// let roster = "id,employee,department,start,end\n1,E1,A,2026-03-02T08:00Z,2026-03-02T16:00Z\n2,E2\n";
    /// let (mut analytics, mut refused) = (ShiftAnalytics::default(), Vec::new());
    /// read::csv(roster.as_bytes()).each(|row| match row {
    ///     Ok(shift) => analytics.add(shift),
    ///     Err(fault) => refused.push(fault),
    /// })?;
    /// assert_eq!(analytics.finish().total_shifts, 1);
    /// assert_eq!(refused[0].line, 3);
    /// # Ok::<(), read::ReadError>(())
    /// ```
    pub fn each(mut self, mut each: impl FnMut(Result<ShiftRef<'_>, RowError>)) -> Result<(), ReadError> {
        for row in self.found.by_ref() {
            each(row.as_ref().map(ShiftRef::from).map_err(Clone::clone));
        }
        if let Some(unreadable) = self.unreadable {
            return Err(ReadError::Unreadable(unreadable));
        }
        let Some(mut source) = self.source else { return Ok(()) };
        while let Some(chunk) = next_chunk(&mut source, &mut self.chunk)? {
            self.reader.push_each(chunk, |_, row| each(row)).map_err(ReadError::Unreadable)?;
        }
        self.reader.finish_each(|_, row| each(row)).map_err(ReadError::Unreadable)
    }

    /// Reads the next chunk; false at the end of the source.
    fn fill(&mut self) -> io::Result<bool> {
        let Some(source) = &mut self.source else { return Ok(false) };
        let mut rows = Vec::new();
        let answer = match next_chunk(source, &mut self.chunk) {
            Ok(Some(chunk)) => self.reader.push(chunk, &mut rows),
            Ok(None) => {
                self.source = None;
                self.reader.finish(&mut rows)
            }
            Err(error) => {
                self.source = None;
                return Err(error);
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

/// Reads into `chunk`; returns what came, or `None` at the end.
pub(super) fn next_chunk<'c>(source: &mut impl Read, chunk: &'c mut [u8]) -> io::Result<Option<&'c [u8]>> {
    let length = loop {
        match source.read(chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read?,
        }
    };
    Ok(chunk.get(..length).filter(|chunk| !chunk.is_empty()))
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
