//! Local days, weeks and nights of shifts.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::instant::Instant;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;
const NIGHT_STARTS: i64 = 20 * HOUR;
const NIGHT_ENDS: i64 = 30 * HOUR;
/// 1970-01-01 was a Thursday.
const MONDAY_BEFORE_1970: i64 = -3;

/// No time zone has this name.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` is not a known time zone")]
#[non_exhaustive]
pub struct UnknownTimeZone {
    /// The name asked for.
    pub name: String,
}

/// Local time of one place.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    zone: TimeZone,
}

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i64);

/// A shift with the local offset at its ends, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalShift {
    start: i64,
    end: i64,
    start_offset: i64,
    end_offset: i64,
}

impl Calendar {
    pub(crate) fn new(name: &str) -> Result<Self, UnknownTimeZone> {
        match TimeZone::get(name) {
            Ok(zone) => Ok(Self { zone }),
            Err(_) => Err(UnknownTimeZone { name: name.to_owned() }),
        }
    }

    /// The hospital's own; the zone data is part of the binary.
    pub(crate) fn istanbul() -> Self {
        Self::new("Europe/Istanbul").unwrap_or_else(|_| Self { zone: TimeZone::fixed(Offset::constant(3)) })
    }

    pub(crate) fn shift(&self, start: Instant, end: Instant) -> LocalShift {
        let (start, end) = (start.as_microseconds(), end.as_microseconds());
        LocalShift { start, end, start_offset: self.offset(start), end_offset: self.offset(end) }
    }

    /// Calls `each` with every local week, by its Monday, and the microseconds of the shift in it.
    pub(crate) fn weeks(&self, shift: LocalShift, mut each: impl FnMut(Day, i64)) {
        let mut from = shift.start;
        let mut monday = shift.first_day().monday();
        while from < shift.end {
            let next = Day(monday.0 + 7);
            let until = self.at(next, 0, &shift).clamp(from, shift.end);
            each(monday, until - from);
            (from, monday) = (until, next);
        }
    }

    /// Tells whether more than half of the shift lies between 20:00 and 06:00.
    pub(crate) fn is_night(&self, shift: LocalShift) -> bool {
        let last = Day((shift.end + shift.end_offset).div_euclid(DAY));
        let mut inside = 0;
        let mut day = Day(shift.first_day().0 - 1);
        while day <= last {
            let from = self.at(day, NIGHT_STARTS, &shift).max(shift.start);
            let until = self.at(day, NIGHT_ENDS, &shift).min(shift.end);
            inside += (until - from).max(0);
            day.0 += 1;
        }
        2 * inside > shift.end - shift.start
    }

    /// Tells whether the shift goes on past a local midnight.
    pub(crate) fn crosses_midnight(&self, shift: LocalShift) -> bool {
        let last_instant = shift.end - 1;
        let offset = if shift.is_uniform() { shift.end_offset } else { self.offset(last_instant) };
        Day((last_instant + offset).div_euclid(DAY)) != shift.first_day()
    }

    fn offset(&self, microseconds: i64) -> i64 {
        let seconds = microseconds.div_euclid(SECOND);
        let offset = Timestamp::from_second(seconds).map(|stamp| self.zone.to_offset(stamp).seconds());
        i64::from(offset.unwrap_or_default()) * SECOND
    }

    /// The instant at which local clocks show `time` after midnight of `day`; where they skip it, the instant of the
    /// change, and where they show it twice, the first.
    fn at(&self, day: Day, time: i64, shift: &LocalShift) -> i64 {
        let local = day.0 * DAY + time;
        if shift.is_uniform() {
            return local - shift.end_offset;
        }
        let seconds = local.div_euclid(SECOND);
        let civil = Timestamp::from_second(seconds).map(|stamp| Offset::UTC.to_datetime(stamp));
        let stamp = civil.and_then(|civil| self.zone.to_ambiguous_timestamp(civil).compatible());
        stamp.map_or(local - shift.end_offset, Timestamp::as_microsecond)
    }
}

impl LocalShift {
    /// No clock change inside: a shift is a week at most, and no zone has changed twice within one.
    fn is_uniform(&self) -> bool {
        self.start_offset == self.end_offset
    }

    pub(crate) fn first_day(&self) -> Day {
        Day((self.start + self.start_offset).div_euclid(DAY))
    }
}

impl Day {
    pub(crate) fn monday(self) -> Self {
        Self(self.0 - (self.0 - MONDAY_BEFORE_1970).rem_euclid(7))
    }

    /// Names the ISO 8601 week, as `2026-W09`.
    pub(crate) fn iso_week(self) -> String {
        let seconds = self.0.saturating_mul(DAY / SECOND);
        let date = Timestamp::from_second(seconds).map(|stamp| Offset::UTC.to_datetime(stamp).date());
        let week = date.map(Date::iso_week_date);
        week.map(|week| format!("{}-W{:02}", week.year(), week.week())).unwrap_or_default()
    }
}
