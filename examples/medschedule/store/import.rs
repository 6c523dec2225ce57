//! Many shifts in one transaction.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{COLUMNS, StoreError, StoredShift};

/// Rows of one statement: 8 parameters each, far below the 32,766 that SQLite allows.
const ROWS: usize = 256;

/// An import under way; dropped without [`Import::finish`], it keeps nothing.
#[derive(Debug)]
pub struct Import {
    transaction: sqlx::Transaction<'static, sqlx::Any>,
    last_before: i64,
    by_department: BTreeMap<String, u64>,
}

/// What an import added.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// Shifts kept, by department.
    pub by_department: BTreeMap<String, u64>,
    /// Pairs of overlapping shifts of one employee with at least one of them new.
    pub conflicts: u64,
}

impl Imported {
    /// Counts the shifts kept.
    pub fn accepted(&self) -> u64 {
        self.by_department.values().sum()
    }
}

impl Import {
    pub(super) async fn begin(
        mut transaction: sqlx::Transaction<'static, sqlx::Any>,
    ) -> Result<Self, StoreError> {
        let row = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS last FROM shifts")
            .fetch_one(&mut *transaction)
            .await?;
        Ok(Self { transaction, last_before: row.try_get("last")?, by_department: BTreeMap::new() })
    }

    /// Adds shifts; returns the positions of those whose id is taken.
    pub async fn add(&mut self, shifts: &[StoredShift]) -> Result<Vec<usize>, StoreError> {
        let mut taken = Vec::new();
        for (chunk_number, chunk) in shifts.chunks(ROWS).enumerate() {
            let mut kept = insert(&mut self.transaction, chunk).await?;
            for (position, shift) in chunk.iter().enumerate() {
                // Each id is taken out once, so that its second row in one chunk counts as taken.
                if kept.remove(&shift.id) {
                    *self.by_department.entry(shift.department.clone()).or_default() += 1;
                } else {
                    taken.push(chunk_number * ROWS + position);
                }
            }
        }
        Ok(taken)
    }

    /// Counts the new conflicts and keeps everything.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ends, it keeps nothing or everything.
    pub async fn finish(mut self) -> Result<Imported, StoreError> {
        // Either row of a pair may start first; `a` does, or is older where both start together.
        let sql = "SELECT COUNT(*) AS pairs FROM shifts b JOIN shifts a ON a.employee = b.employee \
             AND a.start_us < b.end_us AND b.start_us < a.end_us AND a.seq < b.seq WHERE b.seq > $1";
        let row = sqlx::query(sql).bind(self.last_before).fetch_one(&mut *self.transaction).await?;
        let pairs: i64 = row.try_get("pairs")?;
        self.transaction.commit().await?;
        Ok(Imported { by_department: self.by_department, conflicts: pairs.unsigned_abs() })
    }
}

/// Inserts shifts and returns the ids that were free.
pub(super) async fn insert(
    connection: &mut AnyConnection,
    shifts: &[StoredShift],
) -> Result<HashSet<String>, sqlx::Error> {
    if shifts.is_empty() {
        return Ok(HashSet::new());
    }
    // Only the number of rows varies: the values are all bound.
    let mut query = sqlx::query(AssertSqlSafe(statement(shifts.len())));
    for shift in shifts {
        query = query
            .bind(shift.id.clone())
            .bind(shift.employee.clone())
            .bind(shift.department.clone())
            .bind(shift.start.clone())
            .bind(shift.end.clone())
            .bind(shift.start_us)
            .bind(shift.end_us)
            .bind(shift.duration);
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

fn statement(rows: usize) -> String {
    let mut sql = format!("INSERT INTO shifts ({COLUMNS}) VALUES ");
    for row in 0..rows {
        let first = row * 8;
        sql.push_str(if row == 0 { "(" } else { ", (" });
        for column in 1..=8 {
            let comma = if column == 1 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(sql, "{comma}${}", first + column);
        }
        sql.push(')');
    }
    sql.push_str(" ON CONFLICT (id) DO NOTHING RETURNING id");
    sql
}
