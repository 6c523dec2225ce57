//! The roster in SQL: the same statements on SQLite and PostgreSQL.

mod import;
mod schema;

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::{AnyConnection, AnyPool, Row};

pub use self::import::{Import, Imported};
use crate::config::Secret;

/// The longest a caller waits for a connection; health checks have their own, shorter deadline.
const ACQUIRE: Duration = Duration::from_secs(5);

const COLUMNS: &str = "id, employee, department, start_text, end_text, start_us, end_us, duration";

/// A shift as it is kept. Times are also given in microseconds since 1970, so that SQL can compare instants of
/// different offsets; the texts are what the client sent.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredShift {
    pub id: String,
    pub employee: String,
    pub department: String,
    pub start: String,
    pub end: String,
    pub start_us: i64,
    pub end_us: i64,
    /// Hours.
    pub duration: f64,
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

/// Where a page of shifts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub start_us: i64,
    pub seq: i64,
}

/// What became of a planned shift.
#[derive(Clone, Debug)]
pub enum Planned {
    /// It is kept; these shifts of the same employee overlap with it.
    Kept(Vec<StoredShift>),
    /// It is not kept, because these are in the way.
    Refused(Vec<StoredShift>),
    /// It is not kept, because its id is taken.
    IdTaken,
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
    /// The path cannot be written as a database URL.
    #[error("{} is not UTF-8", .0.display())]
    Path(PathBuf),
}

/// The roster's database. Clones share one pool.
#[derive(Clone, Debug)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
}

#[derive(Clone, Debug)]
enum Dialect {
    /// With the file and its identity when it was opened.
    Sqlite {
        file: PathBuf,
        identity: Identity,
    },
    Postgres,
}

