//! Local days, weeks and nights of shifts.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

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
    /// Where the last look-up fell: most shifts of a roster lie between the same two clock changes.
    span: Span,
}

/// Time between two clock changes, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    until: i64,
    offset: i64,
}

/// When it is night, in microseconds after local midnight; the end may lie behind the next one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NightTime {
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// Microseconds of night that make a shift night work; without it, more than half.
    pub(crate) at_least: Option<i64>,
}

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(i64);

/// A shift in local time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalShift {
    start: i64,
    end: i64,
    start_offset: i64,
    end_offset: i64,
    /// No clock change is near, so that local time is a subtraction away.
    is_plain: bool,
}

impl Calendar {
    pub(crate) fn new(name: &str) -> Result<Self, UnknownTimeZone> {
        match TimeZone::get(name) {
            Ok(zone) => Ok(Self::of(zone)),
            Err(_) => Err(UnknownTimeZone { name: name.to_owned() }),
        }
    }

    /// The hospital's own; the zone data is part of the binary.
    pub(crate) fn istanbul() -> Self {
        Self::new("Europe/Istanbul").unwrap_or_else(|_| Self::of(TimeZone::fixed(Offset::constant(3))))
    }

    pub(crate) fn of(zone: TimeZone) -> Self {
        Self { zone, span: Span { from: 0, until: 0, offset: 0 } }
    }

    pub(crate) fn shift(&mut self, start: Instant, end: Instant) -> LocalShift {
        let (start, end) = (start.as_microseconds(), end.as_microseconds());
        let span = self.span(start);
        // A local time within a day of a change may occur twice, the first time before it.
        let is_plain = start.saturating_sub(span.from) >= DAY && end <= span.until;
        let end_offset = if is_plain { span.offset } else { self.span(end).offset };
        LocalShift { start, end, start_offset: span.offset, end_offset, is_plain }
    }

    /// Calls `each` with every local week from that of the shift's start, by its Monday, and the microseconds of the shift
    /// in it.
    pub(crate) fn weeks(&self, shift: LocalShift, monday: Day, mut each: impl FnMut(Day, i64)) {
        if shift.is_plain && shift.end + shift.start_offset <= monday.plus(7).0 * DAY {
            return each(monday, shift.end - shift.start);
        }
        self.periods(
            shift,
            monday,
            |monday| monday.plus(7),
            |monday, from, until| each(monday, until - from),
        );
    }

    /// Cuts the shift where periods begin; calls `each` with the first day of each and the part in it. The first one
    /// holds the start of the shift.
    pub(crate) fn periods(
        &self,
        shift: LocalShift,
        first: Day,
        next: impl Fn(Day) -> Day,
        mut each: impl FnMut(Day, i64, i64),
    ) {
        let (mut from, mut first) = (shift.start, first);
        while from < shift.end {
            let following = next(first);
            let until = self.at(following, 0, &shift).clamp(from, shift.end);
            each(first, from, until);
            (from, first) = (until, following);
        }
    }

    /// Calls `each` with weekday (0 is Monday), hour of the day and microseconds of each part of the shift that local
    /// clocks show the same hour of.
    pub(crate) fn hours(&mut self, shift: LocalShift, mut each: impl FnMut(usize, usize, u64)) {
        let mut from = shift.start;
        while from < shift.end {
            let span = if shift.is_plain { shift.start_offset } else { self.span(from).offset };
            let local = from + span;
            let change = if shift.is_plain { i64::MAX } else { self.span(from).until };
            let until = (from + HOUR - local.rem_euclid(HOUR)).min(shift.end).min(change);
            let weekday = usize::try_from(Day(local.div_euclid(DAY)).weekday()).unwrap_or_default();
            let hour = usize::try_from(local.rem_euclid(DAY) / HOUR).unwrap_or_default();
            each(weekday, hour, until.abs_diff(from));
            from = until;
        }
    }

    /// Tells whether more than half of the shift lies between 20:00 and 06:00.
    pub(crate) fn is_night(&self, shift: LocalShift) -> bool {
        self.is_night_by(shift, NightTime { from: NIGHT_STARTS, until: NIGHT_ENDS, at_least: None })
    }

    /// Tells whether the shift is one of night work.
    pub(crate) fn is_night_by(&self, shift: LocalShift, night: NightTime) -> bool {
        let inside = self.night_part(shift, night);
        match night.at_least {
            None => 2 * inside > shift.end - shift.start,
            Some(least) => inside >= least,
        }
    }

