//! Transactions that write.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, AssertSqlSafe};
use tokio::sync::OwnedMutexGuard;

/// A transaction under way. Dropped before its end it takes its connection with it, which undoes everything: after an
/// error such as a full disk, the state of a connection is anybody's guess, and sqlx would use it again.
#[derive(Debug)]
pub(super) struct Writing {
    connection: PoolConnection<Any>,
    ended: bool,
    /// That of SQLite's writers; ends after the connection.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Writing {
    pub(super) async fn begin(
        pool: &AnyPool,
        begin: &'static str,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> Result<Self, sqlx::Error> {
        let mut writing = Self { connection: pool.acquire().await?, ended: false, turn };
        writing.say(begin).await?;
        Ok(writing)
    }

    /// Keeps everything, or nothing on an error.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.say("COMMIT").await?;
        self.ended = true;
        Ok(())
    }

    /// Undoes everything, and keeps the connection.
    pub(super) async fn undo(mut self) -> Result<(), sqlx::Error> {
        self.say("ROLLBACK").await?;
        self.ended = true;
        Ok(())
    }

    /// Tells whether this is the embedded database.
    pub(super) fn is_sqlite(&self) -> bool {
        self.turn.is_some()
    }

    /// Lets SQLite keep that much of its file in memory; nothing on PostgreSQL.
    pub(super) async fn cache(&mut self, kib: u32) -> Result<(), sqlx::Error> {
        if !self.is_sqlite() {
            return Ok(());
        }
        let pragma = AssertSqlSafe(format!("PRAGMA cache_size = -{kib}"));
        sqlx::raw_sql(pragma).execute(&mut *self.connection).await.map(drop)
    }

    async fn say(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(statement).execute(&mut *self.connection).await.map(drop)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Writing {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}
