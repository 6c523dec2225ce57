//! Shifts as rows of the database.

use std::fmt::Write as _;

use ms_analytics::ShiftRef;
use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::StoreError;

pub(super) const COLUMNS: &str = "id, employee, department, start_text, end_text, start_us, end_us, duration";

/// A shift as it is kept. Times are also given in microseconds since 1970, so that SQL can compare instants of
/// different offsets; the texts are what the client sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredShift {
    pub id: String,
    pub employee: String,
    pub department: String,
    pub start: String,
    pub end: String,
    #[serde(skip)]
    pub start_us: i64,
    #[serde(skip)]
    pub end_us: i64,
    /// Hours.
    pub duration: f64,
}

impl StoredShift {
    /// Borrows the shift as analyses take it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] if the row breaks a rule that every planned shift keeps.
    pub fn as_shift(&self) -> Result<ShiftRef<'_>, StoreError> {
        let Self { id, employee, department, start, end, .. } = self;
        ShiftRef::new(id, employee, department, start, end, Some(self.duration))
            .map_err(|source| StoreError::Unusable { id: id.clone(), source })
    }

    pub(super) fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            employee: row.try_get("employee")?,
            department: row.try_get("department")?,
            start: row.try_get("start_text")?,
            end: row.try_get("end_text")?,
            start_us: row.try_get("start_us")?,
            end_us: row.try_get("end_us")?,
            duration: row.try_get("duration")?,
        })
    }
}

impl From<ShiftRef<'_>> for StoredShift {
    fn from(shift: ShiftRef<'_>) -> Self {
        Self {
            id: shift.id().to_owned(),
            employee: shift.employee().to_owned(),
            department: shift.department().to_owned(),
            start: shift.start_text().to_owned(),
            end: shift.end_text().to_owned(),
            start_us: shift.start().as_microseconds(),
            end_us: shift.end().as_microseconds(),
            duration: shift.duration_hours(),
        }
    }
}

/// Which shifts to read. A shift belongs to the range in which it starts, so that ranges add up.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub employee: Option<String>,
    pub department: Option<String>,
    /// First start, in microseconds since 1970.
    pub from_us: Option<i64>,
    /// First start no longer in the range.
    pub to_us: Option<i64>,
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, <sqlx::Any as sqlx::Database>::Arguments>;

impl Filter {
    /// Writes the statement; the filter's parameters have numbers from `first` on. Conditions that are not asked for
    /// are left out, since they would keep the database from using an index.
    pub(super) fn select(&self, rest: &str, first: usize) -> String {
        let mut sql = format!("SELECT seq, {COLUMNS} FROM shifts WHERE 1 = 1");
        let texts = [("employee =", &self.employee), ("department =", &self.department)];
        let times = [("start_us >=", self.from_us), ("start_us <", self.to_us)];
        let asked = texts.iter().filter(|(_, text)| text.is_some()).map(|(condition, _)| condition);
        let asked =
            asked.chain(times.iter().filter(|(_, time)| time.is_some()).map(|(condition, _)| condition));
        for (number, condition) in asked.enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(sql, " AND {condition} ${}", first + number);
        }
        sql.push(' ');
        sql.push_str(rest);
        sql
    }

    pub(super) fn bind<'q>(&self, mut query: Query<'q>) -> Query<'q> {
        for text in [&self.employee, &self.department].into_iter().flatten() {
            query = query.bind(text.clone());
        }
        for time in [self.from_us, self.to_us].into_iter().flatten() {
            query = query.bind(time);
        }
        query
    }
}
