//! The header `Retry-After`: seconds or a date, in any of the three forms of HTTP (RFC 9110, 5.6.7).

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Gives how long the receiver asks to be left alone; nonsense is no wish.
pub(super) fn of(headers: &HeaderMap) -> Option<Duration> {
    parse(headers.get(RETRY_AFTER)?.to_str().ok()?.trim(), Timestamp::now())
}

fn parse(text: &str, now: Timestamp) -> Option<Duration> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are still a number, and a very long wait.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    // The date of HTTP is one of RFC 2822 whose zone is always GMT.
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok().or_else(|| obsolete(text))?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The dates of RFC 850 and of C's `asctime`, which servers must not write and clients must read.
fn obsolete(text: &str) -> Option<Timestamp> {
    let date = ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .into_iter()
        .find_map(|format| DateTime::strptime(format, text).ok())?;
    TimeZone::UTC.to_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        assert_eq!(parse("7", now), Some(Duration::from_secs(7)));
        assert_eq!(parse("0", now), Some(Duration::ZERO));
        assert_eq!(parse("Mon, 02 Mar 2026 08:01:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!(parse("Mon, 02 Mar 2026 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse("Monday, 02-Mar-26 08:01:30 GMT", now), Some(Duration::from_secs(90)));
        assert_eq!(parse("Mon Mar  2 08:01:30 2026", now), Some(Duration::from_secs(90)));
        assert_eq!(parse("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn nonsense_is_no_wish() {
        let now = Timestamp::UNIX_EPOCH;
        for text in [
            "",
            "-1",
            "soon",
            "1.5",
            "7 s",
            "Mon, 99 Mar 2026 08:01:30 GMT",
            "Mon Mar 99 08:01:30 2026",
            "+7",
        ] {
            assert_eq!(parse(text, now), None, "{text}");
        }
    }
}
