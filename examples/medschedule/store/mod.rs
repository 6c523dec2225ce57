//! The roster in SQL: the same statements on SQLite and PostgreSQL.

mod import;
mod inspect;
mod overlap;
mod schema;
mod shift;
#[cfg(test)]
mod tests;
mod turn;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::any::AnyPoolOptions;
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, Row};
use tokio::sync::Mutex;

pub use self::import::{Import, Imported};
pub use self::inspect::{Inspected, inspect_postgres, inspect_sqlite, postgres_clock};
pub use self::overlap::Overlaps;
pub use self::shift::{Filter, StoredShift};
pub use self::turn::{Planned, Turn};
use self::writing::Writing;
use crate::config::Secret;

/// The longest a caller waits for a connection; health checks have their own, shorter deadline.
const ACQUIRE: Duration = Duration::from_secs(5);

/// More departments than this have no series of their own from the start.
const DEPARTMENTS: i64 = 100;

/// Where a page of shifts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub start_us: i64,
    pub seq: i64,
}

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database refused or did not answer.
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    /// The file of the embedded database was removed or replaced.
    #[error("the database file is gone")]
    FileGone,
    /// The file of the embedded database cannot be opened for writing.
    #[error("cannot open {}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path cannot be written as a database URL.
    #[error("{} is not UTF-8", .0.display())]
    Path(PathBuf),
    /// Something else than this service wrote the row.
    #[error("shift `{id}` in the database is not usable")]
    Unusable {
        /// The shift.
        id: String,
        /// What is wrong with it.
        source: ms_analytics::FieldFault,
    },
    /// The process is ending.
    #[error("interrupted by the end of the process")]
    Interrupted,
}

impl StoreError {
    /// Tells whether the disk of the database has no room left.
    pub fn is_full(&self) -> bool {
        let Self::Database(sqlx::Error::Database(error)) = self else { return false };
        // SQLITE_FULL, and PostgreSQL's disk_full.
        error.code().is_some_and(|code| code == "13" || code == "53100")
    }
}

/// The roster's database. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
}

#[derive(Clone, Debug)]
enum Dialect {
    /// With the file and its identity when it was opened. Writers queue here, in order; SQLite would let them poll.
    Sqlite {
        file: PathBuf,
        identity: Identity,
        writer: Arc<Mutex<()>>,
    },
    Postgres,
}

