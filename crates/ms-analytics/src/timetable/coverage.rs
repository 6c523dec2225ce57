//! Enough people at any time, and not more than there are places.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Timetable;
use crate::calendar::Day;
use crate::instant::Instant;

const HOUR: f64 = 3_600_000_000.0;
const MINUTE: i64 = 60_000_000;
const LISTED: usize = 500;
/// Ten years. A slip of a century must not cost a million windows.
const MOST_DAYS: i64 = 3_660;

/// What a hospital asks of its departments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Staffing(Vec<Requirement>);

/// How many employees a department needs, or has room for, at some time of the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Requirement {
    /// Where.
    pub department: String,
    /// On which days, 1 for Monday to 7 for Sunday. Default all.
    #[serde(default = "all_week")]
    pub weekdays: Vec<u8>,
    /// Local time of day as `08:00`.
    pub from: String,
    /// Likewise; on the next day if it is not later than `from`.
    pub until: String,
    /// The fewest at any moment.
    #[serde(default)]
    pub at_least: Option<u32>,
    /// The most: the number of posts.
    #[serde(default)]
    pub at_most: Option<u32>,
}

/// Why a text is no list of requirements.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StaffingError {
    /// It is not JSON, or lacks something, or has something unknown.
    #[error("not a list of staffing requirements")]
    Json(#[from] serde_json::Error),
    /// A time of day or a weekday makes no sense.
    #[error("requirement {index}: times are such as 08:00, weekdays from 1 to 7")]
    Value {
        /// Its position, counted from 0.
        index: usize,
    },
}

/// Where and when there were too few or too many.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CoverageReport {
    /// Windows looked at: a requirement on a day.
    pub windows: u64,
    /// Windows with too few at some moment.
    pub short: u64,
    /// Windows with too many at some moment.
    pub over: u64,
    /// Hours that were missing, heads times time.
    pub short_hours: f64,
    /// Hours that were too many, likewise.
    pub over_hours: f64,
    /// The first 500 windows with too few or too many, by requirement and day.
    pub listed: Vec<CoverageGap>,
    /// Days behind the first 3,660 of the roster, which were not looked at.
    pub days_left_out: u64,
}

/// A window with too few or too many.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CoverageGap {
    /// Where.
    pub department: String,
    /// When the window begins.
    pub from: String,
    /// When it ends.
    pub until: String,
    /// The fewest who were there.
    pub fewest: u32,
    /// The most who were there.
    pub most: u32,
    /// Hours that were missing.
    pub short_hours: f64,
    /// Hours that were too many.
    pub over_hours: f64,
}

fn all_week() -> Vec<u8> {
    (1..=7).collect()
}

impl Staffing {
    /// Reads requirements from JSON: a list of objects.
    ///
    /// # Errors
    ///
    /// [`StaffingError`] says what is wrong; unknown keys are refused.
    ///
    /// # Examples
    ///
    /// ```
    /// use ms_analytics::timetable::Staffing;
    ///
    /// let staffing = Staffing::from_json(
    ///     r#"[{ "department": "Acil", "weekdays": [6, 7], "from": "20:00", "until": "08:00", "at_least": 2, "at_most": 4 }]"#,
    /// )?;
    /// # Ok::<(), ms_analytics::timetable::StaffingError>(())
    /// ```
    pub fn from_json(text: &str) -> Result<Self, StaffingError> {
        let staffing: Self = serde_json::from_str(text)?;
        let is_wrong = |requirement: &Requirement| {
            requirement.minutes().is_none() || requirement.weekdays.iter().any(|day| !(1..=7).contains(day))
        };
        match staffing.0.iter().position(is_wrong) {
            Some(index) => Err(StaffingError::Value { index }),
            None => Ok(staffing),
        }
    }
}

impl Requirement {
    fn minutes(&self) -> Option<(i64, i64)> {
        let night =
            crate::rules::Night { from: self.from.clone(), until: self.until.clone(), at_least_hours: None };
        night.minutes()
    }
}

/// How many are there from each instant on.
struct Presence(Vec<(i64, u32)>);

