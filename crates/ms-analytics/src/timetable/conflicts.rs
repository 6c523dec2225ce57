//! Pairs of shifts that overlap.

use serde::Serialize;

use super::{Slot, Timetable};

const HOUR: f64 = 3_600_000_000.0;

/// Two shifts of one employee that overlap.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Conflict {
    /// Whose.
    pub employee: String,
    /// When the overlap begins.
    pub from: String,
    /// When it ends.
    pub until: String,
    /// How long it is.
    pub hours: f64,
    /// The ids of both shifts, the one that starts first before the other.
    pub shifts: [String; 2],
    /// The departments of both, in the same order.
    pub departments: [String; 2],
}

impl Timetable {
    /// Lists the first conflicts, by employee and time. [`ShiftReport`](crate::ShiftReport) counts all of them, so a
    /// limit loses no number; time is proportional to n log n and the limit.
    pub fn conflicts(&self, limit: usize) -> Vec<Conflict> {
        let mut found = Vec::new();
        for (employee, slots) in self.sorted() {
            // Those that have not ended yet.
            let mut open: Vec<&Slot> = Vec::new();
            for slot in slots {
                open.retain(|earlier| earlier.end > slot.start);
                for earlier in &open {
                    if found.len() >= limit {
                        return found;
                    }
                    found.push(self.conflict(employee, earlier, slot));
                }
                open.push(slot);
            }
        }
        found
    }

    fn conflict(&self, employee: &str, earlier: &Slot, later: &Slot) -> Conflict {
        let (from, until) = (later.start, later.end.min(earlier.end));
        Conflict {
            employee: employee.to_owned(),
            from: self.calendar.text(from),
            until: self.calendar.text(until),
            hours: (until - from) as f64 / HOUR,
            shifts: [&earlier.id, &later.id].map(|id| id.to_string()),
            departments: [&earlier.department, &later.department].map(|name| name.to_string()),
        }
    }
}
