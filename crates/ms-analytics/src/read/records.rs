//! CSV records (RFC 4180) out of physical lines.

use super::LONGEST_ROW;
use super::delimiter::Delimiter;
use super::lines::Line;
use crate::shift::may_hold_control;

/// The fields of one record and where it stood. Lent out for one call: the buffers are used again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) line: u64,
    text: &'a [u8],
    /// Where each field begins and ends in `text`.
    bounds: &'a [(usize, usize)],
}

impl<'a> Record<'a> {
    pub(super) fn len(&self) -> usize {
        self.bounds.len()
    }

    pub(super) fn field(&self, index: usize) -> Option<&'a [u8]> {
        let (start, end) = *self.bounds.get(index)?;
        self.text.get(start..end)
    }

    /// The whole record as text; its fields then are found by [`Record::field_of`].
    pub(super) fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.text).ok()
    }

    pub(super) fn may_hold_control(&self) -> bool {
        may_hold_control(self.text)
    }

    /// A field of the text; `None` too if it is not UTF-8 by itself.
    pub(super) fn field_of(&self, text: &'a str, index: usize) -> Option<&'a str> {
        let (start, end) = *self.bounds.get(index)?;
        text.get(start..end)
    }

    pub(super) fn fields(self) -> impl Iterator<Item = &'a [u8]> {
        self.bounds.iter().filter_map(move |(start, end)| self.text.get(*start..*end))
    }
}

/// What a line completed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    Record(Record<'a>),
    /// The record that begins on this line, broken in the field of this index if one is to blame.
    Broken {
        line: u64,
        field: Option<usize>,
        reason: &'static str,
    },
}

impl Event<'_> {
    /// The line on which the record begins.
    pub(super) fn line(&self) -> u64 {
        match self {
            Event::Record(record) => record.line,
            Event::Broken { line, .. } => *line,
        }
    }
}

/// Puts lines together to records.
///
/// A record that turns out broken costs its first line alone: the lines that a forgotten quote had swallowed are read
/// again as records of their own. That stays linear: between the forgotten quote and the next line with an odd number
/// of quotes every line is whole by itself, so no line is read more than a few times.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// Number of the line last read.
    line: u64,
    /// The open record's first line; 0 if none is open.
    open_line: u64,
    /// Raw bytes of the open record, and behind `read` lines that wait to be read again.
    held: Vec<u8>,
    read: usize,
    fields: Fields,
}

/// The fields of the open record. Those of a line without quotes lie in the line itself, others are put together.
#[derive(Debug)]
struct Fields {
    delimiter: u8,
    text: Vec<u8>,
    bounds: Vec<(usize, usize)>,
    /// Where the field under way begins in `text`.
    start: usize,
}

impl Default for Fields {
    fn default() -> Self {
        Self { delimiter: b',', text: Vec::new(), bounds: Vec::new(), start: 0 }
    }
}

/// The field under way in a line that is split.
#[derive(Clone, Copy, Debug, Default)]
struct Field {
    start: usize,
    is_quoted: bool,
    /// Where its closing quote is.
    end: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The record ends with the line.
    Complete,
    /// A quoted field goes on in the next line.
    Quoted,
    Broken(&'static str),
}

const UNCLOSED: &str = "quote not closed";

impl Records {
    /// Takes the next line; calls `each` for what it completes.
    pub(super) fn line<E>(
        &mut self,
        line: Line<'_>,
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match line {
            Line::Whole(line) if self.held.is_empty() => {
                if self.step(line, each)? == End::Quoted {
                    self.hold(line);
                    self.read = self.held.len();
                }
                Ok(())
            }
            Line::Whole(line) => {
                self.hold(line);
                self.read_held(each)
            }
            Line::TooLong(beginning) => {
                self.finish(each)?;
                self.line += 1;
                let end = self.fields.read(beginning, false);
                // The field that was cut is the last one, or the one under way if that is quoted.
                let cut = self.fields.bounds.len().saturating_sub(usize::from(end == End::Complete));
                each(Event::Broken { line: self.line, field: Some(cut), reason: "longer than 1 MiB" })
            }
        }
    }

