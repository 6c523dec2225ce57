//! What a picture of the roster needs.

use super::Timetable;
use crate::calendar::Day;
use crate::instant::Instant;

/// Some days of a roster in a row.
#[derive(Debug)]
pub(crate) struct Drawn<'a> {
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// When each day begins, and its name as `03-02`.
    pub(crate) days: Vec<(i64, String)>,
    /// Employees by name, with their shifts in these days.
    pub(crate) rows: Vec<(&'a str, Vec<Bar<'a>>)>,
}

#[derive(Debug)]
pub(crate) struct Bar<'a> {
    pub(crate) department: &'a str,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) start_text: String,
    pub(crate) end_text: String,
    pub(crate) in_conflict: bool,
}

impl Timetable {
    /// The shifts that start in the busiest days in a row, so many or all: a slip of a year must not leave the picture
    /// empty.
    pub(crate) fn busiest_days(&self, most: i64) -> Drawn<'_> {
        let Some((first, last)) = self.days() else {
            return Drawn { from: 0, until: 0, days: Vec::new(), rows: Vec::new() };
        };
        let length = (first.days_until(last) + 1).min(most);
        let first = self.busiest(length).unwrap_or(first).min(last.plus(1 - length));
        let days: Vec<Day> = (0..length).map(|day| first.plus(day)).collect();
        let (from, until) = (self.calendar.midnight(first), self.calendar.midnight(first.plus(length)));
        Drawn {
            from,
            until,
            days: days.into_iter().map(|day| (self.calendar.midnight(day), day.month_and_day())).collect(),
            rows: self
                .sorted()
                .map(|(employee, slots)| (employee, self.bars(&slots, from, until)))
                .filter(|(_, bars)| !bars.is_empty())
                .collect(),
        }
    }

    /// The first of so many days in a row in which the most shifts start.
    fn busiest(&self, length: i64) -> Option<Day> {
        let mut calendar = self.calendar.clone();
        let mut days: Vec<_> = self
            .employees
            .values()
            .flatten()
            .map(|slot| {
                let (start, end) =
                    (Instant::from_microseconds(slot.start), Instant::from_microseconds(slot.end));
                calendar.shift(start, end).first_day()
            })
            .collect();
        days.sort_unstable();
        let within = |at: usize, day: Day| days.partition_point(|other| *other < day.plus(length)) - at;
        let counts = days.iter().enumerate().map(|(at, day)| (within(at, *day), *day));
        counts.max_by_key(|(count, day)| (*count, std::cmp::Reverse(*day))).map(|(_, day)| day)
    }

    fn bars<'a>(&self, slots: &[&'a super::Slot], from: i64, until: i64) -> Vec<Bar<'a>> {
        let mut latest = i64::MIN;
        let mut bars = Vec::new();
        for (at, slot) in slots.iter().enumerate().take_while(|(_, slot)| slot.start < until) {
            // Of those behind it the next starts first.
            let next_overlaps = slots.get(at + 1).is_some_and(|next| next.start < slot.end);
            if slot.start >= from {
                bars.push(Bar {
                    department: &slot.department,
                    start: slot.start,
                    end: slot.end,
                    start_text: self.calendar.text(slot.start),
                    end_text: self.calendar.text(slot.end),
                    in_conflict: latest > slot.start || next_overlaps,
                });
            }
            latest = latest.max(slot.end);
        }
        bars
    }
}
