//! Rows of a roster, pushed in chunks.

use std::time::Duration;

use super::delimiter::Delimiter;
use super::error::RowError;
use super::ids::Ids;
use super::jsonl;
use super::lines::{Line, Lines};
use super::records::{Event, Record, Records};
use crate::local_times::LocalTimes;
use crate::shift::{FieldFault, Given, LONGEST_LIMIT, Limits, Shift, ShiftRef};

pub(super) const FIELDS: [&str; 7] = ["id", "employee", "department", "start", "end", "duration", "role"];
pub(super) const REQUIRED: usize = 5;

/// Reads a roster that arrives in chunks of any size, without blocking.
///
/// # Examples
///
/// ```
/// use ms_analytics::read::RosterReader;
///
/// let mut reader = RosterReader::csv();
/// let mut rows = Vec::new();
/// for chunk in ["id,employee,depart", "ment,start,end\n1,E1,A,2026-03-02T08:00Z,2026-03-02T16:00Z\n2,E1"] {
///     reader.push(chunk.as_bytes(), &mut rows)?;
/// }
/// reader.finish(&mut rows)?;
/// assert_eq!(rows[0].as_ref().unwrap().employee(), "E1");
/// assert_eq!(rows[1].as_ref().unwrap_err().line, 3);
/// # Ok::<(), ms_analytics::read::RowError>(())
/// ```
#[derive(Debug)]
pub struct RosterReader {
    lines: Lines,
    format: Format,
    checks: Checks,
}

/// Where the rows go, refused ones too, with the line on which each begins.
type Sink<'s> = dyn FnMut(u64, Result<ShiftRef<'_>, RowError>) + 's;

#[derive(Debug)]
enum Format {
    Csv { records: Box<Records>, header: Option<Box<Header>> },
    JsonLines { line: u64 },
}

/// What no row can tell by itself.
#[derive(Debug)]
struct Checks {
    ids: Ids,
    limits: Limits,
    /// Decimals of CSV have a comma.
    decimal_comma: bool,
    delimiter: Delimiter,
}

impl RosterReader {
    /// Reads CSV with a header.
    pub fn csv() -> Self {
        Self::new(Format::Csv { records: Box::default(), header: None })
    }

    /// Reads one JSON object a line.
    pub fn json_lines() -> Self {
        Self::new(Format::JsonLines { line: 0 })
    }

    fn new(format: Format) -> Self {
        let checks = Checks {
            ids: Ids::default(),
            limits: Limits::default(),
            decimal_comma: false,
            delimiter: Delimiter::Comma,
        };
        Self { lines: Lines::default(), format, checks }
    }

    /// Believes shifts up to this length. Default [`LONGEST_SHIFT`](crate::LONGEST_SHIFT), at most 100 days.
    #[must_use]
    pub fn longest_shift(mut self, longest: Duration) -> Self {
        self.checks.limits.longest = longest.min(LONGEST_LIMIT);
        self
    }

    /// Separates the columns of CSV otherwise. Default [`Delimiter::Comma`]; JSON Lines have none.
    #[must_use]
    pub fn delimiter(mut self, delimiter: Delimiter) -> Self {
        if let Format::Csv { records, .. } = &mut self.format {
            records.separate_by(delimiter);
        }
        self.checks.delimiter = delimiter;
        self
    }

    /// Reads durations of CSV with a decimal comma, as in `7,5`. Default a point.
    #[must_use]
    pub fn decimal_comma(mut self, is_comma: bool) -> Self {
        self.checks.decimal_comma = is_comma;
        self
    }

    /// Reads times without an offset by the clocks of a place. Default: they are refused.
    #[must_use]
    pub fn local_times(mut self, local_times: LocalTimes) -> Self {
        self.checks.limits.local_times = Some(local_times);
        self
    }

    /// Takes a chunk; appends the rows that it completes, refused ones as errors.
    ///
    /// # Errors
    ///
    /// The header or the encoding makes the file unreadable; nothing more should be pushed.
    pub fn push(&mut self, chunk: &[u8], rows: &mut Vec<Result<Shift, RowError>>) -> Result<(), RowError> {
        self.push_each(chunk, |_, row| rows.push(row.map(ShiftRef::to_shift)))
    }

