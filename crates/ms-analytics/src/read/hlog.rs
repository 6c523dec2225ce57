//! Interval logs of HdrHistogram.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::{ReadError, RowError};
use super::lines::{Line, Lines};
use super::pull::next_chunk;
use crate::hdr::Histogram;

const CHUNK: usize = 64 << 10;
/// A first time stamp this far before the start time is meant relative to it.
const YEAR: f64 = 365.0 * 24.0 * 3600.0;

/// One line of an interval log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Interval {
    /// Which of several series in the log it belongs to.
    pub tag: Option<String>,
    /// When it began, in seconds; since 1970 if the log tells its start or base time.
    pub start: f64,
    /// How long it was, in seconds.
    pub length: f64,
    /// What was recorded in it, in the unit of the log: nanoseconds for jHiccup.
    pub histogram: Histogram,
}

/// Reads an interval log (`.hlog`, encoding V2), calling `each` with every line's number and its interval, or why it
/// was refused; reading goes on behind it.
///
/// Time stamps are relative to the log's base time if it has one, else to its start time if the first of them is more
/// than a year before that, as the reference implementations take it.
///
/// # Errors
///
/// [`ReadError::Io`] if the source fails. What was read before has been passed on.
///
/// # Examples
///
/// ```
/// use ms_analytics::read::hlog;
///
/// let log = "#[StartTime: 1441812279.474 (seconds since epoch)]\n\
///     0.127,1.007,2.769,HISTFAAAAEV42pNpmSzMwMCgyAABTBDKT4GBgdnNYMcCBvsPEBEJISEuATEZMQ4uASkhIR4nrxg9v2lMaxhvMekILGZkKmcCAEf2CsI=\n\
///     Tag=A,1.134,0.999,0.442\n";
/// let mut found = Vec::new();
/// hlog(log.as_bytes(), |line, row| found.push((line, row.map(|interval| interval.histogram.count()))))?;
/// assert_eq!(found[0], (2, Ok(741)));
/// assert_eq!(found[1].1.as_ref().unwrap_err().column.as_deref(), Some("histogram"));
/// # Ok::<(), ms_analytics::read::ReadError>(())
/// ```
pub fn hlog(
    mut source: impl Read,
    mut each: impl FnMut(u64, Result<Interval, RowError>),
) -> Result<(), ReadError> {
    let (mut lines, mut log) = (Lines::default(), Log::default());
    let mut on_line = |line: Line<'_>| {
        if let Some(row) = log.line(line) {
            each(log.line, row);
        }
        Ok(())
    };
    let mut chunk = vec![0; CHUNK];
    while let Some(bytes) = next_chunk(&mut source, &mut chunk)? {
        lines.push(bytes, &mut on_line).map_err(ReadError::Unreadable)?;
    }
    lines.finish(&mut on_line).map_err(ReadError::Unreadable)
}

/// What the lines so far told.
#[derive(Debug, Default)]
struct Log {
    line: u64,
    start_time: Option<f64>,
    base_time: Option<f64>,
}

impl Log {
    /// Takes the next line; `None` if it is no interval.
    fn line(&mut self, line: Line<'_>) -> Option<Result<Interval, RowError>> {
        self.line += 1;
        let text = match line {
            Line::Whole(text) => text.strip_suffix(b"\r").unwrap_or(text),
            Line::TooLong(_) => return Some(Err(self.fault("histogram", "longer than 1 MiB"))),
        };
        let text = if self.line == 1 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) } else { text };
        let Ok(text) = std::str::from_utf8(text) else {
            return Some(Err(RowError::row(self.line, "not UTF-8")));
        };
        if let Some(comment) = text.strip_prefix('#') {
            self.comment(comment);
            return None;
        }
        let is_legend = text.starts_with("\"StartTimestamp\"");
        (!is_legend && !text.trim().is_empty()).then(|| self.interval(text))
    }

    fn comment(&mut self, comment: &str) {
        let time = |name: &str| {
            let number = comment.strip_prefix(name)?.trim_start();
            let end = number.find(|character: char| !matches!(character, '0'..='9' | '.'));
            number.get(..end.unwrap_or(number.len()))?.parse().ok()
        };
        self.start_time = self.start_time.or(time("[StartTime:"));
        self.base_time = self.base_time.or(time("[BaseTime:"));
    }

    fn interval(&mut self, text: &str) -> Result<Interval, RowError> {
        let (tag, text) = match text.strip_prefix("Tag=") {
            Some(tagged) => {
                let (tag, rest) = tagged.split_once(',').ok_or_else(|| self.fault("start", "missing"))?;
                (Some(tag.to_owned()), rest)
            }
            None => (None, text),
        };
        let mut fields = text.splitn(4, ',');
        let start = self.seconds("start", fields.next())?;
        let length = self.seconds("length", fields.next())?;
        // Scaled by whatever the writer liked; the histogram has the exact one.
        self.seconds("max", fields.next())?;
        let encoded = fields.next().ok_or_else(|| self.fault("histogram", "missing"))?;
        let bytes = STANDARD.decode(encoded.trim_end()).map_err(|_| self.fault("histogram", "not Base64"))?;
        let histogram =
            Histogram::from_v2(&bytes).map_err(|cause| self.fault("histogram", cause.to_string()))?;
        Ok(Interval { tag, start: self.base(start) + start, length, histogram })
    }

    fn base(&mut self, first: f64) -> f64 {
        let start_time = *self.start_time.get_or_insert(first);
        *self.base_time.get_or_insert(if first < start_time - YEAR { start_time } else { 0.0 })
    }

    fn seconds(&self, field: &'static str, text: Option<&str>) -> Result<f64, RowError> {
        let text = text.ok_or_else(|| self.fault(field, "missing"))?;
        let number: Option<f64> = text.trim().parse().ok();
        number
            .filter(|number| number.is_finite() && *number >= 0.0)
            .ok_or_else(|| self.fault(field, "not a number of seconds"))
    }

    fn fault(&self, field: &'static str, reason: impl Into<String>) -> RowError {
        RowError::at(self.line, field, reason)
    }
}
