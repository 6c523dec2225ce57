//! What is said of the load.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fairness::Spread;

/// The load of a roster. Days and hours are local; names are sorted by code point.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LoadReport {
    /// How long shifts are.
    pub durations: Durations,
    /// By employee.
    pub by_employee: BTreeMap<String, Load>,
    /// By department.
    pub by_department: BTreeMap<String, Load>,
    /// By role, of the shifts that have one. In JSON only if some have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_role: BTreeMap<String, Load>,
    /// By ISO week of the start, as `2026-W09`.
    pub by_week: BTreeMap<String, Load>,
    /// By month of the start, as `2026-03`.
    pub by_month: BTreeMap<String, Load>,
    /// By weekday of the start, Monday first.
    pub by_weekday: [Load; 7],
    /// By hour of the start.
    pub by_hour: [Load; 24],
    /// Hours at work by weekday, Monday first, and hour of the day: two shifts at once count twice.
    pub heat_map: [[f64; 24]; 7],
    /// How evenly employees are loaded.
    pub fairness: Fairness,
}

/// Sums over some shifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Load {
    /// Number of shifts.
    pub shifts: u64,
    /// Hours elapsed in them.
    pub hours: f64,
    /// Shifts of which more than half lies between 20:00 and 06:00.
    pub night_shifts: u64,
    /// Shifts that start on a Saturday or Sunday.
    pub weekend_shifts: u64,
    /// Shifts that start on a public holiday.
    pub holiday_shifts: u64,
}

/// How long shifts are, in hours elapsed. Percentiles are numpy's default, linear.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Durations {
    /// The mean; this and the next five are `None` without shifts.
    pub mean: Option<f64>,
    /// The shortest.
    pub min: Option<f64>,
    /// The median.
    pub p50: Option<f64>,
    /// The 90th percentile.
    pub p90: Option<f64>,
    /// The 99th percentile.
    pub p99: Option<f64>,
    /// The longest.
    pub max: Option<f64>,
    /// Number of shifts by whole hours: 8 holds those from 8 to under 9 hours.
    pub histogram: BTreeMap<u64, u64>,
}

/// How evenly the employees of the roster are loaded. Somebody without any counts with 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Fairness {
    /// Hours.
    pub hours: Spread,
    /// Night shifts.
    pub nights: Spread,
    /// Weekend shifts.
    pub weekends: Spread,
    /// Shifts on public holidays.
    pub holidays: Spread,
}