    /// Takes a chunk; calls `each` with the rows that it completes, without copying them, and with the physical line
    /// on which each begins; the first line of the file is 1.
    ///
    /// # Errors
    ///
    /// As for [`RosterReader::push`].
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::read::RosterReader;
    ///
    /// let roster = "id,employee,department,start,end,note\n\
    ///     1,E1,A,2026-03-02T08:00Z,2026-03-02T16:00Z,\"two\nlines\"\n\
    ///     2,E2,A,2026-03-02T08:00Z,2026-03-02T16:00Z,\n";
    /// let (mut reader, mut lines) = (RosterReader::csv(), Vec::new());
    /// reader.push_each(roster.as_bytes(), |line, row| lines.push((line, row.is_ok())))?;
    /// assert_eq!(lines, [(2, true), (4, true)]);
    /// # Ok::<(), ms_analytics::read::RowError>(())
    /// ```
    pub fn push_each(
        &mut self,
        chunk: &[u8],
        mut each: impl FnMut(u64, Result<ShiftRef<'_>, RowError>),
    ) -> Result<(), RowError> {
        let Self { lines, format, checks } = self;
        lines.push(chunk, |line| format.line(line, checks, &mut each))
    }

    /// Tells that the file ends here; appends what was still open.
    ///
    /// # Errors
    ///
    /// As for [`RosterReader::push`]; a CSV file without a header is one.
    pub fn finish(&mut self, rows: &mut Vec<Result<Shift, RowError>>) -> Result<(), RowError> {
        self.finish_each(|_, row| rows.push(row.map(ShiftRef::to_shift)))
    }

    /// Tells that the file ends here; calls `each` with what was still open, as [`RosterReader::push_each`] does.
    ///
    /// # Errors
    ///
    /// As for [`RosterReader::finish`].
    pub fn finish_each(
        &mut self,
        mut each: impl FnMut(u64, Result<ShiftRef<'_>, RowError>),
    ) -> Result<(), RowError> {
        let Self { lines, format, checks } = self;
        lines.finish(|line| format.line(line, checks, &mut each))?;
        match format {
            Format::JsonLines { .. } => Ok(()),
            Format::Csv { records, header } => {
                records.finish(&mut |event| take(event, header, checks, &mut each))?;
                if header.is_some() { Ok(()) } else { Err(RowError::row(1, "no header")) }
            }
        }
    }
}

impl Format {
    fn line(&mut self, line: Line<'_>, checks: &mut Checks, each: &mut Sink<'_>) -> Result<(), RowError> {
        match self {
            Self::Csv { records, header } => {
                let line = if records.has_begun() { line } else { first_line(line)? };
                records.line(line, &mut |event| take(event, header, checks, each))
            }
            Self::JsonLines { line: number } => {
                let line = if *number == 0 { first_line(line)? } else { line };
                *number += 1;
                json_line(line, *number, checks, each);
                Ok(())
            }
        }
    }
}

/// Takes the byte order mark off and refuses what is no UTF-8 text at all.
fn first_line(line: Line<'_>) -> Result<Line<'_>, RowError> {
    let (Line::Whole(bytes) | Line::TooLong(bytes)) = line;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(RowError::row(1, "UTF-16: save the file as UTF-8"));
    }
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(RowError::row(1, "compressed (gzip): unpack it first"));
    }
    // No text begins so but UTF-16 or UTF-32 without a mark.
    if bytes.iter().take(4).any(|byte| *byte == 0) {
        return Err(RowError::row(1, "not UTF-8 text"));
    }
    Ok(match line {
        Line::Whole(bytes) => Line::Whole(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
        Line::TooLong(bytes) => Line::TooLong(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    })
}

fn json_line(line: Line<'_>, number: u64, checks: &mut Checks, each: &mut Sink<'_>) {
    let text = match line {
        Line::Whole(text) => text,
        Line::TooLong(text) => {
            let column = jsonl::key_at_end(text).map(str::to_owned);
            return each(number, Err(RowError::new(number, column, "longer than 1 MiB")));
        }
    };
    if !text.trim_ascii().is_empty() {
        let read =
            jsonl::shift(number, text, &mut checks.ids, &checks.limits, |shift| each(number, Ok(shift)));
        if let Err(fault) = read {
            each(number, Err(fault));
        }
    }
}

/// Checks that an id is new, and the shift. A refused row leaves its id free.
pub(super) fn unique<'a>(
    id: &str,
    ids: &mut Ids,
    check: impl FnOnce() -> Result<ShiftRef<'a>, FieldFault>,
) -> Result<ShiftRef<'a>, FieldFault> {
    if !id.is_empty() && !ids.insert(id) {
        return Err(FieldFault::new("id", "already given to a row above"));
    }
    check().inspect_err(|_| ids.forget_last(id))
}

/// Takes a record, or the first one as the header.
fn take(
    event: Event<'_>,
    header: &mut Option<Box<Header>>,
    checks: &mut Checks,
    each: &mut Sink<'_>,
) -> Result<(), RowError> {
    let Some(header) = header else {
        *header = Some(Box::new(Header::read(event, checks.delimiter)?));
        return Ok(());
    };
    let row = match event {
        Event::Record(record) => header.shift(record, checks),
        Event::Broken { line, field, reason } => {
            let column = field.and_then(|field| header.names.get(field)).cloned();
            Err(RowError::new(line, column, reason))
        }
    };
    each(event.line(), row);
    Ok(())
}

/// Names of all columns, and where the known ones stand.
#[derive(Debug)]
struct Header {
    names: Vec<String>,
    positions: [Option<usize>; FIELDS.len()],
}

impl Header {
    fn read(event: Event<'_>, delimiter: Delimiter) -> Result<Self, RowError> {
        let record = match event {
            Event::Record(record) => record,
            Event::Broken { line, reason, .. } => {
                return Err(RowError::row(line, format!("header: {reason}")));
            }
        };
        let line = record.line;
        let mut names: Vec<String> = Vec::with_capacity(record.len());
        for name in record.fields() {
            let name = std::str::from_utf8(name).map_err(|_| RowError::row(line, "header: not UTF-8"))?;
            if name.contains('\r') {
                // The whole file would be one line, and no row be read or refused.
                return Err(RowError::row(line, "lines end with CR alone: LF or CRLF is needed"));
            }
            if record.len() == 1
                && let Some(separator) = Delimiter::other(delimiter, name)
            {
                let (ours, theirs, option) = (delimiter.name(), separator.name(), separator.option());
                let reason = format!(
                    "header not recognised: separate columns by {ours}, not by {theirs}, or choose `--delimiter {option}`"
                );
                return Err(RowError::row(line, reason));
            }
            if name.contains(char::is_control) {
                return Err(RowError::row(line, "header: holds a control character"));
            }
            if FIELDS.contains(&name) && names.iter().any(|known| known == name) {
                return Err(RowError::at(line, name, "column given twice"));
            }
            names.push(name.to_owned());
        }
        let positions = FIELDS.map(|field| names.iter().position(|name| name == field));
        if positions.iter().all(Option::is_none) {
            let columns = "its columns are id,employee,department,start,end,duration, in any order";
            return Err(RowError::row(line, format!("header not recognised: {columns}")));
        }
        match FIELDS.iter().zip(positions).take(REQUIRED).find(|(_, position)| position.is_none()) {
            Some((missing, _)) => Err(RowError::at(line, *missing, "column missing")),
            None => Ok(Self { names, positions }),
        }
    }

