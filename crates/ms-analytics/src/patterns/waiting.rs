//! Rows that wait to be put to their employees' others.
//!
//! What is known of an employee lies anywhere in megabytes, and each look costs as much as reading the whole row did.
//! A few hundred rows together can look at the same time: each step below is one load that waits for no other row.

use std::hint::black_box;

use super::names::{Names, hash};
use super::row::Row;

const BATCH: usize = 256;

#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    names: String,
    rows: Vec<One>,
}

#[derive(Clone, Copy, Debug)]
struct One {
    row: Row,
    /// Where its employee's name ends in `names`.
    end: usize,
    hash: u64,
    employee: u32,
    bounds: (usize, usize),
}

impl Waiting {
    /// Adds a row; true if it is time to [`settle`](Waiting::settle).
    pub(super) fn push(&mut self, employee: &str, row: Row) -> bool {
        self.names.push_str(employee);
        let end = self.names.len();
        self.rows.push(One { row, end, hash: hash(employee), employee: 0, bounds: (0, 0) });
        self.rows.len() >= BATCH
    }

    /// Puts all rows to those of their employees.
    pub(super) fn settle(&mut self, employees: &mut Names, rows: &mut Vec<Vec<Row>>) {
        for one in &mut self.rows {
            one.employee = employees.guess(one.hash);
        }
        for one in &mut self.rows {
            one.bounds = employees.bounds(one.employee);
        }
        let mut start = 0;
        for one in &mut self.rows {
            let name = self.names.get(start..one.end).unwrap_or_default();
            one.employee = employees.confirm(name, one.hash, one.employee, one.bounds);
            start = one.end;
        }
        rows.resize_with(employees.len(), Vec::new);
        for one in &self.rows {
            // Brings the place to write to into the cache.
            black_box(rows.get(one.employee as usize).and_then(|rows| rows.last()));
        }
        for one in &self.rows {
            if let Some(rows) = rows.get_mut(one.employee as usize) {
                if rows.len() == rows.capacity() {
                    // By half: doubling would leave a third of all memory unused.
                    rows.reserve_exact(rows.len() / 2 + 4);
                }
                rows.push(one.row);
            }
        }
        self.names.clear();
        self.rows.clear();
    }
}