    /// Separates fields by this, not by commas; before the first line.
    pub(super) fn separate_by(&mut self, delimiter: Delimiter) {
        self.fields.delimiter = delimiter.byte();
    }

    /// Tells whether any line was taken.
    pub(super) fn has_begun(&self) -> bool {
        self.line != 0
    }

    /// Tells that no line follows.
    pub(super) fn finish<E>(&mut self, each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        while self.open_line != 0 {
            self.break_open(UNCLOSED, each)?;
            self.read_held(each)?;
        }
        Ok(())
    }

    fn hold(&mut self, line: &[u8]) {
        self.held.extend_from_slice(line);
        self.held.push(b'\n');
    }

    fn read_held<E>(&mut self, each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        let held = std::mem::take(&mut self.held);
        let answer = self.read_all(&held, each);
        self.held = held;
        let done = answer?;
        self.held.drain(..done);
        self.read -= done;
        Ok(())
    }

    /// Reads the lines of `held`; returns how much of it is done with.
    fn read_all<E>(
        &mut self,
        held: &[u8],
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        // Where the open record begins.
        let mut start = if self.open_line == 0 { self.read } else { 0 };
        while let Some(rest) = held.get(self.read..)
            && let Some(length) = memchr::memchr(b'\n', rest)
        {
            let line = rest.get(..length).unwrap_or_default();
            self.read += length + 1;
            let first_line = self.open_line;
            match self.step(line, each)? {
                End::Quoted if self.read - start <= LONGEST_ROW => {}
                End::Complete => start = self.read,
                // `step` tells of a record of one line by itself.
                End::Broken(_) if first_line == 0 => start = self.read,
                End::Broken(reason) => start = self.rewind(held, start, reason, each)?,
                End::Quoted => start = self.rewind(held, start, UNCLOSED, each)?,
            }
        }
        Ok(start)
    }

    /// Gives up the open record and goes back to its second line; returns where that begins.
    fn rewind<E>(
        &mut self,
        held: &[u8],
        start: usize,
        reason: &'static str,
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let record = held.get(start..self.read).unwrap_or_default();
        let first = memchr::memchr(b'\n', record).map_or(record.len(), |end| end + 1);
        self.read = start + first;
        self.line = self.open_line;
        self.give_up(reason, each)?;
        Ok(self.read)
    }

    fn break_open<E>(
        &mut self,
        reason: &'static str,
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let held = std::mem::take(&mut self.held);
        let answer = self.rewind(&held, 0, reason, each);
        self.held = held;
        self.held.drain(..answer?);
        self.read = 0;
        Ok(())
    }

    fn give_up<E>(
        &mut self,
        reason: &'static str,
        each: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = std::mem::take(&mut self.open_line);
        each(Event::Broken { line, field: Some(self.fields.bounds.len()), reason })
    }

    /// Reads one line into the open record, or opens one; tells of a record of one line at once.
    fn step<E>(&mut self, line: &[u8], each: &mut impl FnMut(Event<'_>) -> Result<(), E>) -> Result<End, E> {
        self.line += 1;
        let continued = self.open_line != 0;
        if !continued {
            if matches!(line, b"" | b"\r") {
                return Ok(End::Complete);
            }
            self.open_line = self.line;
        }
        let end = self.fields.read(line, continued);
        match end {
            End::Complete => {
                let first = std::mem::take(&mut self.open_line);
                each(Event::Record(self.fields.record(first, line)))?;
            }
            End::Broken(reason) if !continued => self.give_up(reason, each)?,
            End::Broken(_) | End::Quoted => {}
        }
        Ok(end)
    }
}

impl Fields {
    fn read(&mut self, line: &[u8], continued: bool) -> End {
        if !continued {
            self.text.clear();
            self.bounds.clear();
            self.start = 0;
            if self.split(line.strip_suffix(b"\r").unwrap_or(line)) {
                return End::Complete;
            }
            self.bounds.clear();
        }
        self.read_quoted(line, continued)
    }

    /// The record that ended with `line`.
    fn record<'a>(&'a self, first_line: u64, line: &'a [u8]) -> Record<'a> {
        // Nothing was put together: the fields lie in the line, or all of them are empty.
        let text = if self.text.is_empty() { line } else { &self.text };
        Record { line: first_line, text, bounds: &self.bounds }
    }

