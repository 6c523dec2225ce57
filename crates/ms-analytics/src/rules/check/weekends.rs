//! Saturdays and Sundays.

use std::collections::BTreeMap;

use crate::calendar::Day;
use crate::rules::duty::{Duties, Found, Shifts};
use crate::rules::set::Weekend;

const FRIDAY: i64 = 4;
const SATURDAY: i64 = 5;

pub(super) fn weekends(duties: &Duties<'_>, asked: Weekend, each: &mut dyn FnMut(Found)) {
    // Times of day at which shifts start.
    let mut worked: BTreeMap<Day, Vec<i64>> = BTreeMap::new();
    for duty in &duties.list {
        worked.entry(duty.first_day).or_default().push(duty.local.start_time());
    }
    worked.values_mut().for_each(|times| times.sort_unstable());
    let mut fridays_with_nights: Vec<_> = duties
        .list
        .iter()
        .filter(|duty| duty.is_night && duty.first_day.weekday() == FRIDAY)
        .map(|duty| duty.first_day)
        .collect();
    fridays_with_nights.sort_unstable();
    fridays_with_nights.dedup();
    let mut saturdays: Vec<_> = worked.keys().map(|day| day.monday().plus(SATURDAY)).collect();
    saturdays.dedup();
    let (first, last) = duties.roster;
    for saturday in saturdays {
        let (friday, sunday) = (saturday.plus(-1), saturday.plus(1));
        if saturday < first || sunday > last {
            continue;
        }
        let mut breaks = |from: Day| {
            let (from, until) = (duties.calendar.midnight(from), duties.calendar.midnight(saturday.plus(2)));
            each(Found { from, until, amount: None, shifts: Shifts::Touching });
        };
        match (worked.get(&saturday), worked.get(&sunday)) {
            (Some(one), Some(other)) if asked.identical && one != other => breaks(saturday),
            (Some(_), None) | (None, Some(_)) if asked.complete => breaks(saturday),
            (None, None)
                if asked.no_night_before_free && fridays_with_nights.binary_search(&friday).is_ok() =>
            {
                breaks(friday);
            }
            _ => {}
        }
    }
}
