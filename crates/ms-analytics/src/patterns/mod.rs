//! Shifts into a report.

mod conflicts;
mod names;
mod rest;
mod row;
mod waiting;
mod weekly;

use std::collections::BTreeMap;

use self::names::Names;
use self::row::Row;
use self::waiting::Waiting;
use crate::calendar::{Calendar, UnknownTimeZone};
use crate::instant::Instant;
use crate::report::ShiftReport;
use crate::shift::{HOUR, Shift, ShiftRef};
use crate::sum::{ExactSum, ratio};

/// Collects shifts and makes a [`ShiftReport`] of them.
///
/// [`add`](Self::add) takes a shift at a time and [`merge`](Self::merge) puts two collections together, so a roster can
/// be split over threads or machines. Merging is associative and commutative and gives the same report as one pass,
/// to the last bit; of `first_start` and `last_end`, that which was added first is shown if several texts mean the
/// same instant.
///
/// Memory: 16 bytes a shift (up to half more while it grows), and each name once. Exact conflicts on an unsorted
/// roster need all intervals at once; nothing else is kept.
#[derive(Clone, Debug)]
pub struct ShiftAnalytics {
    calendar: Calendar,
    employees: Names,
    departments: Names,
    /// By employee.
    rows: Vec<Vec<Row>>,
    waiting: Waiting,
    per_department: Vec<u64>,
    durations: ExactSum,
    first_start: Option<(Instant, String)>,
    last_end: Option<(Instant, String)>,
}

impl Default for ShiftAnalytics {
    /// Weeks and nights are those of Europe/Istanbul.
    fn default() -> Self {
        Self::with(Calendar::istanbul())
    }
}

impl ShiftAnalytics {
    /// Starts empty, with the weeks and nights of an IANA time zone such as `Europe/Istanbul`.
    ///
    /// # Errors
    ///
    /// [`UnknownTimeZone`] if there is none of that name.
    pub fn in_time_zone(name: &str) -> Result<Self, UnknownTimeZone> {
        Calendar::new(name).map(Self::with)
    }

    /// Analyses a whole roster at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::{Shift, ShiftAnalytics};
    ///
    /// let shift = |id, start, end| Shift::new(id, "E1", "Acil Servis", start, end, None);
    /// let report = ShiftAnalytics::analyze_shift_patterns(&[
    ///     shift("1", "2026-03-02T20:00:00+03:00", "2026-03-03T08:00:00+03:00")?,
    ///     shift("2", "2026-03-03T16:00:00+03:00", "2026-03-03T20:00:00+03:00")?,
    /// ]);
    /// assert_eq!(report.avg_shift_duration, Some(8.0));
    /// assert_eq!(report.rest.violations, 1);
    /// # Ok::<(), ms_analytics::FieldFault>(())
    /// ```
    pub fn analyze_shift_patterns(shifts: &[Shift]) -> ShiftReport {
        let mut analytics = Self::default();
        shifts.iter().for_each(|shift| analytics.add(shift));
        analytics.finish()
    }