/// Device and inode: an open file whose name is gone still answers queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Store {
    /// Opens or creates the embedded database.
    pub async fn sqlite(file: &Path) -> Result<Self, StoreError> {
        let path = file.to_str().ok_or_else(|| StoreError::Path(file.to_owned()))?;
        let path: String =
            form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>().replace('+', "%20");
        let options =
            pool_options(8).after_connect(|connection, _| Box::pin(schema::tune_sqlite(connection)));
        let pool = connect(options, &format!("sqlite://{path}?mode=rwc")).await?;
        schema::create_sqlite(&pool).await?;
        let identity = identity(file).await.ok_or(StoreError::FileGone)?;
        Ok(Self { pool, dialect: Dialect::Sqlite { file: file.to_owned(), identity } })
    }

    /// Connects to a PostgreSQL server and creates the tables if they are missing.
    pub async fn postgres(url: &Secret) -> Result<Self, StoreError> {
        let pool = connect(pool_options(16), url.expose()).await?;
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
        if let Dialect::Sqlite { file, identity: opened } = &self.dialect
            && identity(file).await != Some(*opened)
        {
            return Err(StoreError::FileGone);
        }
        sqlx::query("SELECT seq FROM shifts LIMIT 1").fetch_optional(&self.pool).await?;
        Ok(())
    }

    /// Keeps a shift unless its id is taken or, with `refuse`, another of the same employee overlaps with it.
    ///
    /// # Cancel safety
    ///
    /// Dropped before it ends, it keeps nothing or the whole shift.
    pub async fn plan(&self, shift: &StoredShift, refuse: bool) -> Result<Planned, StoreError> {
        let mut transaction = self.begin().await?;
        self.lock_employee(&mut transaction, &shift.employee).await?;
        let conflicts = overlapping(&mut transaction, shift).await?;
        if refuse && !conflicts.is_empty() {
            return Ok(Planned::Refused(conflicts));
        }
        let kept = import::insert(&mut transaction, std::slice::from_ref(shift)).await?;
        if kept.is_empty() {
            return Ok(Planned::IdTaken);
        }
        transaction.commit().await?;
        Ok(Planned::Kept(conflicts))
    }

    /// Deletes a shift; false if there is none of that id.
    pub async fn delete(&self, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM shifts WHERE id = $1").bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Reads one page in the order of starts, and where the next one begins.
    pub async fn page(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<(Vec<StoredShift>, Option<Cursor>), StoreError> {
        let after = after.unwrap_or(Cursor { start_us: i64::MIN, seq: i64::MIN });
        let sql = "SELECT seq, id, employee, department, start_text, end_text, start_us, end_us, duration FROM shifts \
             WHERE ($1 = '' OR employee = $1) AND ($2 = '' OR department = $2) \
             AND start_us >= $3 AND start_us < $4 AND (start_us, seq) > ($5, $6) \
             ORDER BY start_us, seq LIMIT $7";
        // One more than asked for tells whether there is another page.
        let rows = bind_filter(sqlx::query(sql), filter)
            .bind(after.start_us)
            .bind(after.seq)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.pool)
            .await?;
        let more = rows.len() > usize::from(limit);
        let rows = rows.get(..usize::from(limit)).unwrap_or(&rows);
        let last = if more { rows.last() } else { None };
        let next = match last {
            Some(row) => Some(Cursor { start_us: row.try_get("start_us")?, seq: row.try_get("seq")? }),
            None => None,
        };
        let shifts = rows.iter().map(from_row).collect::<Result<_, _>>()?;
        Ok((shifts, next))
    }

    /// Reads all shifts of the filter in the order in which they were planned.
    pub fn stream<'a>(&'a self, filter: &'a Filter) -> BoxStream<'a, Result<StoredShift, StoreError>> {
        let sql = "SELECT id, employee, department, start_text, end_text, start_us, end_us, duration FROM shifts \
             WHERE ($1 = '' OR employee = $1) AND ($2 = '' OR department = $2) \
             AND start_us >= $3 AND start_us < $4 ORDER BY seq";
        let rows = bind_filter(sqlx::query(sql), filter).fetch(&self.pool);
        Box::pin(rows.map_err(StoreError::from).and_then(|row| async move { Ok(from_row(&row)?) }))
    }

    /// Begins an import, which is kept whole or not at all.
    pub async fn import(&self) -> Result<Import, StoreError> {
        let mut transaction = self.begin().await?;
        if matches!(self.dialect, Dialect::Postgres) {
            schema::lock(&mut transaction, schema::WHOLE_ROSTER).await?;
        }
        Import::begin(transaction).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Any>, StoreError> {
        // SQLite must take its write lock before it reads, or two planners could both see no conflict.
        Ok(match self.dialect {
            Dialect::Sqlite { .. } => self.pool.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => self.pool.begin().await?,
        })
    }

    async fn lock_employee(&self, connection: &mut AnyConnection, employee: &str) -> Result<(), StoreError> {
        if matches!(self.dialect, Dialect::Postgres) {
            schema::lock_shared(connection, schema::WHOLE_ROSTER).await?;
            schema::lock_text(connection, employee).await?;
        }
        Ok(())
    }
}

async fn overlapping(
    connection: &mut AnyConnection,
    shift: &StoredShift,
) -> Result<Vec<StoredShift>, sqlx::Error> {
    let sql = "SELECT id, employee, department, start_text, end_text, start_us, end_us, duration FROM shifts \
         WHERE employee = $1 AND start_us < $2 AND end_us > $3 ORDER BY start_us, seq";
    let rows = sqlx::query(sql)
        .bind(&shift.employee)
        .bind(shift.end_us)
        .bind(shift.start_us)
        .fetch_all(connection)
        .await?;
    rows.iter().map(from_row).collect()
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, <sqlx::Any as sqlx::Database>::Arguments>;

fn bind_filter<'q>(query: Query<'q>, filter: &Filter) -> Query<'q> {
    query
        .bind(filter.employee.clone().unwrap_or_default())
        .bind(filter.department.clone().unwrap_or_default())
        .bind(filter.from_us.unwrap_or(i64::MIN))
        .bind(filter.to_us.unwrap_or(i64::MAX))
}

fn from_row(row: &AnyRow) -> Result<StoredShift, sqlx::Error> {
    Ok(StoredShift {
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

fn pool_options(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE)
}

async fn connect(options: AnyPoolOptions, url: &str) -> Result<AnyPool, sqlx::Error> {
    sqlx::any::install_default_drivers();
    options.connect(url).await
}

async fn identity(file: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    let found = tokio::fs::metadata(file).await.ok()?;
    Some(Identity(found.dev(), found.ino()))
}
