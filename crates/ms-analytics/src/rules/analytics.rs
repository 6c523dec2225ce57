//! Shifts into a report on rules.

use std::collections::BTreeMap;

use super::check;
use super::duty::{Duties, Found, Shifts};
use super::report::{RuleReport, RuleResult, Violation};
use super::set::RuleSet;
use crate::calendar::{Calendar, Day, NightTime, UnknownTimeZone};
use crate::instant::Instant;
use crate::shift::ShiftRef;

/// Violations of one rule that are listed; all are counted.
const LISTED: usize = 500;
const LISTED_SHIFTS: usize = 50;
const MINUTE: i64 = 60_000_000;

/// Collects shifts and tells which rules they break.
///
/// Parts may be added and merged in any order, over threads, files or machines: the report is the same. Memory is some
/// 50 bytes a shift and its id, as violations name the shifts.
#[derive(Clone, Debug)]
pub struct RuleAnalytics {
    set: RuleSet,
    calendar: Calendar,
    employees: BTreeMap<Box<str>, Vec<Row>>,
}

/// By start, then end, then id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    start: i64,
    end: i64,
    id: Box<str>,
}

impl RuleAnalytics {
    /// Starts empty; days, weeks and nights are those of Europe/Istanbul.
    pub fn new(set: RuleSet) -> Self {
        Self { set, calendar: Calendar::istanbul(), employees: BTreeMap::new() }
    }

    /// Starts empty, with the days, weeks and nights of an IANA time zone.
    ///
    /// # Errors
    ///
    /// [`UnknownTimeZone`] if there is none of that name.
    pub fn in_time_zone(set: RuleSet, name: &str) -> Result<Self, UnknownTimeZone> {
        Ok(Self { set, calendar: Calendar::new(name)?, employees: BTreeMap::new() })
    }

    /// Adds a shift.
    pub fn add<'a>(&mut self, shift: impl Into<ShiftRef<'a>>) {
        let shift = shift.into();
        let row = Row {
            start: shift.start().as_microseconds(),
            end: shift.end().as_microseconds(),
            id: shift.id().into(),
        };
        match self.employees.get_mut(shift.employee()) {
            Some(rows) => rows.push(row),
            None => drop(self.employees.insert(shift.employee().into(), vec![row])),
        }
    }

    /// Adds all shifts of another collection. The rules and the time zone of `self` stay.
    pub fn merge(&mut self, other: Self) {
        for (employee, rows) in other.employees {
            self.employees.entry(employee).or_default().extend(rows);
        }
    }

    /// Makes the report, in time proportional to n log n shifts and the rules.
    pub fn finish(mut self) -> RuleReport {
        self.employees.values_mut().for_each(|rows| rows.sort_unstable());
        let mut results: Vec<_> = self.set.rules.iter().map(empty_result).collect();
        if let Some(roster) = self.roster() {
            let night = self.night();
            for (employee, rows) in &self.employees {
                let rows = rows.iter().map(|row| (row.start, row.end, &*row.id));
                let duties = Duties::new(rows, &self.set, night, &self.calendar, roster);
                for (rule, result) in self.set.rules.iter().zip(&mut results) {
                    check::check(&rule.check, &duties, &mut |found| take(result, employee, &duties, &found));
                }
            }
        }
        let RuleSet { name, read_on, note, .. } = self.set;
        RuleReport { name, read_on, note, rules: results }
    }

    /// The first and the last local day.
    fn roster(&self) -> Option<(Day, Day)> {
        let rows = || self.employees.values().flatten();
        let (start, end) = (rows().map(|row| row.start).min()?, rows().map(|row| row.end).max()?);
        let mut calendar = self.calendar.clone();
        let whole = calendar.shift(Instant::from_microseconds(start), Instant::from_microseconds(end));
        Some((whole.first_day(), calendar.last_day(whole)))
    }

    fn night(&self) -> NightTime {
        // A set that was read has times of day; one that was put together by hand may not.
        let (from, until) = self.set.night.minutes().unwrap_or((20 * 60, 30 * 60));
        let at_least = self.set.night.at_least_hours.map(|hours| (hours * 3.6e9) as i64);
        NightTime { from: from * MINUTE, until: until * MINUTE, at_least }
    }
}

fn empty_result(rule: &super::Rule) -> RuleResult {
    RuleResult {
        id: rule.id.clone(),
        article: rule.article.clone(),
        text: rule.text.clone(),
        violations: 0,
        by_employee: BTreeMap::new(),
        listed: Vec::new(),
    }
}

fn take(result: &mut RuleResult, employee: &str, duties: &Duties<'_>, found: &Found) {
    result.violations += 1;
    match result.by_employee.get_mut(employee) {
        Some(count) => *count += 1,
        None => drop(result.by_employee.insert(employee.to_owned(), 1)),
    }
    if result.listed.len() >= LISTED {
        return;
    }
    let shifts = match found.shifts {
        Shifts::Two(one, other) => {
            let both = [Some(one), Some(other).filter(|other| *other != one)];
            let ids = both.into_iter().flatten().filter_map(|at| duties.list.get(at));
            ids.map(|duty| duty.id.to_owned()).collect()
        }
        Shifts::Touching => {
            let touching = duties.touching(found.from, found.until).take(LISTED_SHIFTS);
            touching.map(|duty| duty.id.to_owned()).collect()
        }
    };
    result.listed.push(Violation {
        employee: employee.to_owned(),
        from: duties.calendar.text(found.from),
        until: duties.calendar.text(found.until),
        found: found.amount.map(|amount| amount.found),
        limit: found.amount.map(|amount| amount.limit),
        is_minimum: found.amount.is_some_and(|amount| amount.is_minimum),
        unit: found.amount.map(|amount| amount.unit),
        shifts,
    });
}
