//! Everything that is made of a roster in one pass.

use ms_analytics::load::{Holidays, LoadAnalytics, LoadReport};
use ms_analytics::rules::{RuleAnalytics, RuleReport};
use ms_analytics::timetable::{Conflict, CoverageReport, Staffing, Timetable};
use ms_analytics::{ShiftAnalytics, ShiftRef, ShiftReport};
use serde::Serialize;

/// Which reports are wanted beside that on shifts.
#[derive(Debug, Default)]
pub struct Wanted {
    pub rules: Option<RuleAnalytics>,
    pub load: bool,
    /// How many conflicts to list.
    pub conflicts: Option<usize>,
    pub staffing: Option<Staffing>,
    /// Keep each shift, to be drawn.
    pub timetable: bool,
}

/// What collects the shifts.
#[derive(Debug)]
pub struct Analyses {
    shifts: ShiftAnalytics,
    rules: Option<RuleAnalytics>,
    load: Option<LoadAnalytics>,
    timetable: Option<Timetable>,
    conflicts: Option<usize>,
    staffing: Option<Staffing>,
}

/// The report on shifts, and those that were asked for. In JSON the latter are further keys.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub shifts: ShiftReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<RuleReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load: Option<LoadReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<Conflict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<CoverageReport>,
    #[serde(skip)]
    pub timetable: Option<Timetable>,
}

impl Analyses {
    /// The time zone is a known one: the option's parser has looked.
    pub fn new(time_zone: &str, wanted: Wanted) -> Self {
        let needs_timetable = wanted.timetable || wanted.conflicts.is_some() || wanted.staffing.is_some();
        Self {
            shifts: ShiftAnalytics::in_time_zone(time_zone).unwrap_or_default(),
            rules: wanted.rules,
            load: wanted.load.then(|| LoadAnalytics::new(time_zone, Holidays::turkey()).unwrap_or_default()),
            timetable: needs_timetable.then(|| Timetable::in_time_zone(time_zone).unwrap_or_default()),
            conflicts: wanted.conflicts,
            staffing: wanted.staffing,
        }
    }

    pub fn add(&mut self, shift: ShiftRef<'_>) {
        self.shifts.add(shift);
        if let Some(rules) = &mut self.rules {
            rules.add(shift);
        }
        if let Some(load) = &mut self.load {
            load.add(shift);
        }
        if let Some(timetable) = &mut self.timetable {
            timetable.add(shift);
        }
    }

    pub fn finish(self) -> Report {
        let timetable = self.timetable;
        let conflicts = self.conflicts.zip(timetable.as_ref());
        let coverage = self.staffing.zip(timetable.as_ref());
        Report {
            shifts: self.shifts.finish(),
            rules: self.rules.map(RuleAnalytics::finish),
            load: self.load.map(LoadAnalytics::finish),
            conflicts: conflicts.map(|(limit, timetable)| timetable.conflicts(limit)),
            coverage: coverage.map(|(staffing, timetable)| timetable.coverage(&staffing)),
            timetable,
        }
    }
}
