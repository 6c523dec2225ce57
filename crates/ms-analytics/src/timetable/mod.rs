//! Single shifts: which ones are in conflict, and whether there are enough at any time.
//!
//! The other analyses give counts; a [`Timetable`] keeps every shift with its id, so that they can be named and drawn.

mod conflicts;
mod coverage;
#[cfg(feature = "chart")]
mod drawing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::conflicts::Conflict;
pub use self::coverage::{CoverageGap, CoverageReport, Requirement, Staffing, StaffingError};
use crate::calendar::{Calendar, UnknownTimeZone};
use crate::shift::ShiftRef;

/// All shifts of a roster.
///
/// Parts may be added and merged in any order. Memory is some 60 bytes a shift and its id.
///
/// # Examples
///
/// ```
/// use ms_analytics::Shift;
/// use ms_analytics::timetable::Timetable;
///
/// let mut timetable = Timetable::default();
/// let shift = |id, place, start, end| Shift::new(id, "Ayşe", place, start, end, None);
/// timetable.add(&shift("1", "Acil", "2026-03-02T08:00:00+03:00", "2026-03-02T16:00:00+03:00")?);
/// timetable.add(&shift("2", "Yoğun Bakım", "2026-03-02T12:00:00+03:00", "2026-03-02T20:00:00+03:00")?);
/// let conflicts = timetable.conflicts(100);
/// assert_eq!(conflicts[0].shifts, ["1", "2"]);
/// assert_eq!((conflicts[0].from.as_str(), conflicts[0].hours), ("2026-03-02T12:00:00+03:00", 4.0));
/// # Ok::<(), ms_analytics::FieldFault>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timetable {
    calendar: Calendar,
    departments: BTreeSet<Arc<str>>,
    employees: BTreeMap<Box<str>, Vec<Slot>>,
}

/// By start, then end, then id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    start: i64,
    end: i64,
    id: Box<str>,
    department: Arc<str>,
}

impl Default for Timetable {
    /// Times are those of Europe/Istanbul.
    fn default() -> Self {
        Self::with(Calendar::istanbul())
    }
}

impl Timetable {
    /// Starts empty, with the times of an IANA time zone.
    ///
    /// # Errors
    ///
    /// [`UnknownTimeZone`] if there is none of that name.
    pub fn in_time_zone(name: &str) -> Result<Self, UnknownTimeZone> {
        Calendar::new(name).map(Self::with)
    }

    fn with(calendar: Calendar) -> Self {
        Self { calendar, departments: BTreeSet::new(), employees: BTreeMap::new() }
    }

    /// Adds a shift.
    pub fn add<'a>(&mut self, shift: impl Into<ShiftRef<'a>>) {
        let shift = shift.into();
        let slot = Slot {
            start: shift.start().as_microseconds(),
            end: shift.end().as_microseconds(),
            id: shift.id().into(),
            department: self.department(shift.department()),
        };
        self.push(shift.employee(), slot);
    }

    /// Adds all shifts of another timetable. The time zone of `self` stays.
    pub fn merge(&mut self, other: Self) {
        for (employee, slots) in other.employees {
            for slot in slots {
                let department = self.department(&slot.department);
                self.push(&employee, Slot { department, ..slot });
            }
        }
    }

    fn push(&mut self, employee: &str, slot: Slot) {
        match self.employees.get_mut(employee) {
            Some(slots) => slots.push(slot),
            None => drop(self.employees.insert(employee.into(), vec![slot])),
        }
    }

    fn department(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.departments.get(name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.departments.insert(Arc::clone(&new));
        new
    }

    /// Each employee's shifts by start.
    fn sorted(&self) -> impl Iterator<Item = (&str, Vec<&Slot>)> {
        self.employees.iter().map(|(employee, slots)| {
            let mut slots: Vec<_> = slots.iter().collect();
            slots.sort_unstable();
            (&**employee, slots)
        })
    }
}