    /// Adds a shift; a `&Shift` or a [`ShiftRef`] as readers hand it out.
    pub fn add<'a>(&mut self, shift: impl Into<ShiftRef<'a>>) {
        let shift = shift.into();
        let department = self.departments.number(shift.department());
        count(&mut self.per_department, department, 1);
        self.durations.add(shift.duration_hours());
        if self.waiting.push(shift.employee(), Row::new(&shift, department)) {
            self.settle();
        }
        if self.first_start.as_ref().is_none_or(|(first, _)| shift.start() < *first) {
            keep(&mut self.first_start, shift.start(), shift.start_text());
        }
        if self.last_end.as_ref().is_none_or(|(last, _)| shift.end() > *last) {
            keep(&mut self.last_end, shift.end(), shift.end_text());
        }
    }

    /// Adds all shifts of another collection. The time zone of `self` stays.
    pub fn merge(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        let employees = self.employees.merge(&other.employees);
        let departments = self.departments.merge(&other.departments);
        for (department, shifts) in departments.iter().zip(&other.per_department) {
            count(&mut self.per_department, *department, *shifts);
        }
        self.rows.resize_with(self.employees.len(), Vec::new);
        for (employee, rows) in employees.into_iter().zip(other.rows) {
            let department =
                |row: Row| departments.get(row.department() as usize).copied().unwrap_or_default();
            if let Some(ours) = self.rows.get_mut(employee as usize) {
                ours.extend(rows.into_iter().map(|row| row.in_department(department(row))));
            }
        }
        self.durations.merge(other.durations);
        if let Some(other) = other.first_start
            && self.first_start.as_ref().is_none_or(|first| other.0 < first.0)
        {
            self.first_start = Some(other);
        }
        if let Some(other) = other.last_end
            && self.last_end.as_ref().is_none_or(|last| other.0 > last.0)
        {
            self.last_end = Some(other);
        }
    }

    /// Makes the report, in time proportional to n log n shifts however many of them overlap.
    ///
    /// Rosters of more than 1,000 departments and 20 million conflicts are the exception: see
    /// [`Conflicts::department_pairs_left_out`](crate::Conflicts::department_pairs_left_out).
    pub fn finish(mut self) -> ShiftReport {
        self.settle();
        let mut sweep = conflicts::Sweep::new(self.departments.len());
        let (mut rest, mut weekly) = (rest::Rest::default(), weekly::Weekly::default());
        let (mut night_shifts, mut crosses_midnight) = (0, 0);
        for (employee, rows) in (0..).zip(&mut self.rows) {
            rows.sort_unstable();
            for row in &*rows {
                let (start, end) = row.interval();
                let local = self.calendar.shift(start, end);
                night_shifts += u64::from(self.calendar.is_night(local));
                crosses_midnight += u64::from(self.calendar.crosses_midnight(local));
                weekly.add(local, row.length(), &self.calendar);
            }
            weekly.close(employee);
            rest.take(rows);
            sweep.take(rows);
        }
        let total = self.per_department.iter().sum();
        ShiftReport {
            total_shifts: total,
            shifts_per_department: named(&self.departments, &self.per_department),
            avg_shift_duration: (total > 0).then(|| self.durations.mean(total)),
            common_conflicts: sweep.report(&self.rows, &self.employees, &self.departments),
            rest: rest.report(&self.employees),
            weekly_over_48: weekly.report(&self.employees),
            night_shifts,
            crosses_midnight,
            employees: self.employees.len() as u64,
            first_start: self.first_start.map(|(_, text)| text),
            last_end: self.last_end.map(|(_, text)| text),
        }
    }

    fn settle(&mut self) {
        self.waiting.settle(&mut self.employees, &mut self.rows);
    }

    fn with(calendar: Calendar) -> Self {
        Self {
            calendar,
            employees: Names::default(),
            departments: Names::default(),
            rows: Vec::new(),
            waiting: Waiting::default(),
            per_department: Vec::new(),
            durations: ExactSum::default(),
            first_start: None,
            last_end: None,
        }
    }
}

/// Reuses the old text's memory: in a roster sorted by time every row ends last.
fn keep(kept: &mut Option<(Instant, String)>, instant: Instant, text: &str) {
    let (kept_instant, kept_text) = kept.get_or_insert_with(|| (instant, String::new()));
    *kept_instant = instant;
    kept_text.clear();
    kept_text.push_str(text);
}

/// Adds to the count of a number, of which there may be one more than before.
fn count(counts: &mut Vec<u64>, number: u32, by: u64) {
    let number = number as usize;
    if counts.len() <= number {
        counts.resize(number + 1, 0);
    }
    if let Some(count) = counts.get_mut(number) {
        *count += by;
    }
}

/// Counts by number into counts by name, leaving out what was not counted.
fn named(names: &Names, counts: &[u64]) -> BTreeMap<String, u64> {
    let counted = names.iter().zip(counts).filter(|(_, count)| **count > 0);
    counted.map(|(name, count)| (name.to_owned(), *count)).collect()
}

/// Microseconds as hours, rounded once.
fn hours(microseconds: u128) -> f64 {
    ratio(microseconds, u128::from(HOUR))
}
