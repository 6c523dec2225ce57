//! Overlapping shifts of one employee, counted by a sweep along time.
//!
//! The pairs are never listed: a start adds one pair for each shift then under way, and while k shifts are under way
//! the overlap grows k(k-1)/2 times as fast as the clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::names::{Names, NumberMap};
use super::row::Row;
use super::{hours, named};
use crate::report::Conflicts;

/// With more pairs than this, and more departments than [`MANY_DEPARTMENTS`], pairs of departments are not told
/// apart: there could be as many as pairs of shifts.
const MANY_PAIRS: u64 = 20_000_000;
const MANY_DEPARTMENTS: usize = 1000;

/// Counts conflicts, one employee after the other.
pub(super) struct Sweep {
    by_employee: Vec<u64>,
    by_department: Vec<u64>,
    /// Microseconds.
    overlap: u128,
    now: UnderWay,
}

/// The shifts under way at one instant.
#[derive(Default)]
struct UnderWay {
    ends: BinaryHeap<Reverse<(i64, u32)>>,
    by_department: Vec<u64>,
    clock: i64,
}

impl Sweep {
    pub(super) fn new(departments: usize) -> Self {
        Self {
            by_employee: Vec::new(),
            by_department: vec![0; departments],
            overlap: 0,
            now: UnderWay { by_department: vec![0; departments], ..UnderWay::default() },
        }
    }

    /// Takes the next employee's rows, sorted by start.
    pub(super) fn take(&mut self, rows: &[Row]) {
        let mut pairs = 0;
        // Most people have no conflict at all, and then there is nothing to keep.
        if overlap(rows) {
            for (index, row) in rows.iter().enumerate() {
                self.overlap += self.now.advance(row.start());
                if self.now.ends.is_empty() && is_alone(*row, rows.get(index + 1)) {
                    continue;
                }
                let before = self.now.ends.len() as u64;
                let same = self.now.start(*row);
                let later = rows.get(index + 1..).unwrap_or_default();
                let after = later.partition_point(|other| other.start() < row.end()) as u64;
                pairs += before;
                // Each pair within the department is met from both its shifts.
                if let Some(count) = self.by_department.get_mut(row.department() as usize) {
                    *count = count.saturating_add(before + after - same);
                }
            }
            self.overlap += self.now.advance(i64::MAX);
        }
        self.by_employee.push(pairs);
    }

    /// Reports over the rows that were taken, employee by employee.
    pub(super) fn report(self, rows: &[Vec<Row>], employees: &Names, departments: &Names) -> Conflicts {
        let total_pairs = self.by_employee.iter().sum();
        let are_named = total_pairs <= MANY_PAIRS || departments.len() <= MANY_DEPARTMENTS;
        let conflicting = rows.iter().zip(&self.by_employee).filter(|(_, pairs)| **pairs > 0);
        let by_department_pair = match are_named {
            true => name_pairs(conflicting.map(|(rows, _)| rows.as_slice()), departments),
            false => BTreeMap::new(),
        };
        Conflicts {
            total_pairs,
            total_overlap_hours: hours(self.overlap),
            by_employee: named(employees, &self.by_employee),
            by_department: named(departments, &self.by_department),
            by_department_pair,
            department_pairs_left_out: !are_named,
        }
    }
}

fn overlap(rows: &[Row]) -> bool {
    // Sorted by start: some pair overlaps only if some neighbours do.
    rows.array_windows().any(|[one, next]| next.start() < one.end())
}

/// Tells that a shift with none before it under way has no conflict at all.
fn is_alone(row: Row, next: Option<&Row>) -> bool {
    next.is_none_or(|next| next.start() >= row.end())
}

impl UnderWay {
    /// Puts a shift under way; returns how many of its department are already.
    fn start(&mut self, row: Row) -> u64 {
        self.ends.push(Reverse((row.end(), row.department())));
        let Some(count) = self.by_department.get_mut(row.department() as usize) else { return 0 };
        *count += 1;
        *count - 1
    }

    /// Moves the clock on; returns the overlap in between.
    fn advance(&mut self, to: i64) -> u128 {
        let mut overlap = 0;
        while let Some(Reverse((end, department))) = self.ends.peek().copied()
            && end <= to
        {
            overlap += self.pass(end);
            self.ends.pop();
            if let Some(count) = self.by_department.get_mut(department as usize) {
                *count -= 1;
            }
        }
        if !self.ends.is_empty() {
            overlap += self.pass(to);
        }
        self.clock = to;
        overlap
    }

    fn pass(&mut self, to: i64) -> u128 {
        let count = self.ends.len() as u128;
        let passed = u128::from(to.abs_diff(self.clock));
        self.clock = to;
        // One shift alone makes no pair, whatever time has passed since the clock last stood.
        (count * count.saturating_sub(1) / 2).saturating_mul(if count > 1 { passed } else { 0 })
    }
}

/// Counts pairs of departments.
fn name_pairs<'a>(employees: impl Iterator<Item = &'a [Row]>, departments: &Names) -> BTreeMap<String, u64> {
    let mut by_pair = NumberMap::<(u32, u32), u64>::default();
    for rows in employees {
        let mut ends = BinaryHeap::<Reverse<(i64, u32)>>::new();
        let mut under_way = NumberMap::<u32, u64>::default();
        for (index, row) in rows.iter().enumerate() {
            while let Some(Reverse((end, department))) = ends.peek().copied()
                && end <= row.start()
            {
                ends.pop();
                if let Some(count) = under_way.get_mut(&department) {
                    *count -= 1;
                    if *count == 0 {
                        under_way.remove(&department);
                    }
                }
            }
            if ends.is_empty() && is_alone(*row, rows.get(index + 1)) {
                continue;
            }
            let this = row.department();
            for (other, count) in &under_way {
                *by_pair.entry((this.min(*other), this.max(*other))).or_default() += count;
            }
            ends.push(Reverse((row.end(), this)));
            *under_way.entry(this).or_default() += 1;
        }
    }
    let mut named = BTreeMap::new();
    for ((a, b), count) in by_pair {
        let (a, b) = (departments.name(a), departments.name(b));
        let (first, second) = if a <= b { (a, b) } else { (b, a) };
        // Two pairs may have one name if a department's name holds a bar.
        *named.entry(format!("{first}|{second}")).or_default() += count;
    }
    named
}
