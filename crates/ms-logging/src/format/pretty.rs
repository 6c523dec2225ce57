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

#[cfg(test)]
mod tests {
    use super::*;

    fn line(level: Level, color: bool) -> String {
        let now = Instant { seconds: 1_772_438_399, nanos: 45_678_901 };
        let mut out = Vec::new();
        head(&mut out, now, &mut Stamp::python(), &TimeZone::UTC, level, b"ms_health", color);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn levels_are_aligned_and_coloured_if_asked() {
        assert_eq!(line(Level::WARN, false), "07:59:59.045 WARN  ms_health ");
        assert_eq!(line(Level::ERROR, true), "07:59:59.045 \x1b[31mERROR\x1b[0m ms_health ");
    }
}
