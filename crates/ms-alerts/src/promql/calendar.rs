//! Parts of dates, in UTC.

use super::plan::Part;

const DAY: i64 = 24 * 60 * 60;

impl Part {
    /// Of a moment in seconds since 1970; what is no moment has none.
    pub(super) fn of(self, seconds: f64) -> f64 {
        // Further away there are no whole seconds.
        if seconds.is_nan() || seconds.abs() > 2_f64.powi(52) {
            return f64::NAN;
        }
        // Towards zero, as Go does.
        let seconds = seconds.trunc() as i64;
        let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day_of_month) = civil(day);
        let part = match self {
            Self::DayOfMonth => day_of_month,
            // The first of January 1970 was a Thursday; a week begins with Sunday, which is 0.
            Self::DayOfWeek => (day + 4).rem_euclid(7),
            Self::DayOfYear => day - days_before(year, 1) + 1,
            Self::DaysInMonth => {
                let next = if month == 12 { days_before(year + 1, 1) } else { days_before(year, month + 1) };
                next - days_before(year, month)
            }
            Self::Hour => second / 3600,
            Self::Minute => second / 60 % 60,
            Self::Month => month,
            Self::Year => year,
        };
        part as f64
    }
}

// Years begin with March here, so that the leap day is the last of one.

/// Year, month and day of a day since 1970; by Howard Hinnant, <https://howardhinnant.github.io/date_algorithms.html>.
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// Days from 1970 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parts_are_those_of_the_calendar(seconds in -60_000_000_000_i64..250_000_000_000) {
            let date = Timestamp::from_second(seconds).unwrap().to_zoned_datetime(TimeZone::UTC);
            for (part, expected) in [
                (Part::DayOfMonth, i64::from(date.day())),
                (Part::DayOfWeek, i64::from(date.weekday().to_sunday_zero_offset())),
                (Part::DayOfYear, i64::from(date.day_of_year())),
                (Part::DaysInMonth, i64::from(date.days_in_month())),
                (Part::Hour, i64::from(date.hour())),
                (Part::Minute, i64::from(date.minute())),
                (Part::Month, i64::from(date.month())),
                (Part::Year, i64::from(date.year())),
            ] {
                prop_assert_eq!(part.of(seconds as f64), expected as f64, "{:?} of {}", part, date);
            }
        }
    }

    #[test]
    fn fractions_are_cut_off_and_nonsense_has_no_date() {
        assert_eq!(Part::Minute.of(119.9), 1.0);
        for nonsense in [f64::NAN, f64::INFINITY, -1e300] {
            assert!(Part::Year.of(nonsense).is_nan());
        }
    }
}
