//! Instants as the clocks of a place show them.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::calendar::Calendar;
use crate::instant::Instant;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Writes timestamps of one column as RFC 3339 has them. What the last one had of day and offset is kept, since the next
/// has mostly the same.
#[derive(Debug)]
pub(super) struct Clock {
    /// Without it, times are local already.
    calendar: Option<Calendar>,
    day: i64,
    date: String,
    offset: i64,
    offset_text: String,
}

impl Clock {
    /// Takes a zone as Arrow names it: `Europe/Istanbul`, `+03:00`, or none.
    pub(super) fn of(zone: Option<&str>) -> Option<Self> {
        let calendar = match zone {
            Some(name) => Some(Calendar::of(time_zone(name)?)),
            None => None,
        };
        // No timestamp lies on this day, nor has this offset.
        let (day, offset) = (i64::MIN, i64::MIN);
        Some(Self { calendar, day, date: String::new(), offset, offset_text: String::new() })
    }

    pub(super) fn is_local(&self) -> bool {
        self.calendar.is_none()
    }

    /// Writes the timestamp, in microseconds since 1970; nothing if its year has more than four digits.
    pub(super) fn write(&mut self, microseconds: i64, out: &mut String) {
        out.clear();
        let offset = self.calendar.as_mut().map(|calendar| calendar.offset_at(microseconds));
        let local = microseconds + offset.unwrap_or_default();
        let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        if day != self.day {
            let Ok(midnight) = Timestamp::from_second(day * (DAY / SECOND)) else { return };
            self.date = Offset::UTC.to_datetime(midnight).date().to_string();
            self.day = day;
        }
        out.push_str(&self.date);
        out.push('T');
        let seconds = time / SECOND;
        for (part, mark) in [(seconds / 3600, ":"), (seconds / 60 % 60, ":"), (seconds % 60, "")] {
            // Two digits, by construction.
            out.push(char::from(b'0' + (part / 10) as u8));
            out.push(char::from(b'0' + (part % 10) as u8));
            out.push_str(mark);
        }
        if time % SECOND != 0 {
            let _ = write!(out, ".{:06}", time % SECOND);
        }
        let Some(offset) = offset else { return };
        if offset != self.offset {
            let seconds = i32::try_from(offset / SECOND).unwrap_or_default();
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
            self.offset_text = format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60);
            self.offset = offset;
        }
        out.push_str(&self.offset_text);
    }
}

fn time_zone(name: &str) -> Option<TimeZone> {
    if name.starts_with(['+', '-']) {
        // What the clocks there showed as 1970 began in Greenwich.
        let midnight = Instant::parse(&format!("1970-01-01T00:00:00{name}")).ok()?;
        let offset = i32::try_from(-midnight.as_microseconds() / SECOND).ok()?;
        return Offset::from_seconds(offset).ok().map(TimeZone::fixed);
    }
    TimeZone::get(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_instant() {
        for zone in ["UTC", "Europe/Istanbul", "Asia/Kathmandu", "America/St_Johns", "+05:45", "-0330"] {
            let (mut clock, mut text) = (Clock::of(Some(zone)).unwrap(), String::new());
            for step in -400..400_i64 {
                let microseconds = step * 1_111_111_111_111 + i64::from(step % 3 == 0) * 250_000;
                clock.write(microseconds, &mut text);
                // Minutes are all that an offset can tell; those of before 1900 had seconds.
                assert_eq!(Instant::parse(&text).unwrap().as_microseconds(), microseconds, "{text} {zone}");
            }
        }
        assert!(Clock::of(Some("Europe/Nowhere")).is_none() && Clock::of(Some("+3")).is_none());
    }

    #[test]
    fn local_times_have_no_offset() {
        let (mut clock, mut text) = (Clock::of(None).unwrap(), String::new());
        clock.write(1_772_438_400_000_001, &mut text);
        assert_eq!(text, "2026-03-02T08:00:00.000001");
        clock.write(-1, &mut text);
        assert_eq!(text, "1969-12-31T23:59:59.999999");
    }
}
