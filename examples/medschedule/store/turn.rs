//! A writer whose turn it is.

use super::writing::Writing;
use super::{Dialect, Overlaps, Store, StoreError, StoredShift, import, overlap, schema};

/// What became of a planned shift.
#[derive(Clone, Debug)]
pub enum Planned {
    /// It is kept; these shifts of the same employee overlap with it.
    Kept(Overlaps),
    /// It is not kept, because these are in the way.
    Refused(Overlaps),
    /// It is not kept, because its id is taken.
    IdTaken,
}

/// A transaction that nobody else is in the way of any more, so that what is left to do is short. Dropped, it has
/// changed nothing.
#[derive(Debug)]
pub struct Turn(Writing);

impl Store {
    /// Waits until no import and no other planner of this employee is in the way.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ends, it has changed nothing and nobody waits for it.
    pub async fn turn_to_plan(&self, employee: &str) -> Result<Turn, StoreError> {
        let mut writing = self.begin().await?;
        if matches!(self.dialect, Dialect::Postgres) {
            schema::lock_shared(&mut writing, schema::WHOLE_ROSTER).await?;
            schema::lock_text(&mut writing, employee).await?;
        }
        Ok(Turn(writing))
    }

    /// Waits until this shift can be deleted.
    ///
    /// # Cancel safety
    ///
    /// As of [`turn_to_plan`](Self::turn_to_plan).
    pub async fn turn_to_delete(&self, id: &str) -> Result<Turn, StoreError> {
        let mut writing = self.begin().await?;
        if matches!(self.dialect, Dialect::Postgres) {
            schema::lock_row(&mut writing, id).await?;
        }
        Ok(Turn(writing))
    }
}

impl Turn {
    /// Keeps a shift of the employee whose turn it is, unless its id is taken or, with `refuse`, another overlaps with it.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ends, it keeps nothing or the whole shift.
    pub async fn plan(mut self, shift: &StoredShift, refuse: bool) -> Result<Planned, StoreError> {
        let overlaps = overlap::find(&mut self.0, shift).await?;
        if refuse && overlaps.total > 0 {
            self.0.undo().await?;
            return Ok(Planned::Refused(overlaps));
        }
        let kept = import::insert(&mut self.0, std::slice::from_ref(shift)).await?;
        if kept.is_empty() {
            self.0.undo().await?;
            return Ok(Planned::IdTaken);
        }
        self.0.commit().await?;
        Ok(Planned::Kept(overlaps))
    }

    /// Deletes a shift; false if there is none of that id.
    pub async fn delete(mut self, id: &str) -> Result<bool, StoreError> {
        let delete = sqlx::query("DELETE FROM shifts WHERE id = $1").bind(id.to_owned());
        let done = delete.execute(&mut *self.0).await?;
        self.0.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
