//! One kind of rule a file.

mod calendar_windows;
mod length;
mod rest;
mod rolling;
mod runs;
mod weekends;

use super::duty::{Duties, Duty, Found, HOUR};
use super::set::{Check, ShiftKind, Window};

/// Calls `each` with what breaks the rule, in order of time.
pub(super) fn check(check: &Check, duties: &Duties<'_>, each: &mut dyn FnMut(Found)) {
    match check {
        Check::Rest { min_hours, after, compensation } => {
            rest::between(duties, *min_hours, *after, *compensation, each);
        }
        Check::FreeDayAfter { after } => rest::free_day(duties, *after, each),
        Check::WeeklyRest { min_hours } => rest::weekly(duties, *min_hours, each),
        Check::Hours { max_hours, window, of } => match window {
            Window::RollingDays(days) => rolling::hours(duties, *max_hours, *days, *of, each),
            Window::AverageWeeks(weeks) => calendar_windows::average(duties, *max_hours, *weeks, *of, each),
            Window::Day | Window::Week | Window::Month => {
                calendar_windows::hours(duties, *max_hours, *window, *of, each);
            }
        },
        Check::Count { max, window, of } => match window {
            Window::RollingDays(days) => rolling::count(duties, *max, *days, *of, each),
            Window::AverageWeeks(weeks) => rolling::count(duties, *max, weeks * 7, *of, each),
            Window::Day | Window::Week | Window::Month => {
                calendar_windows::count(duties, *max, *window, *of, each);
            }
        },
        Check::ShiftLength { max_hours, of } => length::each_shift(duties, *max_hours, *of, each),
        Check::MeanShiftLength { max_hours, of } => length::mean(duties, *max_hours, *of, each),
        Check::Run { of, min, max } => runs::runs(duties, *of, *min, *max, each),
        Check::Weekend(weekend) => weekends::weekends(duties, *weekend, each),
    }
}

/// Sums of work differ from the exact ones by less microseconds: breaks are taken off in proportion where a shift is cut.
const TOLERANCE: f64 = 1.0;

/// Tells whether microseconds of work are more than so many hours.
fn exceeds(work: f64, max_hours: f64) -> bool {
    work > max_hours * HOUR + TOLERANCE
}

fn duties_of<'d, 'a>(duties: &'d Duties<'a>, kind: ShiftKind) -> impl Iterator<Item = &'d Duty<'a>> {
    duties.list.iter().filter(move |duty| is_of(kind, duty.is_night))
}

fn is_of(kind: ShiftKind, is_night: bool) -> bool {
    match kind {
        ShiftKind::Any => true,
        ShiftKind::Night => is_night,
        ShiftKind::Day => !is_night,
    }
}