/// Device and inode: an open file whose name is gone still answers queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Store {
    /// Opens or creates the embedded database, for the service's user and group alone.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot be opened, or is no database of this service.
    pub async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        // SQLite gives its other files the mode of this one.
        let mut create = tokio::fs::OpenOptions::new();
        let create = create.write(true).create(true).truncate(false).mode(0o640).open(file);
        drop(create.await.map_err(|source| StoreError::Open { file: file.to_owned(), source })?);
        let url = sqlite_url(file, "rwc")?;
        let mut first = first(&url).await?;
        schema::tune_sqlite(&mut first).await?;
        first.close().await?;
        let options =
            pool_options(8).after_connect(|connection, _| Box::pin(schema::tune_sqlite(connection)));
        let pool = options.connect(&url).await?;
        schema::create_sqlite(&pool).await?;
        let identity = identity(file).await.ok_or(StoreError::FileGone)?;
        Ok(Self {
            pool,
            dialect: Dialect::Sqlite { file: file.to_owned(), identity, writer: Arc::default() },
        })
    }

    /// Connects to a PostgreSQL server and creates the tables if they are missing.
    pub async fn postgres(url: &Secret) -> Result<Self, StoreError> {
        first(url.expose()).await?.close().await?;
        let pool = pool_options(16).connect(url.expose()).await?;
        schema::create_postgres(&pool).await?;
        Ok(Self { pool, dialect: Dialect::Postgres })
    }

    /// Names the kind of database.
    pub fn kind(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite { .. } => "SQLite",
            Dialect::Postgres => "PostgreSQL",
        }
    }

    /// Asks the database something that needs its data.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.find_file().await?;
        sqlx::query("SELECT seq FROM shifts LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(())
    }

    /// Reads one page in the order of starts, and where the next one begins.
    pub async fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<(Vec<StoredShift>, Option<Cursor>), StoreError> {
        let after = after.unwrap_or(Cursor { start_us: i64::MIN, seq: i64::MIN });
        let sql = filter.select("AND (start_us, seq) > ($1, $2) ORDER BY start_us, seq LIMIT $3", 4);
        // One more than asked for tells whether there is another page.
        let query =
            sqlx::query(AssertSqlSafe(sql)).bind(after.start_us).bind(after.seq).bind(i64::from(limit) + 1);
        let rows = filter.bind(query).fetch_all(&self.pool).await?;
        let more = rows.len() > usize::from(limit);
        let rows = rows.get(..usize::from(limit)).unwrap_or(&rows);
        let last = if more { rows.last() } else { None };
        let next = match last {
            Some(row) => Some(Cursor { start_us: row.try_get("start_us")?, seq: row.try_get("seq")? }),
            None => None,
        };
        let shifts = rows.iter().map(StoredShift::from_row).collect::<Result<_, _>>()?;
        Ok((shifts, next))
    }

    /// Reads the shifts that were planned last, the last one first.
    pub async fn latest(&self, limit: u16) -> Result<Vec<StoredShift>, StoreError> {
        let sql = Filter::default().select("ORDER BY seq DESC LIMIT $1", 2);
        let query = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit));
        let rows = Filter::default().bind(query).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(StoredShift::from_row).collect::<Result<_, _>>()?)
    }

    /// When the last shift starts that starts before `now_us`, in microseconds since 1970.
    pub async fn last_start_before(&self, now_us: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT start_us FROM shifts WHERE start_us < $1 ORDER BY start_us DESC LIMIT 1";
        let row = sqlx::query(sql).bind(now_us).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.try_get("start_us")).transpose()?)
    }

    /// Reads all shifts of the filter in the order in which they were planned.
    pub fn stream<'a>(&'a self, filter: &Filter) -> BoxStream<'a, Result<StoredShift, StoreError>> {
        let query = filter.bind(sqlx::query(AssertSqlSafe(filter.select("ORDER BY seq", 1))));
        let rows = query.fetch(&self.pool).map_err(StoreError::from);
        Box::pin(rows.and_then(|row| async move { Ok(StoredShift::from_row(&row)?) }))
    }

    /// Names the departments of the roster, the first hundred of them.
    pub async fn departments(&self) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT DISTINCT department FROM shifts ORDER BY department LIMIT $1";
        let rows = sqlx::query(sql).bind(DEPARTMENTS).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| row.try_get("department")).collect::<Result<_, _>>()?)
    }

    /// Begins an import, which is kept whole or not at all.
    pub async fn import(&self) -> Result<Import, StoreError> {
        let mut writing = self.begin().await?;
        if matches!(self.dialect, Dialect::Postgres) {
            schema::lock(&mut writing, schema::WHOLE_ROSTER).await?;
        }
        Import::begin(writing).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn begin(&self) -> Result<Writing, StoreError> {
        self.find_file().await?;
        match &self.dialect {
            Dialect::Sqlite { writer, .. } => {
                let turn = Arc::clone(writer).lock_owned().await;
                // The write lock before the first read, or two planners could both see no conflict.
                Ok(Writing::begin(&self.pool, "BEGIN IMMEDIATE", Some(turn)).await?)
            }
            Dialect::Postgres => Ok(Writing::begin(&self.pool, "BEGIN", None).await?),
        }
    }

    /// Looks for the embedded database's file: SQLite would go on writing to one that nobody can open any more.
    async fn find_file(&self) -> Result<(), StoreError> {
        match &self.dialect {
            Dialect::Sqlite { file, identity: opened, .. } if identity(file).await != Some(*opened) => {
                Err(StoreError::FileGone)
            }
            _ => Ok(()),
        }
    }
}

fn pool_options(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE)
}

/// Opens a connection beside the pool, which would try for seconds and then not say what was wrong.
async fn first(url: &str) -> Result<AnyConnection, sqlx::Error> {
    sqlx::any::install_default_drivers();
    let connected = tokio::time::timeout(ACQUIRE, AnyConnection::connect(url)).await;
    connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

fn sqlite_url(file: &Path, mode: &str) -> Result<String, StoreError> {
    let path = file.to_str().ok_or_else(|| StoreError::Path(file.to_owned()))?;
    let path = form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>().replace('+', "%20");
    Ok(format!("sqlite://{path}?mode={mode}"))
}

async fn identity(file: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let found = tokio::fs::metadata(file).await.ok()?;
    Some(Identity(found.dev(), found.ino()))
}
