//! The line in the log itself that tells of lost ones.

use std::time::SystemTime;

use jiff::tz::TimeZone;
use tracing::Level;

use crate::account::{Dropped, Reason};
use crate::format::timestamp::{Instant, Stamp};
use crate::format::{Style, json, pretty, text};

const TARGET: &str = "ms_logging";

/// Lines lost that the log does not tell of yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost {
    lines: Dropped,
    from: SystemTime,
    to: SystemTime,
}

impl Lost {
    pub(super) fn now(lines: Dropped) -> Self {
        let now = SystemTime::now();
        Self { lines, from: now, to: now }
    }

    /// Both together; this one is the older.
    pub(super) fn and(self, later: Self) -> Self {
        let mut lines = self.lines;
        lines += later.lines;
        Self { lines, from: self.from, to: later.to }
    }

    fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = Reason::ALL.into_iter().map(|reason| (reason.as_str(), self.lines.of(reason)));
        all.filter(|(_, lines)| *lines > 0)
    }
}

/// How a sink writes it.
#[derive(Debug)]
pub(crate) struct LossLine {
    pub(crate) style: Style,
    /// The logger's, escaped.
    pub(crate) name: Vec<u8>,
    pub(crate) zone: TimeZone,
}

impl LossLine {
    pub(super) fn write(&self, line: &mut Vec<u8>, lost: &Lost) {
        let now = Instant::now();
        let (from, to) = (utc(lost.from), utc(lost.to));
        let total = lost.lines.total();
        let rest = match self.style {
            Style::Json => {
                json::head(line, now, &mut Stamp::rfc3339());
                let reasons: String =
                    lost.reasons().map(|(reason, lines)| format!(",\"{reason}\":{lines}")).collect();
                format!(
                    "\"lines_lost\",\"data\":{{\"lines\":{total}{reasons},\"from\":\"{from}\",\"to\":\"{to}\"}}}}\n"
                )
            }
            Style::Text | Style::Pretty { .. } => {
                self.head(line, now);
                let reasons: String =
                    lost.reasons().map(|(reason, lines)| format!(" {reason}={lines}")).collect();
                format!("lines lost: {total}{reasons} from={from} to={to}\n")
            }
        };
        line.extend_from_slice(rest.as_bytes());
    }

    pub(crate) fn head(&self, line: &mut Vec<u8>, now: Instant) {
        let mut local = Stamp::python();
        match self.style {
            Style::Pretty { color } => {
                pretty::head(line, now, &mut local, &self.zone, Level::WARN, TARGET.as_bytes(), color);
            }
            _ => text::head(line, now, &mut local, &self.zone, &self.name, Level::WARN),
        }
    }
}

pub(crate) fn utc(time: SystemTime) -> String {
    let time = Instant::of(time);
    let mut stamp = Stamp::rfc3339();
    let seconds = String::from_utf8_lossy(stamp.digits(time.seconds, &TimeZone::UTC));
    format!("{seconds}.{:06}Z", time.nanos / 1_000)
}
