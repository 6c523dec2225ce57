//! Rest between shifts.

use super::names::Names;
use super::{Row, by_employee, hours, named};
use crate::report::RestReport;

const LIMIT_HOURS: i64 = 11;
const HOUR: i64 = 3_600_000_000;

/// Finds rest that is too short, in rows that are sorted by employee and start.
pub(super) fn find(rows: &[Row], employees: &Names) -> RestReport {
    let mut violations = vec![0_u64; employees.len()];
    let mut shortest = None::<i64>;
    for (employee, shifts) in by_employee(rows) {
        let mut latest_end = None;
        for shift in shifts {
            let (start, end) = (shift.start.as_microseconds(), shift.end.as_microseconds());
            if let Some(latest) = latest_end
                && start >= latest
            {
                let rest = start - latest;
                shortest = Some(shortest.map_or(rest, |known| known.min(rest)));
                if rest < LIMIT_HOURS * HOUR
                    && let Some(count) = violations.get_mut(employee as usize)
                {
                    *count += 1;
                }
            }
            latest_end = latest_end.max(Some(end));
        }
    }
    RestReport {
        limit_hours: LIMIT_HOURS as f64,
        violations: violations.iter().sum(),
        shortest_rest_hours: shortest.map(|rest| hours(i128::from(rest))),
        by_employee: named(employees, &violations),
    }
}
