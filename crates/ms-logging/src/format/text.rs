//! `2026-03-02 08:00:00,123 - medschedule - INFO - message key=value`

use std::fmt;

use jiff::tz::TimeZone;
use tracing::Level;

use super::escape::{self, class};
use super::timestamp::{Instant, Stamp, number};

/// Writes everything before the message, as Python's `%(asctime)s - %(name)s - %(levelname)s - ` does.
pub(crate) fn head(
    out: &mut Vec<u8>,
    now: Instant,
    local: &mut Stamp,
    zone: &TimeZone,
    name: &[u8],
    level: Level,
) {
    out.extend_from_slice(local.digits(now.seconds, zone));
    out.push(b',');
    number(out, now.nanos / 1_000_000, 3);
    out.extend_from_slice(b" - ");
    out.extend_from_slice(name);
    out.extend_from_slice(b" - ");
    out.extend_from_slice(level_name(level).as_bytes());
    out.extend_from_slice(b" - ");
}

/// Python's names; it has none for `TRACE`.
pub(crate) fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG => "DEBUG",
        Level::TRACE => "TRACE",
    }
}

/// Writes a name bare, or quoted when it would be taken apart otherwise.
pub(crate) fn word(out: &mut Vec<u8>, text: &str) {
    if is_bare(text) {
        out.extend_from_slice(text.as_bytes());
    } else {
        string(out, text);
    }
}

/// Writes a text value, always quoted unless it stands for itself.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    string_of(out, text, escape::scan(text.as_bytes()));
}

/// The same for a text of these classes.
pub(crate) fn string_of(out: &mut Vec<u8>, text: &str, classes: u8) {
    out.push(b'"');
    escape::quoted_of(out, text, classes);
    out.push(b'"');
}

/// Bytes, two digits each.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn is_bare(text: &str) -> bool {
    let odd = class::ESCAPE | class::SPACE | class::LEAD | class::WIDE;
    !text.is_empty() && !text.contains('=') && escape::scan(text.as_bytes()) & odd == 0
}