    /// Splits a line at its commas; false if it holds more than whole fields in quotes, such as a quote within. Eight
    /// bytes at a time: fields are too short for the start of a vectorised search to pay.
    fn split(&mut self, line: &[u8]) -> bool {
        if memchr::memchr(b'"', line).is_some() {
            return self.split_quoted(line);
        }
        let commas = u64::from(self.delimiter) * BYTES;
        let (words, rest) = line.as_chunks::<8>();
        let (mut start, mut at) = (0, 0);
        for word in words {
            let mut found = zero_bytes(u64::from_le_bytes(*word) ^ commas);
            while found != 0 {
                let comma = at + found.trailing_zeros() as usize / 8;
                self.bounds.push((start, comma));
                start = comma + 1;
                found &= found - 1;
            }
            at += 8;
        }
        for byte in rest {
            if *byte == self.delimiter {
                self.bounds.push((start, at));
                start = at + 1;
            }
            at += 1;
        }
        self.bounds.push((start, line.len()));
        true
    }

    /// As [`Fields::split`], of a line with quotes.
    fn split_quoted(&mut self, line: &[u8]) -> bool {
        let mut field = Field::default();
        for place in memchr::memchr2_iter(self.delimiter, b'"', line) {
            match (line.get(place) == Some(&b'"'), field.is_quoted, field.end) {
                // A comma in quotes.
                (false, true, None) => {}
                (false, ..) => {
                    if !self.close(field, place) {
                        return false;
                    }
                    field = Field { start: place + 1, ..Field::default() };
                }
                (true, true, None) => field.end = Some(place),
                (true, false, _) if field.start == place => {
                    field = Field { start: place + 1, is_quoted: true, end: None };
                }
                (true, ..) => return false,
            }
        }
        self.close(field, line.len())
    }

    /// Ends a field where a delimiter or the end of the line is; false if it cannot end there.
    fn close(&mut self, field: Field, place: usize) -> bool {
        let end = match field.end {
            Some(end) if end + 1 == place => end,
            None if !field.is_quoted => place,
            _ => return false,
        };
        self.bounds.push((field.start, end));
        true
    }

    fn end_field(&mut self) {
        self.bounds.push((self.start, self.text.len()));
        self.start = self.text.len();
    }

