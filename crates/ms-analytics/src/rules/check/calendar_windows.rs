//! Days, weeks and months of the calendar.

use std::collections::BTreeMap;

use super::{duties_of, exceeds};
use crate::calendar::Day;
use crate::rules::duty::{Duties, Found, HOUR};
use crate::rules::report::Unit;
use crate::rules::set::{ShiftKind, Window};

pub(super) fn hours(
    duties: &Duties<'_>,
    max_hours: f64,
    window: Window,
    of: ShiftKind,
    each: &mut dyn FnMut(Found),
) {
    for (first, work) in sums(duties, window, of) {
        if exceeds(work, max_hours) {
            let (from, until) = bounds(duties, first, window);
            each(Found::too_much(from, until, work / HOUR, max_hours, Unit::Hours));
        }
    }
}

pub(super) fn count(
    duties: &Duties<'_>,
    max: u32,
    window: Window,
    of: ShiftKind,
    each: &mut dyn FnMut(Found),
) {
    let mut counts: BTreeMap<Day, u32> = BTreeMap::new();
    for duty in duties_of(duties, of) {
        *counts.entry(first_day(duty.first_day, window)).or_default() += 1;
    }
    for (first, count) in counts.into_iter().filter(|(_, count)| *count > max) {
        let (from, until) = bounds(duties, first, window);
        each(Found::too_much(from, until, f64::from(count), f64::from(max), Unit::Shifts));
    }
}

/// The weekly mean over windows of weeks. A window with the largest sum begins with a week that is worked, unless the
/// roster ends first.
pub(super) fn average(
    duties: &Duties<'_>,
    max_hours: f64,
    weeks: u32,
    of: ShiftKind,
    each: &mut dyn FnMut(Found),
) {
    let sums: Vec<_> = sums(duties, Window::Week, of).into_iter().collect();
    let (first, last) = (duties.roster.0.monday(), duties.roster.1.monday());
    let weeks = i64::from(weeks).min(first.days_until(last) / 7 + 1);
    let latest_begin = last.plus(-7 * (weeks - 1));
    let mut found_until = None;
    for (monday, _) in &sums {
        let begin = (*monday).min(latest_begin);
        let end = begin.plus(7 * weeks);
        if found_until.is_some_and(|until| begin < until) {
            continue;
        }
        let from = sums.partition_point(|(monday, _)| *monday < begin);
        let within = sums.iter().skip(from).take_while(|(monday, _)| *monday < end);
        let mean = within.map(|(_, work)| work).sum::<f64>() / weeks as f64;
        if exceeds(mean, max_hours) {
            found_until = Some(end);
            let (from, until) = (duties.calendar.midnight(begin), duties.calendar.midnight(end));
            each(Found::too_much(from, until, mean / HOUR, max_hours, Unit::HoursOnAverage));
        }
    }
}

/// Microseconds of work by the first day of each window.
fn sums(duties: &Duties<'_>, window: Window, of: ShiftKind) -> BTreeMap<Day, f64> {
    let mut sums: BTreeMap<Day, f64> = BTreeMap::new();
    for duty in duties_of(duties, of) {
        if window == Window::Day {
            *sums.entry(duty.first_day).or_default() += duty.work_alone();
            continue;
        }
        let next = |day| next_day(day, window);
        duties.calendar.periods(duty.local, first_day(duty.first_day, window), next, |first, from, until| {
            let work = (until - from.clamp(duty.alone_from, until.max(duty.alone_from))).max(0) as f64;
            *sums.entry(first).or_default() += work * duty.share();
        });
    }
    sums
}

fn first_day(day: Day, window: Window) -> Day {
    match window {
        Window::Week => day.monday(),
        Window::Month => day.first_of_month(),
        _ => day,
    }
}

fn next_day(first: Day, window: Window) -> Day {
    match window {
        Window::Week => first.plus(7),
        Window::Month => first.plus(31).first_of_month(),
        _ => first.plus(1),
    }
}

fn bounds(duties: &Duties<'_>, first: Day, window: Window) -> (i64, i64) {
    (duties.calendar.midnight(first), duties.calendar.midnight(next_day(first, window)))
}