impl Timetable {
    /// Compares who is there with who is needed, on every day of the roster from its first to its last. Two shifts of one
    /// employee at once in one department count once.
    pub fn coverage(&self, staffing: &Staffing) -> CoverageReport {
        let mut report = CoverageReport::default();
        let Some((first, last)) = self.days() else { return report };
        let days = (first.days_until(last) + 1).min(MOST_DAYS);
        report.days_left_out = first.plus(days).days_until(last.plus(1)).unsigned_abs();
        let presence = self.presence();
        for requirement in &staffing.0 {
            let Some((from, until)) = requirement.minutes() else { continue };
            let there = presence.get(requirement.department.as_str());
            for day in (0..days).map(|day| first.plus(day)) {
                let weekday = u8::try_from(day.weekday() + 1).unwrap_or_default();
                if requirement.weekdays.contains(&weekday) {
                    let at = |minutes: i64| self.calendar.time(day, minutes * MINUTE);
                    self.take(&mut report, requirement, there, (at(from), at(until)));
                }
            }
        }
        report
    }

    fn take(
        &self,
        report: &mut CoverageReport,
        requirement: &Requirement,
        there: Option<&Presence>,
        (from, until): (i64, i64),
    ) {
        let (mut fewest, mut most, mut short, mut over) = (u32::MAX, 0, 0_i64, 0_i64);
        let mut each = |count: u32, length: i64| {
            (fewest, most) = (fewest.min(count), most.max(count));
            let missing = requirement.at_least.unwrap_or(0).saturating_sub(count);
            let extra = count.saturating_sub(requirement.at_most.unwrap_or(u32::MAX));
            short = short.saturating_add(i64::from(missing).saturating_mul(length));
            over = over.saturating_add(i64::from(extra).saturating_mul(length));
        };
        match there {
            Some(presence) => presence.within(from, until, &mut each),
            None => each(0, until - from),
        }
        report.windows += 1;
        report.short += u64::from(short > 0);
        report.over += u64::from(over > 0);
        let (short_hours, over_hours) = (short as f64 / HOUR, over as f64 / HOUR);
        report.short_hours += short_hours;
        report.over_hours += over_hours;
        if (short > 0 || over > 0) && report.listed.len() < LISTED {
            report.listed.push(CoverageGap {
                department: requirement.department.clone(),
                from: self.calendar.text(from),
                until: self.calendar.text(until),
                fewest,
                most,
                short_hours,
                over_hours,
            });
        }
    }

    pub(super) fn days(&self) -> Option<(Day, Day)> {
        let slots = || self.employees.values().flatten();
        let (start, end) = (slots().map(|slot| slot.start).min()?, slots().map(|slot| slot.end).max()?);
        let mut calendar = self.calendar.clone();
        let whole = calendar.shift(Instant::from_microseconds(start), Instant::from_microseconds(end));
        Some((whole.first_day(), calendar.last_day(whole)))
    }

    fn presence(&self) -> BTreeMap<&str, Presence> {
        let mut changes: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
        for (_, slots) in self.sorted() {
            let mut latest: BTreeMap<&str, i64> = BTreeMap::new();
            for slot in slots {
                let covered = latest.entry(&slot.department).or_insert(i64::MIN);
                let from = slot.start.max(*covered);
                if from < slot.end {
                    let changes = changes.entry(&slot.department).or_default();
                    changes.extend([(from, 1), (slot.end, -1)]);
                    *covered = slot.end;
                }
            }
        }
        changes.into_iter().map(|(department, changes)| (department, Presence::of(changes))).collect()
    }
}

impl Presence {
    fn of(mut changes: Vec<(i64, i64)>) -> Self {
        changes.sort_unstable();
        let mut counts: Vec<(i64, u32)> = Vec::new();
        let mut count = 0_i64;
        for (instant, change) in changes {
            count += change;
            let there = u32::try_from(count).unwrap_or_default();
            match counts.last_mut() {
                Some((last, known)) if *last == instant => *known = there,
                _ => counts.push((instant, there)),
            }
        }
        Self(counts)
    }

    /// Calls `each` with every number of people and how long they were that many.
    fn within(&self, from: i64, until: i64, each: &mut impl FnMut(u32, i64)) {
        let next = self.0.partition_point(|(instant, _)| *instant <= from);
        let mut count = next.checked_sub(1).and_then(|at| self.0.get(at)).map_or(0, |(_, count)| *count);
        let mut since = from;
        for (instant, then) in self.0.iter().skip(next).take_while(|(instant, _)| *instant < until) {
            each(count, instant - since);
            (since, count) = (*instant, *then);
        }
        if since < until {
            each(count, until - since);
        }
    }
}