    /// Microseconds of the shift at night.
    fn night_part(&self, shift: LocalShift, night: NightTime) -> i64 {
        let length = night.until - night.from;
        if shift.is_plain && (0..=DAY).contains(&length) {
            // Every day has its night: those that began before an instant, the last in part.
            let before = |instant: i64| {
                let since = instant + shift.start_offset - night.from;
                since.div_euclid(DAY) * length + since.rem_euclid(DAY).min(length)
            };
            return before(shift.end) - before(shift.start);
        }
        let last = Day((shift.end + shift.end_offset).div_euclid(DAY));
        let mut inside = 0;
        let mut day = Day(shift.first_day().0 - 1);
        while day <= last {
            let from = self.at(day, night.from, &shift).max(shift.start);
            let until = self.at(day, night.until, &shift).min(shift.end);
            inside += (until - from).max(0);
            day.0 += 1;
        }
        inside
    }

    /// Tells whether the shift goes on past a local midnight.
    pub(crate) fn crosses_midnight(&mut self, shift: LocalShift) -> bool {
        self.last_day(shift) != shift.first_day()
    }

    /// The local day of the shift's last microsecond.
    pub(crate) fn last_day(&mut self, shift: LocalShift) -> Day {
        let last_instant = shift.end - 1;
        let offset = if shift.is_plain { shift.end_offset } else { self.span(last_instant).offset };
        Day((last_instant + offset).div_euclid(DAY))
    }

    /// The instant at which a local day begins.
    pub(crate) fn midnight(&self, day: Day) -> i64 {
        self.time(day, 0)
    }

    /// The instant at which local clocks show a time, in microseconds after midnight of the day.
    pub(crate) fn time(&self, day: Day, time: i64) -> i64 {
        let anywhere = LocalShift { start: 0, end: 0, start_offset: 0, end_offset: 0, is_plain: false };
        self.at(day, time, &anywhere)
    }

    /// Writes an instant with the offset of the place.
    pub(crate) fn text(&self, microseconds: i64) -> String {
        match Timestamp::from_microsecond(microseconds) {
            Ok(stamp) => stamp.display_with_offset(self.zone.to_offset(stamp)).to_string(),
            Err(_) => String::new(),
        }
    }

    /// What the clocks are ahead of UTC at an instant, in microseconds.
    #[cfg(feature = "arrow")]
    pub(crate) fn offset_at(&mut self, microseconds: i64) -> i64 {
        self.span(microseconds).offset
    }

    /// The time between clock changes in which the instant lies.
    fn span(&mut self, microseconds: i64) -> Span {
        if !(self.span.from..self.span.until).contains(&microseconds) {
            self.span = self.look_up(microseconds);
        }
        self.span
    }

    fn look_up(&self, microseconds: i64) -> Span {
        // No zone changes within a second, and instants of a roster are far inside the range of a time stamp.
        let stamp = Timestamp::from_second(microseconds.div_euclid(SECOND)).unwrap_or(Timestamp::UNIX_EPOCH);
        Span {
            from: self.change_at_or_before(stamp).unwrap_or(i64::MIN),
            until: self
                .zone
                .following(stamp)
                .next()
                .map_or(i64::MAX, |change| change.timestamp().as_microsecond()),
            offset: i64::from(self.zone.to_offset(stamp).seconds()) * SECOND,
        }
    }

    fn change_at_or_before(&self, stamp: Timestamp) -> Option<i64> {
        let behind = Timestamp::from_nanosecond(stamp.as_nanosecond() + 1).unwrap_or(stamp);
        self.zone.preceding(behind).next().map(|change| change.timestamp().as_microsecond())
    }

    /// The instant at which local clocks show `time` after midnight of `day`; where they skip it, the instant of the
    /// change, and where they show it twice, the first.
    fn at(&self, day: Day, time: i64, shift: &LocalShift) -> i64 {
        let local = day.0 * DAY + time;
        if shift.is_plain {
            return local - shift.start_offset;
        }
        let Some(civil) = civil(local) else { return local - shift.end_offset };
        let under = |offset: Offset| local - i64::from(offset.seconds()) * SECOND;
        match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => under(offset),
            AmbiguousOffset::Fold { before, .. } => under(before),
            AmbiguousOffset::Gap { before, .. } => {
                let stamp = Timestamp::from_microsecond(under(before));
                stamp.ok().and_then(|stamp| self.change_at_or_before(stamp)).unwrap_or_else(|| under(before))
            }
        }
    }
}

impl LocalShift {
    pub(crate) fn first_day(&self) -> Day {
        Day((self.start + self.start_offset).div_euclid(DAY))
    }

    /// The local time of day at which it starts, in microseconds after midnight.
    pub(crate) fn start_time(&self) -> i64 {
        (self.start + self.start_offset).rem_euclid(DAY)
    }
}

