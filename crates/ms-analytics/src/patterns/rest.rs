//! Rest between shifts.

use super::row::Row;
use super::{hours, named};
use crate::patterns::names::Names;
use crate::report::RestReport;

const LIMIT_HOURS: u32 = 11;
const HOUR: i64 = 3_600_000_000;

/// Finds rest that is too short, one employee after the other.
#[derive(Default)]
pub(super) struct Rest {
    violations: Vec<u64>,
    shortest: Option<i64>,
}

impl Rest {
    /// Takes the next employee's rows, sorted by start.
    pub(super) fn take(&mut self, rows: &[Row]) {
        let (mut violations, mut latest_end) = (0, None::<i64>);
        for row in rows {
            if let Some(latest) = latest_end
                && row.start() >= latest
            {
                let rest = row.start() - latest;
                self.shortest = Some(self.shortest.map_or(rest, |known| known.min(rest)));
                violations += u64::from(rest < i64::from(LIMIT_HOURS) * HOUR);
            }
            latest_end = latest_end.max(Some(row.end()));
        }
        self.violations.push(violations);
    }

    pub(super) fn report(self, employees: &Names) -> RestReport {
        RestReport {
            limit_hours: LIMIT_HOURS,
            violations: self.violations.iter().sum(),
            shortest_rest_hours: self.shortest.map(|rest| hours(u128::from(rest.unsigned_abs()))),
            by_employee: named(employees, &self.violations),
        }
    }
}
