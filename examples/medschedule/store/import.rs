//! Many shifts in one transaction.

use std::collections::{BTreeMap, HashSet};

use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

use super::shift::COLUMNS;
use super::writing::Writing;
use super::{StoreError, StoredShift, overlap};

/// Rows of one statement: 8 parameters each, far below the 32,766 that SQLite allows.
const ROWS: usize = 256;
/// What SQLite keeps of the file in memory for each connection, and for the one that imports: the indexes are written
/// all over, and half the speed is lost without.
const KIB: u32 = 2000;
const IMPORT_KIB: u32 = 64 << 10;

/// An import under way; dropped without [`Import::finish`], it keeps nothing.
#[derive(Debug)]
pub struct Import {
    writing: Writing,
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
    pub(super) async fn begin(mut writing: Writing) -> Result<Self, StoreError> {
        writing.cache(IMPORT_KIB).await?;
        let last = sqlx::query("SELECT COALESCE(MAX(seq), 0) AS last FROM shifts");
        let last_before = last.fetch_one(&mut *writing).await?.try_get("last")?;
        Ok(Self { writing, last_before, by_department: BTreeMap::new() })
    }

    /// Adds shifts; returns the positions of those whose id is taken.
    pub async fn add(&mut self, shifts: &[StoredShift]) -> Result<Vec<usize>, StoreError> {
        let mut taken = Vec::new();
        for (chunk_number, chunk) in shifts.chunks(ROWS).enumerate() {
            let mut kept = insert(&mut self.writing, chunk).await?;
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
        let conflicts = if self.by_department.is_empty() { 0 } else { self.conflicts().await? };
        self.writing.cache(KIB).await?;
        self.writing.commit().await?;
        Ok(Imported { by_department: self.by_department, conflicts })
    }

    /// Counts the pairs of everybody who got a new shift, less those that were there before.
    async fn conflicts(&mut self) -> Result<u64, StoreError> {
        let sql = "SELECT employee, start_us, end_us, seq FROM shifts \
             WHERE employee IN (SELECT employee FROM shifts WHERE seq > $1) ORDER BY employee";
        let last_before = self.last_before;
        let mut rows = sqlx::query(sql).bind(last_before).fetch(&mut *self.writing);
        let (mut conflicts, mut employee, mut shifts) = (0, String::new(), Vec::new());
        while let Some(row) = rows.try_next().await? {
            let next: &str = row.try_get("employee")?;
            if next != employee {
                conflicts += new_pairs(&shifts);
                shifts.clear();
                next.clone_into(&mut employee);
            }
            let seq: i64 = row.try_get("seq")?;
            shifts.push((row.try_get("start_us")?, row.try_get("end_us")?, seq > last_before));
        }
        Ok(conflicts + new_pairs(&shifts))
    }
}

fn new_pairs(shifts: &[(i64, i64, bool)]) -> u64 {
    let all = shifts.iter().map(|(start, end, _)| (*start, *end));
    let old = shifts.iter().filter(|(_, _, new)| !new).map(|(start, end, _)| (*start, *end));
    overlap::pairs(all) - overlap::pairs(old)
}

/// Inserts shifts and returns the ids that were free.
pub(super) async fn insert(
    writing: &mut Writing,
    shifts: &[StoredShift],
) -> Result<HashSet<String>, sqlx::Error> {
    if shifts.is_empty() {
        return Ok(HashSet::new());
    }
    // Only the number of rows varies: the values are all bound.
    let mut query = sqlx::query(AssertSqlSafe(statement(shifts.len(), writing.is_sqlite())));
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
    let rows = query.fetch_all(&mut **writing).await?;
    rows.iter().map(|row| row.try_get("id")).collect()
}

/// SQLite takes parameters with a number for names, and looks each up among all of them.
fn statement(rows: usize, unnumbered: bool) -> String {
    let row = |row: usize| {
        let parameters: Vec<_> = (row * 8 + 1..=row * 8 + 8)
            .map(|number| if unnumbered { "?".to_owned() } else { format!("${number}") })
            .collect();
        format!("({})", parameters.join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO shifts ({COLUMNS}) VALUES {} ON CONFLICT (id) DO NOTHING RETURNING id",
        rows.join(", ")
    )
}
