//! `{"timestamp":"2026-03-02T08:00:00.123456Z","event_type":"…","data":{…}}`

use jiff::tz::TimeZone;

use super::timestamp::{Instant, Stamp, number};

/// Opens the envelope up to the value of `event_type`.
pub(crate) fn head(out: &mut Vec<u8>, now: Instant, utc: &mut Stamp) {
    out.extend_from_slice(b"{\"timestamp\":\"");
    out.extend_from_slice(utc.digits(now.seconds, &TimeZone::UTC));
    out.push(b'.');
    number(out, now.nanos / 1_000, 6);
    out.extend_from_slice(b"Z\",\"event_type\":");
}

/// Writes a number that JSON has; text for one that it has not.
pub(crate) fn float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
    } else {
        out.push(b'"');
        out.extend_from_slice(not_finite(value).as_bytes());
        out.push(b'"');
    }
}

pub(crate) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
