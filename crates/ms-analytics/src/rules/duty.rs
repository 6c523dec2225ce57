//! One employee's shifts, made ready for the checks.

use std::ops::Range;

use super::report::Unit;
use super::set::{Break, RuleSet};
use crate::calendar::{Calendar, Day, LocalShift, NightTime};
use crate::instant::Instant;

pub(super) const HOUR: f64 = 3_600_000_000.0;
const MINUTE: i64 = 60_000_000;

/// A shift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duty<'a> {
    pub(super) id: &'a str,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) local: LocalShift,
    pub(super) first_day: Day,
    /// The local day of its last microsecond.
    pub(super) last_day: Day,
    pub(super) is_night: bool,
    /// Microseconds of work, breaks taken off.
    pub(super) work: i64,
    /// From when on no earlier shift covers it; its end if one covers it all.
    pub(super) alone_from: i64,
}

/// The shifts of one employee by start, and what all of the roster have in common.
#[derive(Debug)]
pub(super) struct Duties<'a> {
    pub(super) list: Vec<Duty<'a>>,
    /// The latest end of each shift and those before it.
    latest_ends: Vec<i64>,
    pub(super) calendar: &'a Calendar,
    /// The first and the last local day of the roster.
    pub(super) roster: (Day, Day),
}

/// What breaks a rule.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) from: i64,
    pub(super) until: i64,
    /// What there is, what is the limit and in what unit; none if the rule has no number.
    pub(super) amount: Option<Amount>,
    pub(super) shifts: Shifts,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    pub(super) found: f64,
    pub(super) limit: f64,
    pub(super) is_minimum: bool,
    pub(super) unit: Unit,
}

/// Which shifts break it.
#[derive(Clone, Debug)]
pub(super) enum Shifts {
    /// These two.
    Two(usize, usize),
    /// Those of them that touch the time found.
    Touching,
}

impl Duty<'_> {
    /// The share of its time that is work.
    pub(super) fn share(&self) -> f64 {
        self.work as f64 / (self.end - self.start) as f64
    }

    /// Microseconds of work that no earlier shift covers.
    pub(super) fn work_alone(&self) -> f64 {
        (self.end - self.alone_from) as f64 * self.share()
    }
}

impl<'a> Duties<'a> {
    /// Takes start, end and id of each shift, by start.
    pub(super) fn new(
        rows: impl Iterator<Item = (i64, i64, &'a str)>,
        set: &RuleSet,
        night: NightTime,
        calendar: &'a Calendar,
        roster: (Day, Day),
    ) -> Self {
        let mut lookup = calendar.clone();
        let (mut list, mut latest_ends) = (Vec::new(), Vec::new());
        let mut latest = i64::MIN;
        for (start, end, id) in rows {
            let local = lookup.shift(Instant::from_microseconds(start), Instant::from_microseconds(end));
            let alone_from = latest.clamp(start, end);
            latest = latest.max(end);
            latest_ends.push(latest);
            list.push(Duty {
                id,
                start,
                end,
                local,
                first_day: local.first_day(),
                last_day: lookup.last_day(local),
                is_night: calendar.is_night_by(local, night),
                work: (end - start - unpaid(&set.unpaid_breaks, end - start)).max(0),
                alone_from,
            });
        }
        Self { list, latest_ends, calendar, roster }
    }

    /// Those that touch a stretch of time.
    pub(super) fn touching(&self, from: i64, until: i64) -> impl Iterator<Item = &Duty<'a>> {
        let first = self.latest_ends.partition_point(|end| *end <= from);
        let last = self.list.partition_point(|duty| duty.start < until);
        let range: Range<usize> = first..last;
        self.list.get(range).unwrap_or_default().iter().filter(move |duty| duty.end > from)
    }
}

fn unpaid(breaks: &[Break], length: i64) -> i64 {
    let applies = |one: &&Break| length as f64 > one.longer_than_hours * HOUR;
    let minutes = breaks.iter().filter(applies).map(|one| one.minutes).max().unwrap_or(0);
    i64::from(minutes).saturating_mul(MINUTE)
}

impl Found {
    pub(super) fn too_much(from: i64, until: i64, found: f64, limit: f64, unit: Unit) -> Self {
        let amount = Some(Amount { found, limit, is_minimum: false, unit });
        Self { from, until, amount, shifts: Shifts::Touching }
    }

    pub(super) fn too_little(from: i64, until: i64, found: f64, limit: f64, unit: Unit) -> Self {
        let amount = Some(Amount { found, limit, is_minimum: true, unit });
        Self { from, until, amount, shifts: Shifts::Touching }
    }

    pub(super) fn between(self, one: usize, other: usize) -> Self {
        Self { shifts: Shifts::Two(one, other), ..self }
    }
}
