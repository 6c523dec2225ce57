//! Overlapping shifts of one employee, counted by a sweep along time.
//!
//! The pairs are never listed: a start adds one pair for each shift then under way, by its department, and while k
//! shifts are under way the overlap grows k(k-1)/2 times as fast as the clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::names::{Names, NumberMap};
use super::{Row, by_employee, hours, named};
use crate::report::Conflicts;

/// Finds the conflicts of rows that are sorted by employee and start.
pub(super) fn find(rows: &[Row], employees: &Names, departments: &Names) -> Conflicts {
    let mut found = Found {
        by_employee: vec![0; employees.len()],
        by_department: vec![0; departments.len()],
        by_pair: NumberMap::default(),
        overlap: 0,
    };
    for (employee, shifts) in by_employee(rows) {
        let pairs = found.sweep(shifts);
        if let Some(count) = found.by_employee.get_mut(employee as usize) {
            *count += pairs;
        }
    }
    Conflicts {
        total_pairs: found.by_employee.iter().sum(),
        total_overlap_hours: hours(found.overlap),
        by_employee: named(employees, &found.by_employee),
        by_department: named(departments, &found.by_department),
        by_department_pair: found.pair_names(departments),
    }
}

struct Found {
    by_employee: Vec<u64>,
    by_department: Vec<u64>,
    by_pair: NumberMap<(u32, u32), u64>,
    /// Microseconds.
    overlap: i128,
}

/// The shifts under way at one instant.
#[derive(Default)]
struct UnderWay {
    ends: BinaryHeap<Reverse<(i64, u32)>>,
    by_department: NumberMap<u32, u64>,
    clock: i64,
}

impl UnderWay {
    /// Moves the clock on; returns the overlap in between.
    fn advance(&mut self, to: i64) -> i128 {
        let pairs = |count: usize| count as i128 * (count as i128 - 1) / 2;
        let mut overlap = 0;
        while let Some(Reverse((end, department))) = self.ends.peek().copied()
            && end <= to
        {
            overlap += pairs(self.ends.len()) * i128::from(end - self.clock);
            self.clock = end;
            self.ends.pop();
            if let Some(count) = self.by_department.get_mut(&department) {
                *count -= 1;
                if *count == 0 {
                    self.by_department.remove(&department);
                }
            }
        }
        if !self.ends.is_empty() {
            overlap += pairs(self.ends.len()) * i128::from(to - self.clock);
        }
        self.clock = to;
        overlap
    }
}

impl Found {
    /// Sweeps along the shifts of one employee; returns the number of pairs.
    fn sweep(&mut self, shifts: &[Row]) -> u64 {
        let mut now = UnderWay::default();
        let mut pairs = 0;
        for shift in shifts {
            self.overlap += now.advance(shift.start.as_microseconds());
            pairs += now.ends.len() as u64;
            for (department, count) in &now.by_department {
                let (low, high) = (shift.department.min(*department), shift.department.max(*department));
                *self.by_pair.entry((low, high)).or_default() += count;
                self.count_department(*department, *count);
                if *department != shift.department {
                    self.count_department(shift.department, *count);
                }
            }
            now.ends.push(Reverse((shift.end.as_microseconds(), shift.department)));
            *now.by_department.entry(shift.department).or_default() += 1;
        }
        self.overlap += now.advance(i64::MAX);
        pairs
    }

    fn count_department(&mut self, department: u32, pairs: u64) {
        if let Some(count) = self.by_department.get_mut(department as usize) {
            *count += pairs;
        }
    }

    fn pair_names(&self, departments: &Names) -> BTreeMap<String, u64> {
        let mut named = BTreeMap::new();
        for ((a, b), count) in &self.by_pair {
            let (a, b) = (departments.name(*a), departments.name(*b));
            let (first, second) = if a <= b { (a, b) } else { (b, a) };
            // Two pairs may have one name if a department's name holds a bar.
            *named.entry(format!("{first}|{second}")).or_default() += count;
        }
        named
    }
}
