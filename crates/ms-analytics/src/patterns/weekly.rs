//! Hours of each employee's weeks.

use super::hours;
use super::names::Names;
use crate::calendar::{Calendar, Day, LocalShift};
use crate::report::{EmployeeWeek, OverLimit, WeeklyHours};

const LIMIT_HOURS: u32 = 48;
const HOUR: u128 = 3_600_000_000;
const MOST_ROWS: usize = 500;

/// Finds long weeks, one employee after the other.
#[derive(Default)]
pub(super) struct Weekly {
    by_start: Weeks,
    split: Weeks,
}

impl Weekly {
    /// Adds a shift of the current employee; shifts come by start.
    pub(super) fn add(&mut self, shift: LocalShift, length: i64, calendar: &Calendar) {
        let monday = shift.first_day().monday();
        self.by_start.add(monday, length);
        calendar.weeks(shift, monday, |monday, part| self.split.add(monday, part));
    }

    /// Tells that the current employee has no more shifts.
    pub(super) fn close(&mut self, employee: u32) {
        self.by_start.close(employee);
        self.split.close(employee);
    }

    pub(super) fn report(self, employees: &Names) -> WeeklyHours {
        WeeklyHours {
            limit_hours: f64::from(LIMIT_HOURS),
            by_start: self.by_start.report(employees),
            split: self.split.report(employees),
        }
    }
}

#[derive(Default)]
struct Weeks {
    /// Microseconds of the current employee by the week's Monday, in order.
    current: Vec<(Day, u128)>,
    over: Vec<(u32, Day, u128)>,
    longest: Option<u128>,
}

impl Weeks {
    fn add(&mut self, monday: Day, microseconds: i64) {
        let microseconds = u128::from(microseconds.unsigned_abs());
        if let Some(week) = self.current.last_mut()
            && week.0 == monday
        {
            week.1 += microseconds;
            return;
        }
        // From the end: shifts come nearly in the order of their weeks.
        let place = self.current.iter().rposition(|week| week.0 <= monday);
        match place.and_then(|place| self.current.get_mut(place)).filter(|week| week.0 == monday) {
            Some(week) => week.1 += microseconds,
            None => self.current.insert(place.map_or(0, |place| place + 1), (monday, microseconds)),
        }
    }

    fn close(&mut self, employee: u32) {
        for (monday, microseconds) in self.current.drain(..) {
            self.longest = self.longest.max(Some(microseconds));
            if microseconds > u128::from(LIMIT_HOURS) * HOUR {
                self.over.push((employee, monday, microseconds));
            }
        }
    }

    fn report(self, employees: &Names) -> OverLimit {
        let employee_weeks = self.over.len();
        let rows = (employee_weeks <= MOST_ROWS).then(|| {
            let row = |(employee, monday, microseconds): (u32, Day, u128)| EmployeeWeek {
                employee: employees.name(employee).to_owned(),
                iso_week: monday.iso_week(),
                hours: hours(microseconds),
            };
            let mut rows: Vec<_> = self.over.into_iter().map(row).collect();
            rows.sort_by(|a, b| (&a.employee, &a.iso_week).cmp(&(&b.employee, &b.iso_week)));
            rows
        });
        OverLimit { employee_weeks: employee_weeks as u64, rows, max_hours: self.longest.map(hours) }
    }
}
