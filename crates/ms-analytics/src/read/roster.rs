//! Rows of a roster, pushed in chunks.

use super::error::RowError;
use super::ids::Ids;
use super::jsonl;
use super::lines::{Line, Lines};
use super::records::{Event, Record, Records};
use crate::shift::{FieldFault, Shift};

const FIELDS: [&str; 6] = ["id", "employee", "department", "start", "end", "duration"];
const REQUIRED: usize = 5;

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
    rows: Format,
}

/// Where the rows go, refused ones too.
type Found = Vec<Result<Shift, RowError>>;

#[derive(Debug)]
enum Format {
    Csv(Box<Csv>),
    JsonLines { line: u64, ids: Ids },
}

#[derive(Debug, Default)]
struct Csv {
    records: Records,
    table: Table,
}

impl RosterReader {
    /// Reads CSV with a header.
    pub fn csv() -> Self {
        Self { lines: Lines::default(), rows: Format::Csv(Box::default()) }
    }

    /// Reads one JSON object a line.
    pub fn json_lines() -> Self {
        Self { lines: Lines::default(), rows: Format::JsonLines { line: 0, ids: Ids::default() } }
    }

    /// Takes a chunk; appends the rows that it completes, refused ones as errors.
    ///
    /// # Errors
    ///
    /// The header or the encoding makes the file unreadable; nothing more should be pushed.
    pub fn push(&mut self, chunk: &[u8], rows: &mut Vec<Result<Shift, RowError>>) -> Result<(), RowError> {
        let Self { lines, rows: format } = self;
        lines.push(chunk, |line| format.line(line, rows))
    }

    /// Tells that the file ends here; appends what was still open.
    ///
    /// # Errors
    ///
    /// As for [`RosterReader::push`]; a CSV file without a header is one.
    pub fn finish(&mut self, rows: &mut Vec<Result<Shift, RowError>>) -> Result<(), RowError> {
        let Self { lines, rows: format } = self;
        lines.finish(|line| format.line(line, rows))?;
        match format {
            Format::JsonLines { .. } => Ok(()),
            Format::Csv(csv) => {
                let Csv { records, table } = &mut **csv;
                records.finish(&mut |event| table.event(event, rows))?;
                if table.columns.is_some() { Ok(()) } else { Err(RowError::row(1, "no header")) }
            }
        }
    }
}

impl Format {
    fn line(&mut self, line: Line<'_>, rows: &mut Found) -> Result<(), RowError> {
        match self {
            Self::Csv(csv) => {
                let Csv { records, table } = &mut **csv;
                let line = if table.columns.is_none() { first_line(line)? } else { line };
                records.line(line, &mut |event| table.event(event, rows))
            }
            Self::JsonLines { line: number, ids } => {
                *number += 1;
                json_line(line, *number, ids, rows)
            }
        }
    }
}

/// Takes the byte order mark off and refuses what is no UTF-8 text at all.
fn first_line(line: Line<'_>) -> Result<Line<'_>, RowError> {
    let Line::Whole(bytes) = line else { return Err(RowError::row(1, "the header is longer than 1 MiB")) };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0) {
        return Err(RowError::row(1, "not UTF-8 (UTF-16 perhaps, or no text)"));
    }
    Ok(Line::Whole(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)))
}

fn json_line(line: Line<'_>, number: u64, ids: &mut Ids, rows: &mut Found) -> Result<(), RowError> {
    let Line::Whole(mut text) = line else {
        rows.push(Err(RowError::row(number, "longer than 1 MiB")));
        return Ok(());
    };
    if number == 1 {
        let Line::Whole(first) = first_line(line)? else { return Ok(()) };
        text = first;
    }
    if !text.trim_ascii().is_empty() {
        rows.push(jsonl::shift(number, text).and_then(|shift| unique(shift, number, ids)));
    }
    Ok(())
}