    fn read_quoted(&mut self, line: &[u8], continued: bool) -> End {
        #[derive(Clone, Copy, PartialEq, Eq)]
        enum State {
            Start,
            Bare,
            Quoted,
            Closed,
        }
        let mut state = if continued { State::Quoted } else { State::Start };
        let ending = line.len().checked_sub(1).filter(|last| line.get(*last) == Some(&b'\r'));
        for (position, &byte) in line.iter().enumerate() {
            state = match (state, byte) {
                (State::Quoted, b'"') => State::Closed,
                (State::Start, b'"') => State::Quoted,
                (State::Closed, b'"') | (State::Quoted, _) => {
                    self.text.push(byte);
                    State::Quoted
                }
                (State::Bare, b'"') => return End::Broken("quote inside an unquoted field"),
                (State::Start | State::Bare | State::Closed, byte) if byte == self.delimiter => {
                    self.end_field();
                    State::Start
                }
                (_, b'\r') if ending == Some(position) => state,
                (State::Closed, _) => return End::Broken("text after a closing quote"),
                (State::Start | State::Bare, _) => {
                    self.text.push(byte);
                    State::Bare
                }
            };
        }
        if state == State::Quoted {
            self.text.push(b'\n');
            return End::Quoted;
        }
        self.end_field();
        End::Complete
    }
}

/// One in each byte.
const BYTES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Sets the highest bit of each byte of `word` that is zero, and no other.
fn zero_bytes(word: u64) -> u64 {
    const LOW: u64 = !HIGH_BITS;
    !(((word & LOW) + LOW) | word | LOW)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// Records as (line, fields), broken ones as (line, []).
    fn read(text: &str) -> Vec<(u64, Vec<String>)> {
        let (mut found, mut records) = (Vec::new(), Records::default());
        let mut keep = |event: Event<'_>| {
            found.push(match event {
                Event::Record(record) => (
                    record.line,
                    record.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect(),
                ),
                Event::Broken { line, .. } => (line, vec![]),
            });
            Ok::<(), Infallible>(())
        };
        let text = text.strip_suffix('\n').unwrap_or(text);
        for line in text.split('\n') {
            records.line(Line::Whole(line.as_bytes()), &mut keep).unwrap();
        }
        records.finish(&mut keep).unwrap();
        found
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn quotes_and_line_breaks_are_part_of_the_field() {
        assert_eq!(
            read("a,\"b \"\"x\"\", c\"\r\n\r\n,\n"),
            [row(1, &["a", "b \"x\", c"]), row(3, &["", ""])]
        );
        assert_eq!(read("1,\"a\r\nb\",2\n3\n"), [row(1, &["1", "a\r\nb", "2"]), row(3, &["3"])]);
    }

    #[test]
    fn a_forgotten_quote_costs_one_line() {
        assert_eq!(read("1,\"a\n2,b\n3,c\n"), [row(1, &[]), row(2, &["2", "b"]), row(3, &["3", "c"])]);
        assert_eq!(read("1,\"a\n2,\"b\"\n3,c\n"), [row(1, &[]), row(2, &["2", "b"]), row(3, &["3", "c"])]);
        assert_eq!(read("1,\"a\n2,\"b\n3,c\n"), [row(1, &[]), row(2, &[]), row(3, &["3", "c"])]);
        assert_eq!(read("a\"b,c\nd\n"), [row(1, &[]), row(2, &["d"])]);
        assert_eq!(read("\"a\" b\nd\n"), [row(1, &[]), row(2, &["d"])]);
    }

    #[test]
    fn a_swallowed_megabyte_is_read_again() {
        let rows = "2,b\n".repeat(LONGEST_ROW / 4 + 10);
        let found = read(&format!("1,\"a\n{rows}"));
        assert_eq!(found.len(), LONGEST_ROW / 4 + 11);
        assert_eq!(found[0], row(1, &[]));
        assert!(found[1..].iter().zip(2..).all(|(found, line)| *found == row(line, &["2", "b"])));
    }

    proptest! {
        #[test]
        fn a_line_is_split_at_its_commas(line in "[a,+ü\u{2c}\u{12c}-]{0,40}") {
            let expected: Vec<_> = line.split(',').map(str::to_owned).collect();
            prop_assert_eq!(&read(&format!("x{line}"))[0].1, &{
                let mut expected = expected;
                expected[0].insert(0, 'x');
                expected
            });
        }

        #[test]
        fn what_was_written_is_read(rows in prop::collection::vec(prop::collection::vec("[a,\"\n\r ü]{0,6}", 1..5), 1..6)) {
            let quote = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let text: Vec<String> = rows.iter().map(|row| row.iter().map(quote).collect::<Vec<_>>().join(",")).collect();
            let found: Vec<_> = read(&text.join("\n")).into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(found, rows);
        }

        /// Without an early look at whole fields in quotes.
        #[test]
        fn a_quick_look_and_a_close_one_agree(line in "[a,\"ü\u{7f}\t-]{0,24}") {
            let (mut quick, mut close) = (Fields::default(), Fields::default());
            if quick.split(line.as_bytes()) {
                prop_assert_eq!(close.read_quoted(line.as_bytes(), false), End::Complete);
                let (quick, close) = (quick.record(1, line.as_bytes()), close.record(1, b""));
                prop_assert!(quick.fields().eq(close.fields()), "{:?} {:?}", quick, close);
            }
        }

        /// Whatever comes, each line that is not blank is told of, in a record or as broken.
        #[test]
        fn no_line_is_lost(text in "[a,\"\n]{0,80}") {
            let found = read(&text);
            let mut next = 1;
            for (line, fields) in &found {
                let between = text.split('\n').skip(next - 1).take(usize::try_from(*line).unwrap().saturating_sub(next));
                prop_assert!(between.clone().all(str::is_empty), "{found:?}");
                let inner = fields.iter().map(|field| field.matches('\n').count()).sum::<usize>();
                next = usize::try_from(*line).unwrap() + 1 + inner;
            }
            prop_assert!(text.split('\n').skip(next - 1).all(str::is_empty), "{found:?}");
        }
    }
}
