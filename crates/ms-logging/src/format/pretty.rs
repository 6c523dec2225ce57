//! `08:00:00.123 INFO  ms_health message key=value`, with colours if the terminal has them.

use jiff::tz::TimeZone;
use tracing::Level;

use super::timestamp::{Instant, Stamp, number};

/// Writes everything before the message.
pub(crate) fn head(
    out: &mut Vec<u8>,
    now: Instant,
    local: &mut Stamp,
    zone: &TimeZone,
    level: Level,
    target: &[u8],
    color: bool,
) {
    // The day is known to who looks at a terminal.
    out.extend_from_slice(local.digits(now.seconds, zone).get(11..).unwrap_or_default());
    out.push(b'.');
    number(out, now.nanos / 1_000_000, 3);
    out.push(b' ');
    let (name, start): (&str, &[u8]) = match level {
        Level::ERROR => ("ERROR", b"\x1b[31m"),
        Level::WARN => ("WARN ", b"\x1b[33m"),
        Level::INFO => ("INFO ", b"\x1b[32m"),
        Level::DEBUG => ("DEBUG", b"\x1b[34m"),
        Level::TRACE => ("TRACE", b"\x1b[35m"),
    };
    if color {
        out.extend_from_slice(start);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\x1b[0m ");
    } else {
        out.extend_from_slice(name.as_bytes());
        out.push(b' ');
    }
    out.extend_from_slice(target);
    out.push(b' ');
}
