//! Interval logs, written as HdrHistogram's own writer does.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::Histogram;

/// What tells milliseconds in the column of the maximum from nanoseconds in the histogram.
const MAX_UNIT_RATIO: f64 = 1e6;

/// Writes an interval log, version 1.3, that every HdrHistogram reader takes.
///
/// # Examples
///
/// ```
/// use ms_analytics::{hdr::{Histogram, LogWriter}, read::hlog};
///
/// let mut nanos = Histogram::new(1, 3_600_000_000_000, 3)?;
/// nanos.record(2_000_000);
/// let mut log = LogWriter::start(Vec::new(), 1_772_400_000.0)?;
/// log.interval(Some("api"), 1_772_400_000.0, 60.0, &nanos)?;
/// let mut read = Vec::new();
/// hlog(log.into_inner().as_slice(), |_, row| read.push(row.unwrap()))?;
/// assert_eq!((read[0].start, read[0].tag.as_deref()), (1_772_400_000.0, Some("api")));
/// assert_eq!(read[0].histogram, nanos);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LogWriter<W> {
    sink: W,
    base: f64,
}

/// A tag holds a comma, a space or a control character, which its line could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tag may not be empty, nor hold commas, spaces or control characters")]
#[non_exhaustive]
pub struct TagError;

impl<W: Write> LogWriter<W> {
    /// Writes the head of a log whose time stamps are relative to `start`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// Those of the sink.
    pub fn start(mut sink: W, start: f64) -> io::Result<Self> {
        let moment = Timestamp::from_microsecond((start * 1e6) as i64).map(|stamp| stamp.to_string());
        writeln!(sink, "#[Histogram log format version 1.3]")?;
        writeln!(sink, "#[StartTime: {start:.3} (seconds since epoch), {}]", moment.unwrap_or_default())?;
        writeln!(sink, "#[BaseTime: {start:.3} (seconds since epoch)]")?;
        let columns = ["StartTimestamp", "Interval_Length", "Interval_Max", "Interval_Compressed_Histogram"];
        writeln!(sink, "\"{}\"", columns.join("\",\""))?;
        Ok(Self { sink, base: (start * 1e3).round() / 1e3 })
    }

    /// Writes an interval that began at `start`, in seconds since 1970 and not before the log, and took `length`
    /// seconds; both are written to milliseconds. The column of the maximum takes the histogram's unit for
    /// nanoseconds and shows milliseconds.
    ///
    /// # Errors
    ///
    /// Those of the sink; [`TagError`] within one of kind `InvalidInput`, before anything is written.
    pub fn interval(
        &mut self,
        tag: Option<&str>,
        start: f64,
        length: f64,
        histogram: &Histogram,
    ) -> io::Result<()> {
        let is_wrong = |tag: &str| {
            tag.is_empty() || tag.contains(|one: char| one == ',' || one.is_whitespace() || one.is_control())
        };
        if tag.is_some_and(is_wrong) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, TagError));
        }
        if let Some(tag) = tag {
            write!(self.sink, "Tag={tag},")?;
        }
        let encoded = STANDARD.encode(histogram.to_v2_compressed());
        let max = histogram.summary().max_value as f64 / MAX_UNIT_RATIO;
        writeln!(self.sink, "{:.3},{length:.3},{max:.3},{encoded}", (start - self.base).max(0.0))
    }

    /// Gives the sink back.
    pub fn into_inner(self) -> W {
        self.sink
    }
}
