//! Shifts into a report.

mod conflicts;
mod names;
mod rest;
mod weekly;

use std::collections::BTreeMap;

use self::names::Names;
use crate::calendar::{Calendar, UnknownTimeZone};
use crate::instant::Instant;
use crate::report::ShiftReport;
use crate::shift::Shift;
use crate::sum::ordered_sum;

const HOUR: f64 = 3_600_000_000.0;

/// Collects shifts and makes a [`ShiftReport`] of them.
///
/// [`add`](Self::add) takes a shift at a time and [`merge`](Self::merge) puts two collections together, so a roster can
/// be split over threads or machines. Merging is associative and commutative and gives the same report as one pass;
/// of `first_start` and `last_end`, that which was added first is shown if several texts mean the same instant.
///
/// Memory: 40 bytes a shift, and each name once.
#[derive(Clone, Debug)]
pub struct ShiftAnalytics {
    calendar: Calendar,
    employees: Names,
    departments: Names,
    rows: Vec<Row>,
    first_start: Option<(Instant, Box<str>)>,
    last_end: Option<(Instant, Box<str>)>,
}

/// What the analyses need of a shift.
#[derive(Clone, Copy, Debug)]
struct Row {
    employee: u32,
    department: u32,
    start: Instant,
    end: Instant,
    duration: f64,
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

    /// Adds a shift.
    pub fn add(&mut self, shift: &Shift) {
        let row = Row {
            employee: self.employees.number(shift.employee()),
            department: self.departments.number(shift.department()),
            start: shift.start(),
            end: shift.end(),
            duration: shift.duration_hours(),
        };
        self.rows.push(row);
        if self.first_start.as_ref().is_none_or(|(first, _)| shift.start() < *first) {
            self.first_start = Some((shift.start(), shift.start_text().into()));
        }
        if self.last_end.as_ref().is_none_or(|(last, _)| shift.end() > *last) {
            self.last_end = Some((shift.end(), shift.end_text().into()));
        }
    }

    /// Adds all shifts of another collection. The time zone of `self` stays.
    pub fn merge(&mut self, other: Self) {
        let employees = self.employees.merge(&other.employees);
        let departments = self.departments.merge(&other.departments);
        let renumbered = other.rows.iter().filter_map(|row| {
            let employee = *employees.get(row.employee as usize)?;
            let department = *departments.get(row.department as usize)?;
            Some(Row { employee, department, ..*row })
        });
        self.rows.extend(renumbered);
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

    /// Makes the report. Takes time in proportion to n log n shifts, however many of them overlap.
    pub fn finish(mut self) -> ShiftReport {
        self.rows.sort_unstable_by_key(|row| (row.employee, row.start, row.end));
        let (mut night_shifts, mut crosses_midnight) = (0, 0);
        let mut per_department = vec![0_u64; self.departments.len()];
        for row in &self.rows {
            let local = self.calendar.shift(row.start, row.end);
            night_shifts += u64::from(self.calendar.is_night(local));
            crosses_midnight += u64::from(self.calendar.crosses_midnight(local));
            if let Some(count) = per_department.get_mut(row.department as usize) {
                *count += 1;
            }
        }
        let total = self.rows.len();
        let durations = self.rows.iter().map(|row| row.duration).collect();
        let mean = (total > 0).then(|| ordered_sum(durations) / total as f64);
        ShiftReport {
            total_shifts: total as u64,
            shifts_per_department: named(&self.departments, &per_department),
            avg_shift_duration: mean,
            common_conflicts: conflicts::find(&self.rows, &self.employees, &self.departments),
            rest: rest::find(&self.rows, &self.employees),
            weekly_over_48: weekly::find(&self.rows, &self.employees, &self.calendar),
            night_shifts,
            crosses_midnight,
            employees: self.employees.len() as u64,
            first_start: self.first_start.map(|(_, text)| text.into()),
            last_end: self.last_end.map(|(_, text)| text.into()),
        }
    }

    fn with(calendar: Calendar) -> Self {
        Self {
            calendar,
            employees: Names::default(),
            departments: Names::default(),
            rows: Vec::new(),
            first_start: None,
            last_end: None,
        }
    }
}

/// The rows of each employee; `rows` are sorted by employee.
fn by_employee(rows: &[Row]) -> impl Iterator<Item = (u32, &[Row])> {
    let groups = rows.chunk_by(|a, b| a.employee == b.employee);
    groups.filter_map(|group| Some((group.first()?.employee, group)))
}

/// Counts by number into counts by name, leaving out what was not counted.
fn named(names: &Names, counts: &[u64]) -> BTreeMap<String, u64> {
    let counted = names.iter().zip(counts).filter(|(_, count)| **count > 0);
    counted.map(|(name, count)| (name.to_owned(), *count)).collect()
}

/// Microseconds as hours.
fn hours(microseconds: i128) -> f64 {
    microseconds as f64 / HOUR
}
