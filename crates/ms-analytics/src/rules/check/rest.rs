//! Time between shifts.

use super::is_of;
use crate::calendar::Day;
use crate::rules::duty::{Duties, Found, HOUR, Shifts};
use crate::rules::report::Unit;
use crate::rules::set::{Compensation, ShiftKind};

const DAY_LENGTH: i64 = 24 * 3_600_000_000;

/// The time from the latest end so far to the next start, and the shifts around it.
#[derive(Clone, Copy, Debug)]
struct Gap {
    from: i64,
    until: i64,
    before: usize,
    after: usize,
}

impl Gap {
    fn hours(&self) -> f64 {
        (self.until - self.from) as f64 / HOUR
    }
}

/// Gaps in order of time, those of no length too.
fn gaps(duties: &Duties<'_>) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let mut latest: Option<(i64, usize)> = None;
    for (at, duty) in duties.list.iter().enumerate() {
        if let Some((end, before)) = latest
            && duty.start >= end
        {
            gaps.push(Gap { from: end, until: duty.start, before, after: at });
        }
        if latest.is_none_or(|(end, _)| duty.end > end) {
            latest = Some((duty.end, at));
        }
    }
    gaps
}

pub(super) fn between(
    duties: &Duties<'_>,
    min_hours: f64,
    after: ShiftKind,
    compensation: Option<Compensation>,
    each: &mut dyn FnMut(Found),
) {
    let gaps = gaps(duties);
    let mut made_good = MadeGood::new(&gaps, min_hours, compensation);
    for gap in &gaps {
        let is_meant = duties.list.get(gap.before).is_some_and(|duty| is_of(after, duty.is_night));
        if is_meant && gap.hours() < min_hours && !made_good.takes(gap) {
            let found = Found::too_little(gap.from, gap.until, gap.hours(), min_hours, Unit::Hours);
            each(found.between(gap.before, gap.after));
        }
    }
}

/// Rests longer than is due that still may make a shorter one good.
struct MadeGood {
    longer: Vec<Option<Gap>>,
    min_hours: f64,
    compensation: Option<Compensation>,
}

impl MadeGood {
    fn new(gaps: &[Gap], min_hours: f64, compensation: Option<Compensation>) -> Self {
        let longer = gaps.iter().filter(|gap| compensation.is_some() && gap.hours() > min_hours);
        Self { longer: longer.copied().map(Some).collect(), min_hours, compensation }
    }

    fn takes(&mut self, short: &Gap) -> bool {
        let Some(Compensation { not_under_hours, within_days }) = self.compensation else { return false };
        if short.hours() < not_under_hours {
            return false;
        }
        let (due, last) =
            (2.0 * self.min_hours - short.hours(), short.until + i64::from(within_days) * DAY_LENGTH);
        // Only rests behind the short one, and those soon enough.
        let first = self.longer.partition_point(|gap| gap.is_none_or(|gap| gap.from < short.until));
        let rest = self.longer.get_mut(first..).unwrap_or_default();
        let mut near = rest.iter_mut().take_while(|gap| gap.is_none_or(|gap| gap.from <= last));
        near.find(|gap| gap.is_some_and(|gap| gap.hours() >= due)).is_some_and(|found| found.take().is_some())
    }
}

pub(super) fn free_day(duties: &Duties<'_>, after: ShiftKind, each: &mut dyn FnMut(Found)) {
    let mut latest_end: Option<(Day, usize)> = None;
    for (at, duty) in duties.list.iter().enumerate() {
        if let Some((day, before)) = latest_end
            && duty.first_day <= day
            && duties.list.get(before).is_some_and(|night| duty.start >= night.end)
        {
            let from = duties.list.get(before).map_or(duty.start, |night| night.end);
            each(Found { from, until: duty.start, amount: None, shifts: Shifts::Two(before, at) });
        }
        if is_of(after, duty.is_night) && latest_end.is_none_or(|(day, _)| duty.last_day >= day) {
            latest_end = Some((duty.last_day, at));
        }
    }
}

pub(super) fn weekly(duties: &Duties<'_>, min_hours: f64, each: &mut dyn FnMut(Found)) {
    let mut mondays: Vec<_> = Vec::new();
    for duty in &duties.list {
        let (mut monday, last) = (duty.first_day.monday(), duty.last_day.monday());
        while monday <= last {
            mondays.push(monday);
            monday = monday.plus(7);
        }
    }
    mondays.sort_unstable();
    mondays.dedup();
    let mut rests: Vec<_> = gaps(duties).into_iter().map(|gap| (gap.from, gap.until)).collect();
    // Before the first shift and behind the last nobody works.
    rests.insert(0, (i64::MIN / 4, duties.list.first().map_or(0, |duty| duty.start)));
    rests.push((duties.list.iter().map(|duty| duty.end).max().unwrap_or(0), i64::MAX / 4));
    let min = min_hours * HOUR;
    let mut first = 0;
    for monday in mondays {
        let (from, until) = (duties.calendar.midnight(monday), duties.calendar.midnight(monday.plus(7)));
        while rests.get(first).is_some_and(|(_, end)| *end <= from) {
            first += 1;
        }
        let within = rests.iter().skip(first).take_while(|(begin, _)| *begin < until);
        let longest = within
            .map(|(begin, end)| {
                let begins_here = *begin >= from;
                if begins_here { end - begin } else { (*end).min(until) - from }
            })
            .max()
            .unwrap_or(0);
        if (longest as f64) < min {
            each(Found::too_little(from, until, longest as f64 / HOUR, min_hours, Unit::Hours));
        }
    }
}
