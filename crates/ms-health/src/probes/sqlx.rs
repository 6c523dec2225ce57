//! Does the database answer a query?

use std::fmt;

use sqlx::{Database, Executor, Pool};

use crate::finding::Finding;
use crate::probe::Probe;

/// Runs a query on a connection of the pool that the service uses itself, so that an exhausted pool is found too.
///
/// A pool tries again while nobody listens, for its `acquire_timeout` of 30 s by default; one below the deadline of the
/// check shows the pool's error in place of a time-out.
///
/// Of sqlx 0.9. With another version a closure does the same:
/// `|| { let pool = pool.clone(); async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop) } }`.
pub struct SqlxProbe<DB: Database> {
    pool: Pool<DB>,
    query: &'static str,
}

impl<DB: Database> SqlxProbe<DB> {
    /// Asks `SELECT 1`.
    pub fn new(pool: Pool<DB>) -> Self {
        Self { pool, query: "SELECT 1" }
    }

    /// Asks this instead; one that reads a table finds a database that was emptied or replaced. Rows are not looked at.
    pub fn query(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }
}

impl<DB: Database> Probe for SqlxProbe<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    async fn probe(&self) -> Finding {
        let asked = async { self.pool.acquire().await?.execute(self.query).await.map(drop) };
        Finding::from(asked.await)
            .reading("pool_connections", f64::from(self.pool.size()))
            .reading("pool_idle", f64::from(u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX)))
    }
}

impl<DB: Database> fmt::Debug for SqlxProbe<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlxProbe").field("query", &self.query).finish_non_exhaustive()
    }
}