    fn shift<'a>(&self, record: Record<'a>, checks: &mut Checks) -> Result<ShiftRef<'a>, RowError> {
        let line = record.line;
        if let Some(missing) = self.names.get(record.len()) {
            return Err(RowError::at(line, missing.as_str(), "missing: the row is shorter than the header"));
        }
        if record.len() > self.names.len() {
            return Err(RowError::row(line, "more fields than the header has"));
        }
        let texts = self.texts(&record).map_err(|field| RowError::at(line, field, "not UTF-8"))?;
        let [id, employee, department, start, end, duration, role] = texts;
        let texts = [id, employee, department, start, end];
        let Checks { ids, limits, decimal_comma, .. } = checks;
        let given = given(duration, *decimal_comma);
        let shift = unique(id, ids, || {
            ShiftRef::check(texts, record.may_hold_control(), given, limits)?.with_role(role)
        });
        shift.map_err(|fault| RowError::field(line, fault))
    }

    /// The fields of a row in their order; an error names the first that is not UTF-8.
    fn texts<'a>(&self, record: &Record<'a>) -> Result<[&'a str; FIELDS.len()], &'static str> {
        if let Some(whole) = record.text() {
            let field = |position: Option<usize>| match position {
                Some(position) => record.field_of(whole, position),
                None => Some(""),
            };
            // Written out: a loop over them takes twice as long.
            let [id, employee, department, start, end, duration, role] = self.positions;
            if let Some(id) = field(id)
                && let Some(employee) = field(employee)
                && let Some(department) = field(department)
                && let Some(start) = field(start)
                && let Some(end) = field(end)
                && let Some(duration) = field(duration)
                && let Some(role) = field(role)
            {
                return Ok([id, employee, department, start, end, duration, role]);
            }
        }
        // A field may be the one that is not UTF-8, or another of the row.
        let mut texts = [""; FIELDS.len()];
        for ((text, position), field) in texts.iter_mut().zip(self.positions).zip(FIELDS) {
            if let Some(bytes) = position.and_then(|position| record.field(position)) {
                *text = std::str::from_utf8(bytes).map_err(|_| field)?;
            }
        }
        Ok(texts)
    }
}

/// Reads hours; an empty field gives none.
pub(super) fn given(text: &str, decimal_comma: bool) -> Given {
    if text.is_empty() {
        return Given::Nothing;
    }
    if let Some(hours) = short_number(text) {
        return Given::Hours(hours);
    }
    let hours = match decimal_comma {
        true if text.contains('.') => {
            return Given::Wrong("not a number: decimals have a comma here (`--decimal ','`)");
        }
        true => text.replacen(',', ".", 1).parse(),
        false => text.parse(),
    };
    match hours {
        Ok(hours) => Given::Hours(hours),
        Err(_) if text.contains(',') && !decimal_comma => {
            Given::Wrong("not a number: write a decimal point, or choose `--decimal ','`")
        }
        Err(_) => Given::Wrong("not a number"),
    }
}

/// Digits that are read at a glance, as most hours are.
fn short_number(text: &str) -> Option<f64> {
    let mut number = 0_u32;
    for byte in text.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 || text.len() > 4 {
            return None;
        }
        number = number * 10 + u32::from(digit);
    }
    Some(f64::from(number))
}
