//! Hours of each employee's weeks.

use super::names::{Names, NumberMap};
use super::{Row, by_employee, hours};
use crate::calendar::{Calendar, Day};
use crate::report::{EmployeeWeek, OverLimit, WeeklyHours};

const LIMIT_HOURS: i64 = 48;
const HOUR: i64 = 3_600_000_000;
const MOST_ROWS: usize = 500;

/// Finds long weeks in rows that are sorted by employee.
pub(super) fn find(rows: &[Row], employees: &Names, calendar: &Calendar) -> WeeklyHours {
    let (mut by_start, mut split) = (Weeks::default(), Weeks::default());
    for (employee, shifts) in by_employee(rows) {
        for shift in shifts {
            let local = calendar.shift(shift.start, shift.end);
            let elapsed = shift.end.as_microseconds() - shift.start.as_microseconds();
            by_start.add(local.first_day().monday(), elapsed);
            calendar.weeks(local, |monday, part| split.add(monday, part));
        }
        by_start.close(employee);
        split.close(employee);
    }
    WeeklyHours {
        limit_hours: LIMIT_HOURS as f64,
        by_start: by_start.report(employees),
        split: split.report(employees),
    }
}

#[derive(Default)]
struct Weeks {
    /// Microseconds of the current employee by the week's Monday.
    current: NumberMap<Day, i128>,
    over: Vec<(u32, Day, i128)>,
    longest: Option<i128>,
}

impl Weeks {
    fn add(&mut self, monday: Day, microseconds: i64) {
        *self.current.entry(monday).or_default() += i128::from(microseconds);
    }

    fn close(&mut self, employee: u32) {
        for (monday, microseconds) in self.current.drain() {
            self.longest = self.longest.max(Some(microseconds));
            if microseconds > i128::from(LIMIT_HOURS * HOUR) {
                self.over.push((employee, monday, microseconds));
            }
        }
    }

    fn report(self, employees: &Names) -> OverLimit {
        let employee_weeks = self.over.len();
        let rows = (employee_weeks <= MOST_ROWS).then(|| {
            let row = |(employee, monday, microseconds): (u32, Day, i128)| EmployeeWeek {
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