impl Day {
    pub(crate) fn monday(self) -> Self {
        Self(self.0 - (self.0 - MONDAY_BEFORE_1970).rem_euclid(7))
    }

    pub(crate) fn of(date: Date) -> Self {
        let midnight = Offset::UTC.to_timestamp(date.to_datetime(Time::midnight()));
        Self(midnight.map_or(0, |stamp| stamp.as_microsecond().div_euclid(DAY)))
    }

    /// Names the month, as `2026-03`.
    pub(crate) fn month(self) -> String {
        let date = civil(self.0.saturating_mul(DAY)).map(DateTime::date);
        date.map(|date| format!("{:04}-{:02}", date.year(), date.month())).unwrap_or_default()
    }

    /// Names the day without its year, as `03-02`.
    #[cfg(feature = "chart")]
    pub(crate) fn month_and_day(self) -> String {
        let date = civil(self.0.saturating_mul(DAY)).map(DateTime::date);
        date.map(|date| format!("{:02}-{:02}", date.month(), date.day())).unwrap_or_default()
    }

    pub(crate) fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    pub(crate) fn days_until(self, later: Self) -> i64 {
        later.0 - self.0
    }

    /// 0 is Monday.
    pub(crate) fn weekday(self) -> i64 {
        self.monday().days_until(self)
    }

    pub(crate) fn first_of_month(self) -> Self {
        let day = civil(self.0.saturating_mul(DAY)).map_or(1, |civil| i64::from(civil.day()));
        self.plus(1 - day)
    }

    /// Names the ISO 8601 week, as `2026-W09`.
    pub(crate) fn iso_week(self) -> String {
        let week = civil(self.0.saturating_mul(DAY)).map(|civil| Date::iso_week_date(civil.date()));
        week.map(|week| format!("{}-W{:02}", week.year(), week.week())).unwrap_or_default()
    }
}

/// Microseconds of local time since 1970 as a date and a time of day.
fn civil(local: i64) -> Option<DateTime> {
    Timestamp::from_microsecond(local).ok().map(|stamp| Offset::UTC.to_datetime(stamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift(zone: &str, start: &str, end: &str) -> (Calendar, LocalShift) {
        let mut calendar = Calendar::new(zone).unwrap();
        let shift = calendar.shift(Instant::parse(start).unwrap(), Instant::parse(end).unwrap());
        (calendar, shift)
    }

    #[test]
    fn a_night_over_a_clock_change_is_counted_in_elapsed_time() {
        // Twelve hours on the clock, eleven elapsed, six and a bit of them between 20:00 and 06:00.
        let (calendar, short) =
            shift("Europe/Istanbul", "2015-03-28T23:30:00+02:00", "2015-03-29T11:30:00+03:00");
        assert!(!calendar.is_night(short));
        let (calendar, long) =
            shift("Europe/Berlin", "2026-10-24T23:00:00+02:00", "2026-10-25T13:00:00+01:00");
        // Eight of fifteen hours.
        assert!(calendar.is_night(long));
    }

    #[test]
    fn a_day_that_begins_in_a_gap_begins_with_the_change() {
        // On 2024-10-06 the clocks of Asuncion went from 00:00 to 01:00.
        let (mut calendar, night) =
            shift("America/Asuncion", "2024-10-05T20:00:00-04:00", "2024-10-06T04:00:00-03:00");
        let midnight = Instant::parse("2024-10-06T01:00:00-03:00").unwrap().as_microseconds();
        let sunday = Day((night.start + night.start_offset).div_euclid(DAY) + 1);
        assert_eq!(calendar.at(sunday, 0, &night), midnight);
        assert_eq!(calendar.at(sunday, HOUR / 2, &night), midnight);
        assert!(calendar.crosses_midnight(night));
    }

    #[test]
    fn weeks_are_cut_on_monday() {
        let (calendar, sunday) =
            shift("Europe/Istanbul", "2026-03-01T20:00:00+03:00", "2026-03-02T08:00:00+03:00");
        let mut weeks = Vec::new();
        calendar.weeks(sunday, sunday.first_day().monday(), |monday, part| {
            weeks.push((monday.iso_week(), part / HOUR))
        });
        assert_eq!(weeks, [("2026-W09".to_owned(), 4), ("2026-W10".to_owned(), 8)]);
        let (_, late) = shift("Europe/Istanbul", "2021-01-03T20:00:00+03:00", "2021-01-04T08:00:00+03:00");
        assert_eq!(late.first_day().monday().iso_week(), "2020-W53");
    }
}
