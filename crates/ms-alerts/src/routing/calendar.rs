//! Times of the week and of the year at which a route is silent, or speaks.
//!
//! Alertmanager's [`time_interval`](https://prometheus.io/docs/alerting/latest/configuration/#time_interval): a moment is
//! inside if it lies in one range of each kind that is given.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

/// One interval. A kind of which there is no list holds always, one with an empty list too.
#[derive(Debug, Clone, Default)]
pub(super) struct Interval {
    /// In minutes of the day, from the first to before the second.
    pub(super) times: Vec<(u32, u32)>,
    /// From 0, which is Sunday.
    pub(super) weekdays: Vec<RangeInclusive<i64>>,
    /// From 1, or from -1 backwards from the end of the month.
    pub(super) days_of_month: Vec<RangeInclusive<i64>>,
    pub(super) months: Vec<RangeInclusive<i64>>,
    pub(super) years: Vec<RangeInclusive<i64>>,
    /// UTC where there is none.
    pub(super) zone: Option<TimeZone>,
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl Interval {
    pub(super) fn contains(&self, moment: Timestamp) -> bool {
        let local = moment.to_zoned_datetime(self.zone.clone().unwrap_or(TimeZone::UTC));
        let minute = i64::from(local.hour()) * 60 + i64::from(local.minute());
        let weekday = i64::from(local.weekday().to_sunday_zero_offset());
        let is_in = |ranges: &[RangeInclusive<i64>], value| {
            ranges.is_empty() || ranges.iter().any(|range| range.contains(&value))
        };
        let of_day = |(from, to): &(u32, u32)| (i64::from(*from)..i64::from(*to)).contains(&minute);
        (self.times.is_empty() || self.times.iter().any(of_day))
            && (self.days_of_month.is_empty()
                || self.days_of_month.iter().any(|range| has_day(range, &local)))
            && is_in(&self.months, i64::from(local.month()))
            && is_in(&self.weekdays, weekday)
            && is_in(&self.years, i64::from(local.year()))
    }
}

fn has_day(range: &RangeInclusive<i64>, local: &ZonedDateTime) -> bool {
    let days = i64::from(local.days_in_month());
    let from_start = |day: i64| if day < 0 { days + day + 1 } else { day };
    // A range that begins behind the end of a short month is not in it; one that ends there ends with it.
    (from_start(*range.start())..=from_start(*range.end())).contains(&i64::from(local.day()))
}

/// Reads a range of weekdays as `monday:friday`.
pub(super) fn weekdays(text: &str) -> Result<RangeInclusive<i64>, String> {
    let range = range(text, |day| {
        position(&WEEKDAYS, day).ok_or_else(|| format!("{day:?} is no weekday; expected one like `monday`"))
    })?;
    in_order(range, text)
}

/// Reads a range of months as `january:march` or `1:3`.
pub(super) fn months(text: &str) -> Result<RangeInclusive<i64>, String> {
    let range = range(text, |month| {
        let named = position(&MONTHS, month).map(|place| place + 1);
        named
            .or_else(|| month.parse().ok())
            .ok_or_else(|| format!("{month:?} is no month; expected one like `january` or `1`"))
    })?;
    in_order(range, text)
}

/// Reads a range of years as `2026:2030`.
pub(super) fn years(text: &str) -> Result<RangeInclusive<i64>, String> {
    in_order(range(text, number)?, text)
}

/// Reads a range of days as `1:5` or `-3:-1`.
pub(super) fn days_of_month(text: &str) -> Result<RangeInclusive<i64>, String> {
    let range = range(text, number)?;
    let (begin, end) = (*range.start(), *range.end());
    let is_day = |day: i64| day != 0 && (-31..=31).contains(&day);
    if !is_day(begin) || !is_day(end) {
        return Err(format!("{text:?} is no range of days; expected 1 to 31 or -31 to -1"));
    }
    // The shortest month is the judge of what can never be.
    let in_february = |day: i64| if day < 0 { 28 + day } else { day };
    if (begin < 0 && end > 0) || in_february(begin) > in_february(end) {
        return Err(format!("{text:?} ends before it begins"));
    }
    Ok(range)
}

/// Reads `HH:MM`, up to `24:00`, in minutes.
pub(super) fn minute(text: &str) -> Result<u32, String> {
    let bad = || format!("{text:?} is no time of day; expected one like `08:30`, up to `24:00`");
    let two = |digits: &str| {
        let both = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        both.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':').ok_or_else(bad)?;
    match (two(hour), two(minute)) {
        (Some(24), Some(0)) => Ok(24 * 60),
        (Some(hour @ 0..24), Some(minute @ 0..60)) => Ok(hour * 60 + minute),
        _ => Err(bad()),
    }
}

fn position(names: &[&str], name: &str) -> Option<i64> {
    let place = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    i64::try_from(place).ok()
}

fn number(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{text:?} is no whole number"))
}

fn range(text: &str, read: impl Fn(&str) -> Result<i64, String>) -> Result<RangeInclusive<i64>, String> {
    let mut ends = text.split(':');
    match (ends.next(), ends.next(), ends.next()) {
        (Some(one), None, None) => read(one).map(|value| value..=value),
        (Some(begin), Some(end), None) => Ok(read(begin)?..=read(end)?),
        _ => Err(format!("{text:?} is no range; expected one value, or two with a `:` between")),
    }
}

fn in_order(range: RangeInclusive<i64>, text: &str) -> Result<RangeInclusive<i64>, String> {
    if range.is_empty() { Err(format!("{text:?} ends before it begins")) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn nights_of_weekends_are_found() {
        let interval = Interval {
            times: vec![(0, 6 * 60), (20 * 60, 24 * 60)],
            weekdays: vec![weekdays("saturday").unwrap(), weekdays("Sunday").unwrap()],
            ..Interval::default()
        };
        for inside in ["2026-11-28T00:00:00Z", "2026-11-28T05:59:59Z", "2026-11-29T23:59:59Z"] {
            assert!(interval.contains(at(inside)), "{inside}");
        }
        for outside in ["2026-11-28T06:00:00Z", "2026-11-28T19:59:59Z", "2026-11-27T23:00:00Z"] {
            assert!(!interval.contains(at(outside)), "{outside}");
        }
    }

    #[test]
    fn days_count_from_either_end_of_a_month_of_any_length() {
        let days = |text: &str| Interval {
            days_of_month: vec![days_of_month(text).unwrap()],
            ..Interval::default()
        };
        for (range, day, inside) in [
            ("1:5", "2026-02-05", true),
            ("1:5", "2026-02-06", false),
            ("-3:-1", "2026-02-26", true),
            ("-3:-1", "2026-02-25", false),
            ("-1", "2028-02-29", true),
            ("-1", "2028-02-28", false),
            ("29:31", "2026-02-28", false),
            ("28:31", "2026-02-28", true),
            ("10:-10", "2026-04-21", true),
            ("10:-10", "2026-04-22", false),
            ("-31:-30", "2026-02-01", false),
        ] {
            assert_eq!(days(range).contains(at(&format!("{day}T12:00:00Z"))), inside, "{range} {day}");
        }
    }

    #[test]
    fn months_and_years_are_those_of_the_zone() {
        let interval = Interval {
            months: vec![months("january:2").unwrap()],
            years: vec![years("2027").unwrap()],
            zone: Some(TimeZone::fixed(jiff::tz::offset(3))),
            ..Interval::default()
        };
        assert!(
            interval.contains(at("2026-12-31T21:00:00Z")) && !interval.contains(at("2026-12-31T20:59:59Z"))
        );
        assert!(
            interval.contains(at("2027-02-28T20:59:59Z")) && !interval.contains(at("2027-02-28T21:00:00Z"))
        );
    }

    #[test]
    fn an_interval_of_nothing_holds_always() {
        assert!(Interval::default().contains(at("2026-11-25T12:00:00Z")));
    }

    #[test]
    fn what_is_no_time_or_range_is_told() {
        for text in ["", "8:30", "08:3", "08:60", "24:01", "25:00", "08.30", "+8:30"] {
            assert!(minute(text).is_err(), "{text}");
        }
        assert_eq!((minute("00:00"), minute("24:00")), (Ok(0), Ok(1440)));
        for text in ["", "mon", "friday:monday", "monday:", "monday:tuesday:friday", "1"] {
            assert!(weekdays(text).is_err(), "{text}");
        }
        for text in ["0", "32", "-32", "5:1", "-1:5", "-1:-3", "20:-10", "x", "1:2:3"] {
            assert!(days_of_month(text).is_err(), "{text}");
        }
        for text in ["march:january", "3:1", "jan"] {
            assert!(months(text).is_err(), "{text}");
        }
        assert!(years("2027:2026").is_err());
    }
}
