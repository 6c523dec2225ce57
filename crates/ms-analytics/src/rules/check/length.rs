//! How long shifts are.

use super::{duties_of, is_of};
use crate::rules::duty::{Duties, Found, HOUR};
use crate::rules::report::Unit;
use crate::rules::set::ShiftKind;

pub(super) fn each_shift(duties: &Duties<'_>, max_hours: f64, of: ShiftKind, each: &mut dyn FnMut(Found)) {
    for (at, duty) in duties.list.iter().enumerate() {
        let hours = duty.work as f64 / HOUR;
        if is_of(of, duty.is_night) && hours > max_hours {
            each(Found::too_much(duty.start, duty.end, hours, max_hours, Unit::Hours).between(at, at));
        }
    }
}

pub(super) fn mean(duties: &Duties<'_>, max_hours: f64, of: ShiftKind, each: &mut dyn FnMut(Found)) {
    let (mut sum, mut count) = (0_i64, 0_u32);
    let mut span: Option<(i64, i64)> = None;
    for duty in duties_of(duties, of) {
        sum = sum.saturating_add(duty.work);
        count += 1;
        let (from, until) = span.unwrap_or((duty.start, duty.end));
        span = Some((from.min(duty.start), until.max(duty.end)));
    }
    let Some((from, until)) = span else { return };
    let hours = sum as f64 / HOUR / f64::from(count);
    if hours > max_hours {
        each(Found::too_much(from, until, hours, max_hours, Unit::HoursOnAverage));
    }
}
