//! Days in a row.

use crate::calendar::Day;
use crate::rules::duty::{Duties, Found};
use crate::rules::report::Unit;
use crate::rules::set::RunOf;

pub(super) fn runs(
    duties: &Duties<'_>,
    of: RunOf,
    min: Option<u32>,
    max: Option<u32>,
    each: &mut dyn FnMut(Found),
) {
    let counted = duties.list.iter().filter(|duty| of != RunOf::Nights || duty.is_night);
    let mut days: Vec<_> = counted.map(|duty| duty.first_day).collect();
    days.sort_unstable();
    days.dedup();
    let (first, last) = duties.roster;
    let runs = if of == RunOf::FreeDays { between(&days, first, last) } else { of_days(&days) };
    for (begin, end) in runs {
        let length = begin.days_until(end) + 1;
        let is_whole = begin > first && end < last;
        let (from, until) = (duties.calendar.midnight(begin), duties.calendar.midnight(end.plus(1)));
        if let Some(max) = max
            && length > i64::from(max)
        {
            each(Found::too_much(from, until, length as f64, f64::from(max), Unit::Days));
        }
        if let Some(min) = min
            && length < i64::from(min)
            && is_whole
        {
            each(Found::too_little(from, until, length as f64, f64::from(min), Unit::Days));
        }
    }
}

/// The first and last day of each row of days.
fn of_days(days: &[Day]) -> Vec<(Day, Day)> {
    let mut runs: Vec<(Day, Day)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, end)) if end.plus(1) == *day => *end = *day,
            _ => runs.push((*day, *day)),
        }
    }
    runs
}

/// The days between the given ones.
fn between(days: &[Day], first: Day, last: Day) -> Vec<(Day, Day)> {
    let mut next = first;
    let mut runs = Vec::new();
    for day in days.iter().copied().chain([last.plus(1)]) {
        if next < day {
            runs.push((next, day.plus(-1)));
        }
        next = day.plus(1);
    }
    runs
}
