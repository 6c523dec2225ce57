//! Response times out of the access logs of web servers.

use std::io::Read;

use serde_json::Value;

use super::error::{ReadError, RowError};
use super::lines::{Line, Lines};
use super::pull::next_chunk;

const CHUNK: usize = 64 << 10;
/// What servers call the time a request took, and how many of its unit are a second. Longer names first: what ends a
/// name must not be another.
const FIELDS: [(&str, f64); 10] = [
    ("duration_ms", 1e3),
    ("latency_ms", 1e3),
    ("response_time_ms", 1e3),
    ("duration_us", 1e6),
    ("upstream_response_time", 1.0),
    ("response_time", 1.0),
    ("request_time", 1.0),
    ("duration", 1.0),
    ("rt", 1.0),
    ("time", 1.0),
];
/// The upstream's time is part of the request's: it counts where there is no other.
const COLUMN: &str = "time";

/// Reads response times, in seconds, out of an access log, calling `each` with every line's number and its time, or why
/// it was refused. Empty lines are passed over.
///
/// A line tells its time in one of these ways, the first that applies:
///
/// - a JSON object with a number at `duration_ms`, `latency_ms`, `response_time_ms`, `duration_us`, `response_time`,
///   `request_time`, `duration`, `rt`, `time` or `upstream_response_time` (seconds where no unit is named), itself or
///   within `fields`: ms-logging writes `duration_ms`;
/// - text with one of these names, then `=` or `:`, then the number, as in `rt=0.012` or `time: 0.2477829`;
/// - the common or combined format with seconds appended, as nginx' `$request_time`: the last field is a number with
///   a decimal point.
///
/// # Errors
///
/// [`ReadError::Io`] if the source fails. What was read before has been passed on.
///
/// # Examples
///
/// ```
/// use ms_analytics::read::access_log;
///
/// let log = r#"10.0.0.1 - - [02/Mar/2026:08:00:00 +0300] "GET / HTTP/1.1" 200 612 "-" "curl/8" 0.004
/// {"level":"INFO","fields":{"method":"GET","duration_ms":12.5}}
/// 10.0.0.1 - - [02/Mar/2026:08:00:00 +0300] "GET / HTTP/1.1" 200 612
/// "#;
/// let mut found = Vec::new();
/// access_log(log.as_bytes(), |line, row| found.push((line, row.ok())))?;
/// assert_eq!(found, [(1, Some(0.004)), (2, Some(0.0125)), (3, None)]);
/// # Ok::<(), ms_analytics::read::ReadError>(())
/// ```
pub fn access_log(
    mut source: impl Read,
    mut each: impl FnMut(u64, Result<f64, RowError>),
) -> Result<(), ReadError> {
    let (mut lines, mut number) = (Lines::default(), 0);
    let mut on_line = |line: Line<'_>| {
        number += 1;
        let row = match line {
            Line::Whole(text) if text.trim_ascii().is_empty() => return Ok(()),
            Line::Whole(text) => time(text).map_err(|reason| RowError::at(number, COLUMN, reason)),
            Line::TooLong(_) => Err(RowError::row(number, "longer than 1 MiB")),
        };
        each(number, row);
        Ok(())
    };
    let mut chunk = vec![0; CHUNK];
    while let Some(bytes) = next_chunk(&mut source, &mut chunk)? {
        lines.push(bytes, &mut on_line).map_err(ReadError::Unreadable)?;
    }
    lines.finish(&mut on_line).map_err(ReadError::Unreadable)
}

fn time(line: &[u8]) -> Result<f64, &'static str> {
    // Addresses and agents may hold any bytes; the time does not.
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let found = if text.starts_with('{') {
        let object: Value = serde_json::from_str(text).map_err(|_| "not JSON")?;
        of_object(&object).or_else(|| object.get("fields").and_then(of_object))
    } else {
        named(text).or_else(|| appended(text))
    };
    let time = found.ok_or("no response time")?;
    if time.is_finite() && time >= 0.0 { Ok(time) } else { Err("not a time of 0 or more") }
}

fn of_object(object: &Value) -> Option<f64> {
    FIELDS.iter().find_map(|(name, per_second)| {
        let number = match object.get(name)? {
            Value::String(text) => text.parse().ok()?,
            number => number.as_f64()?,
        };
        Some(number / per_second)
    })
}

fn named(text: &str) -> Option<f64> {
    FIELDS.iter().find_map(|(name, per_second)| {
        let after = |(at, _): (usize, &str)| {
            let is_whole = !text.get(..at)?.ends_with(|one: char| one.is_alphanumeric() || one == '_');
            let rest = text.get(at + name.len()..)?.trim_start_matches('"');
            let number = rest.strip_prefix(['=', ':'])?.trim_start_matches([' ', '"']);
            let end = number.find(|one: char| !matches!(one, '0'..='9' | '.' | '-' | '+' | 'e' | 'E'));
            let number = number.get(..end.unwrap_or(number.len()))?.parse::<f64>().ok()?;
            is_whole.then_some(number / per_second)
        };
        // The last: what stands before may be a query that a client chose.
        text.match_indices(name).filter_map(after).last()
    })
}

fn appended(text: &str) -> Option<f64> {
    let last = text.rsplit(' ').next()?.trim_matches('"');
    (last.contains('.') && text.contains('"')).then(|| last.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_in_the_shapes_of_servers() {
        let head = "::1 - - [02/Mar/2026:08:00:00 +0300] \"GET /a?rt=9 HTTP/1.1\" 200 6";
        for (line, expected) in [
            (format!("{head} \"-\" \"curl\" rt=0.25 urt=\"0.1\""), Ok(0.25)),
            (format!("{} \"-\" \"curl\" 0.250", head.replace("?rt=9", "")), Ok(0.25)),
            ("nova \"GET /v2\" status: 200 len: 1893 time: 0.2477829".to_owned(), Ok(0.247_782_9)),
            ("{\"request_time\":\"0.25\"}".to_owned(), Ok(0.25)),
            ("{\"fields\":{\"duration_us\":250}}".to_owned(), Ok(0.000_25)),
            ("{\"duration_ms\":-1}".to_owned(), Err("not a time of 0 or more")),
            ("{\"duration_ms\":".to_owned(), Err("not JSON")),
            ("{\"message\":\"rt=1\"}".to_owned(), Err("no response time")),
            ("runtime=3".to_owned(), Err("no response time")),
            (head.replace("?rt=9", ""), Err("no response time")),
            ("1.5".to_owned(), Err("no response time")),
        ] {
            assert_eq!(time(line.as_bytes()), expected, "{line}");
        }
    }
}
