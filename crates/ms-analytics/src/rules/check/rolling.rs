//! Windows that begin anywhere.

use super::{duties_of, exceeds};
use crate::rules::duty::{Duties, Found, HOUR};
use crate::rules::report::Unit;
use crate::rules::set::ShiftKind;

const DAY: i64 = 24 * 3_600_000_000;

/// A window with the most work begins with a shift or ends with one.
pub(super) fn hours(
    duties: &Duties<'_>,
    max_hours: f64,
    days: u32,
    of: ShiftKind,
    each: &mut dyn FnMut(Found),
) {
    let length = i64::from(days) * DAY;
    let work = Work::new(duties, of);
    let mut begins: Vec<_> =
        work.stretches.iter().flat_map(|stretch| [stretch.from, stretch.until - length]).collect();
    begins.sort_unstable();
    let mut found_until = i64::MIN;
    for begin in begins.into_iter().filter(|begin| *begin >= i64::MIN / 4) {
        if begin < found_until {
            continue;
        }
        let sum = work.before(begin + length) - work.before(begin);
        if exceeds(sum, max_hours) {
            found_until = begin + length;
            each(Found::too_much(begin, found_until, sum / HOUR, max_hours, Unit::Hours));
        }
    }
}

pub(super) fn count(duties: &Duties<'_>, max: u32, days: u32, of: ShiftKind, each: &mut dyn FnMut(Found)) {
    let length = i64::from(days) * DAY;
    let starts: Vec<_> = duties_of(duties, of).map(|duty| duty.start).collect();
    let mut found_until = i64::MIN;
    for (at, start) in starts.iter().enumerate().filter(|(_, start)| **start >= i64::MIN / 4) {
        if *start < found_until {
            continue;
        }
        let count = starts.partition_point(|other| *other < start + length) - at;
        if count > max as usize {
            found_until = start + length;
            each(Found::too_much(*start, found_until, count as f64, f64::from(max), Unit::Shifts));
        }
    }
}

/// Work of disjoint stretches of time, by time.
struct Work {
    stretches: Vec<Stretch>,
}

struct Stretch {
    from: i64,
    until: i64,
    share: f64,
    /// Work before this one.
    before: f64,
}

impl Work {
    fn new(duties: &Duties<'_>, of: ShiftKind) -> Self {
        let (mut stretches, mut before, mut latest) = (Vec::new(), 0.0, i64::MIN);
        for duty in duties_of(duties, of).filter(|duty| duty.alone_from < duty.end) {
            // What another kind of shift covers counts there.
            let from = duty.alone_from.max(latest);
            latest = duty.end;
            stretches.push(Stretch { from, until: duty.end, share: duty.share(), before });
            before += (duty.end - from) as f64 * duty.share();
        }
        Self { stretches }
    }

    /// Work before an instant.
    fn before(&self, instant: i64) -> f64 {
        let at = self.stretches.partition_point(|stretch| stretch.from < instant);
        let last = at.checked_sub(1).and_then(|last| self.stretches.get(last));
        last.map_or(0.0, |one| one.before + (instant.min(one.until) - one.from) as f64 * one.share)
    }
}
