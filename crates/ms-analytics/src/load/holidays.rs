//! Public holidays.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::calendar::Day;

/// Days of the year, every year, with the first year in which they were holidays: New Year, National Sovereignty,
/// Labour, Youth, Democracy, Victory and Republic Day.
const FIXED: [(i8, i8, i16); 7] =
    [(1, 1, 1936), (4, 23, 1921), (5, 1, 2009), (5, 19, 1939), (7, 15, 2017), (8, 30, 1926), (10, 29, 1925)];
/// First days of Ramazan Bayramı (three days) and Kurban Bayramı (four days), as the Diyanet announced them.
const FEASTS: [(&str, &str); 16] = [
    ("2015-07-17", "2015-09-24"),
    ("2016-07-05", "2016-09-12"),
    ("2017-06-25", "2017-09-01"),
    ("2018-06-15", "2018-08-21"),
    ("2019-06-04", "2019-08-11"),
    ("2020-05-24", "2020-07-31"),
    ("2021-05-13", "2021-07-20"),
    ("2022-05-02", "2022-07-09"),
    ("2023-04-21", "2023-06-28"),
    ("2024-04-10", "2024-06-16"),
    ("2025-03-30", "2025-06-06"),
    ("2026-03-20", "2026-05-27"),
    ("2027-03-09", "2027-05-16"),
    ("2028-02-26", "2028-05-05"),
    ("2029-02-14", "2029-04-24"),
    ("2030-02-04", "2030-04-13"),
];
const FIRST_YEAR: i16 = 2015;
const LAST_YEAR: i16 = 2030;

/// A set of days.
///
/// # Examples
///
/// ```
/// use ms_analytics::load::Holidays;
///
/// let holidays = Holidays::turkey();
/// assert!(holidays.contains("2026-03-20")); // Ramazan Bayramı
/// assert!(!holidays.contains("2026-03-19")); // the afternoon before, arife
/// let ours = Holidays::from_days(["2026-12-25"])?;
/// assert!(ours.contains("2026-12-25"));
/// # Ok::<(), ms_analytics::load::HolidaysError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays(BTreeSet<Day>);

/// A text is no date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("day {index} is no date such as 2026-12-25")]
#[non_exhaustive]
pub struct HolidaysError {
    /// Its position, counted from 0.
    pub index: usize,
}

impl Holidays {
    /// The public holidays of Turkey (law 2429) from 2015 to 2030, whole days only: New Year, 23 April, 1 May, 19 May,
    /// 15 July (since 2017), 30 August, 29 October, three days of Ramazan Bayramı, four of Kurban Bayramı. The afternoons
    /// before the feasts and before 29 October are not in it.
    pub fn turkey() -> Self {
        let mut days = BTreeSet::new();
        for year in FIRST_YEAR..=LAST_YEAR {
            let fixed = FIXED.iter().filter(|(_, _, since)| year >= *since);
            days.extend(fixed.filter_map(|(month, day, _)| Date::new(year, *month, *day).ok().map(Day::of)));
        }
        for (ramazan, kurban) in FEASTS {
            let feast = |first: &str, length: i64| {
                let first = first.parse::<Date>().ok().map(Day::of);
                first.into_iter().flat_map(move |first| (0..length).map(move |day| first.plus(day)))
            };
            days.extend(feast(ramazan, 3).chain(feast(kurban, 4)));
        }
        Self(days)
    }

    /// Takes days as `2026-12-25`.
    ///
    /// # Errors
    ///
    /// [`HolidaysError`] tells the first that is no date.
    pub fn from_days<'a>(days: impl IntoIterator<Item = &'a str>) -> Result<Self, HolidaysError> {
        let day = |(index, text): (usize, &str)| {
            text.parse::<Date>().map(Day::of).map_err(|_| HolidaysError { index })
        };
        days.into_iter().enumerate().map(day).collect::<Result<_, _>>().map(Self)
    }

    /// Tells whether a day, as `2026-12-25`, is one; what is no date is none.
    pub fn contains(&self, day: &str) -> bool {
        day.parse::<Date>().is_ok_and(|date| self.contains_day(Day::of(date)))
    }

    pub(super) fn contains_day(&self, day: Day) -> bool {
        self.0.contains(&day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feasts_and_fixed_days_are_holidays() {
        let turkey = Holidays::turkey();
        for day in ["2015-01-01", "2017-07-15", "2024-06-19", "2026-03-22", "2030-10-29"] {
            assert!(turkey.contains(day), "{day}");
        }
        for day in ["2016-07-15", "2024-06-15", "2026-03-23", "2031-01-01", "tomorrow"] {
            assert!(!turkey.contains(day), "{day}");
        }
        assert_eq!(Holidays::from_days(["2026-01-01", "2026-02-30"]), Err(HolidaysError { index: 1 }));
    }
}