fn unique(shift: Shift, line: u64, ids: &mut Ids) -> Result<Shift, RowError> {
    match ids.seen_before(shift.id(), line) {
        None => Ok(shift),
        Some(before) => Err(RowError::at(line, "id", format!("already on line {before}"))),
    }
}

/// The header, once it is read, and the ids below it.
#[derive(Debug, Default)]
struct Table {
    columns: Option<Columns>,
    ids: Ids,
}

/// Names of all columns, and where the known ones stand.
#[derive(Debug)]
struct Columns {
    names: Vec<String>,
    positions: [Option<usize>; FIELDS.len()],
}

impl Table {
    fn event(&mut self, event: Event<'_>, rows: &mut Found) -> Result<(), RowError> {
        let Some(columns) = &self.columns else {
            self.columns = Some(header(event)?);
            return Ok(());
        };
        rows.push(match event {
            Event::Record(record) => {
                columns.shift(record).and_then(|shift| unique(shift, record.line, &mut self.ids))
            }
            Event::Broken { line, field, reason } => {
                let column = field.and_then(|field| columns.names.get(field)).cloned();
                Err(RowError { line, column, reason: reason.to_owned() })
            }
        });
        Ok(())
    }
}

fn header(event: Event<'_>) -> Result<Columns, RowError> {
    let record = match event {
        Event::Record(record) => record,
        Event::Broken { line, reason, .. } => return Err(RowError::row(line, format!("header: {reason}"))),
    };
    let line = record.line;
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    for index in 0..record.len() {
        let name = std::str::from_utf8(record.field(index).unwrap_or_default());
        let name = name.map_err(|_| RowError::row(line, "header: not UTF-8"))?;
        if FIELDS.contains(&name) && names.iter().any(|known| known == name) {
            return Err(RowError::at(line, name, "column given twice"));
        }
        names.push(name.to_owned());
    }
    let positions = FIELDS.map(|field| names.iter().position(|name| name == field));
    if positions.iter().all(Option::is_none) {
        let columns = FIELDS.join(",");
        return Err(RowError::row(
            line,
            format!("header not recognised: it should be {columns}, in any order"),
        ));
    }
    for (field, position) in FIELDS.iter().zip(positions).take(REQUIRED) {
        if position.is_none() {
            return Err(RowError::at(line, *field, "column missing"));
        }
    }
    Ok(Columns { names, positions })
}

impl Columns {
    fn shift(&self, record: Record<'_>) -> Result<Shift, RowError> {
        let line = record.line;
        if let Some(missing) = self.names.get(record.len()) {
            return Err(RowError::at(line, missing.as_str(), "missing: the row is shorter than the header"));
        }
        if record.len() > self.names.len() {
            return Err(RowError::row(line, "more fields than the header has"));
        }
        let mut texts = [""; FIELDS.len()];
        for ((text, position), field) in texts.iter_mut().zip(self.positions).zip(FIELDS) {
            if let Some(bytes) = position.and_then(|position| record.field(position)) {
                *text = std::str::from_utf8(bytes).map_err(|_| RowError::at(line, field, "not UTF-8"))?;
            }
        }
        let [id, employee, department, start, end, duration] = texts;
        let parsed = number(duration);
        // A duration that cannot be read must not hide a fault further left.
        let given = parsed.clone().unwrap_or_default();
        let shift = Shift::new(id, employee, department, start, end, given);
        let shift = shift.map_err(|fault| RowError::field(line, fault));
        match parsed {
            Err(fault) => shift.and(Err(RowError::field(line, fault))),
            Ok(_) => shift,
        }
    }
}

/// Reads hours; an empty field gives none.
fn number(text: &str) -> Result<Option<f64>, FieldFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let fault = |reason| Err(FieldFault::new("duration", reason));
    match text.parse::<f64>() {
        Ok(hours) if hours.is_finite() => Ok(Some(hours)),
        Ok(_) => fault("not finite"),
        Err(_) if text.contains(',') => fault("not a number: write a decimal point, not a comma"),
        Err(_) => fault("not a number"),
    }
}
