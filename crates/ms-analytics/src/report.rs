//! What an analysis of shifts says.

use std::collections::BTreeMap;

use serde::Serialize;

/// The report over a roster. Its JSON has these fields as keys; names are sorted by code point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ShiftReport {
    /// Number of shifts.
    pub total_shifts: u64,
    /// Number of shifts of each department.
    pub shifts_per_department: BTreeMap<String, u64>,
    /// Mean of the durations in hours; `None` without shifts.
    pub avg_shift_duration: Option<f64>,
    /// Overlapping shifts of one employee.
    pub common_conflicts: Conflicts,
    /// Time between shifts.
    pub rest: RestReport,
    /// Employees' weeks of more than 48 hours.
    pub weekly_over_48: WeeklyHours,
    /// Shifts of which more than half lies between 20:00 and 06:00 local time.
    pub night_shifts: u64,
    /// Shifts that go on past a local midnight.
    pub crosses_midnight: u64,
    /// Number of different employees.
    pub employees: u64,
    /// The earliest start as the roster wrote it.
    pub first_start: Option<String>,
    /// The latest end as the roster wrote it.
    pub last_end: Option<String>,
}

/// Pairs of shifts of one employee that overlap by any time at all; one that starts as another ends does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Conflicts {
    /// Number of pairs.
    pub total_pairs: u64,
    /// Sum of the overlap of all pairs, in hours.
    pub total_overlap_hours: f64,
    /// Pairs by employee.
    pub by_employee: BTreeMap<String, u64>,
    /// Pairs by department; a pair counts once for each department in it.
    pub by_department: BTreeMap<String, u64>,
    /// Pairs by both departments, `A|B` with A before B by code point.
    pub by_department_pair: BTreeMap<String, u64>,
    /// Whether `by_department_pair` was left empty, since it could have grown to millions: only with more than 1,000
    /// departments and 20 million pairs. In JSON only if so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub department_pairs_left_out: bool,
}

/// Rest between the latest end so far and the next start of one employee.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RestReport {
    /// Rest shorter than this is a violation: 11 h, the daily rest of Directive 2003/88/EC, article 3.
    pub limit_hours: u32,
    /// Number of violations; an overlap is a conflict instead.
    pub violations: u64,
    /// The shortest rest, in hours; `None` if nobody has two shifts.
    pub shortest_rest_hours: Option<f64>,
    /// Violations by employee.
    pub by_employee: BTreeMap<String, u64>,
}

/// Hours of one employee in one ISO week of local time, overlaps counted twice.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct WeeklyHours {
    /// Weeks with more hours are listed: 48, the limit of Directive 2003/88/EC, article 6.
    pub limit_hours: f64,
    /// A shift counts wholly in the week in which it starts.
    pub by_start: OverLimit,
    /// A shift is cut at Monday 00:00.
    pub split: OverLimit,
}

/// The weeks above the limit.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OverLimit {
    /// Their number.
    pub employee_weeks: u64,
    /// Each of them by employee and week; `None` if there are more than 500.
    pub rows: Option<Vec<EmployeeWeek>>,
    /// The longest week of all, above the limit or not; `None` without shifts.
    pub max_hours: Option<f64>,
}

/// One employee's week.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct EmployeeWeek {
    /// Who.
    pub employee: String,
    /// The ISO 8601 week, as `2026-W09`.
    pub iso_week: String,
    /// Hours in it.
    pub hours: f64,
}
