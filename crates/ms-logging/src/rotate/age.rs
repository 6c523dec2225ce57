//! When a file is too old for further lines.

use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, ToSpan as _, Unit, ZonedDateTime, ZonedDateTimeRound};

/// How often a file is rotated by age; see [`LoggingBuilder::rotate_every`](crate::LoggingBuilder::rotate_every).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Every {
    /// At each full hour.
    Hour,
    /// At midnight.
    Day,
}

/// The hour or the day that the lines of the current file belong to, in local time.
#[derive(Debug)]
pub(super) struct Age {
    every: Every,
    zone: TimeZone,
    end: Timestamp,
}

impl Age {
    /// `since` is when the first line was written, if there is one.
    pub(super) fn new(every: Every, zone: TimeZone, since: Option<Timestamp>, now: Timestamp) -> Self {
        let mut age = Self { every, zone, end: now };
        age.begin(since, now);
        age
    }

    pub(super) fn begin(&mut self, since: Option<Timestamp>, now: Timestamp) {
        // A time yet to come is a clock that was wrong.
        let start = since.unwrap_or(now).min(now).to_zoned_datetime(self.zone.clone());
        // At the end of time no further file is needed.
        self.end = next(self.every, &start).map_or(Timestamp::MAX, |next| next.timestamp());
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.end
    }
}

fn next(every: Every, start: &ZonedDateTime) -> Result<ZonedDateTime, jiff::Error> {
    match every {
        Every::Day => start.tomorrow()?.start_of_day(),
        Every::Hour => {
            let whole = start.round(ZonedDateTimeRound::new().smallest(Unit::Hour).mode(RoundMode::Trunc))?;
            whole.checked_add(1.hour())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn end(every: Every, zone: &str, since: Option<&str>, now: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        Age::new(every, zone, since.map(at), at(now)).end.to_string()
    }

    #[test]
    fn days_and_hours_end_in_local_time() {
        for (every, since, now, expected) in [
            (Every::Day, None, "2026-03-02T20:59:59Z", "2026-03-02T21:00:00Z"),
            (Every::Day, None, "2026-03-02T21:00:00Z", "2026-03-03T21:00:00Z"),
            (Every::Hour, None, "2026-03-02T21:59:59.9Z", "2026-03-02T22:00:00Z"),
            (Every::Hour, None, "2026-03-02T22:00:00Z", "2026-03-02T23:00:00Z"),
            // Left by a process that ended long ago, and by a clock that was wrong.
            (Every::Day, Some("2026-02-01T10:00:00Z"), "2026-03-02T10:00:00Z", "2026-02-01T21:00:00Z"),
            (Every::Day, Some("2036-02-01T10:00:00Z"), "2026-03-02T10:00:00Z", "2026-03-02T21:00:00Z"),
        ] {
            assert_eq!(end(every, "Europe/Istanbul", since, now), expected, "{every:?} {now}");
        }
    }

    #[test]
    fn days_with_a_change_of_the_clock_are_23_or_25_hours_long() {
        let day = |now| end(Every::Day, "Europe/Berlin", None, now);
        assert_eq!(day("2026-03-28T23:00:00Z"), "2026-03-29T22:00:00Z");
        assert_eq!(day("2026-10-24T22:00:00Z"), "2026-10-25T23:00:00Z");
    }

    #[test]
    fn a_clock_set_back_ends_nothing_and_one_set_forward_ends_once() {
        let mut age = Age::new(Every::Hour, TimeZone::UTC, None, at("2026-03-02T10:30:00Z"));
        assert!(!age.is_over(at("2026-03-02T09:30:00Z")));
        assert!(age.is_over(at("2026-03-03T10:30:00Z")));
        age.begin(None, at("2026-03-03T10:30:00Z"));
        assert!(!age.is_over(at("2026-03-03T10:59:59Z")));
        age.begin(None, Timestamp::MAX);
        assert_eq!(age.end, Timestamp::MAX);
    }
}
