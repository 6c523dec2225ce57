//! What there is, without creating or changing anything.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::{AnyConnection, Connection, Row};

use super::{StoreError, first, sqlite_url};
use crate::config::Secret;

/// What an embedded database was found to be.
#[derive(Debug)]
pub enum Inspected {
    /// There is no file.
    Missing,
    /// SQLite found nothing wrong.
    Sound {
        /// How many shifts it has; nothing if no service has used it yet.
        shifts: Option<i64>,
    },
    /// SQLite found something wrong.
    Damaged {
        /// The first thing that it tells.
        told: String,
    },
}

/// Looks at the embedded database.
///
/// # Errors
///
/// [`StoreError`] if it cannot be opened, or is no database.
pub async fn inspect_sqlite(file: &Path) -> Result<Inspected, StoreError> {
    if !file.exists() {
        return Ok(Inspected::Missing);
    }
    // While a service has it open there is a second file. Without one, SQLite would make it even to read.
    let mode = if wal(file).exists() { "ro" } else { "ro&immutable=true" };
    let mut connection = first(&sqlite_url(file, mode)?).await?;
    let told: String =
        sqlx::query("PRAGMA integrity_check(1)").fetch_one(&mut connection).await?.try_get(0)?;
    if told != "ok" {
        return Ok(Inspected::Damaged { told });
    }
    let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'shifts'";
    let shifts = count_if(&mut connection, tables).await?;
    connection.close().await?;
    Ok(Inspected::Sound { shifts })
}

fn wal(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Asks a PostgreSQL server how many shifts it has; nothing if no service has used it yet.
///
/// # Errors
///
/// [`StoreError`] if it does not answer.
pub async fn inspect_postgres(url: &Secret) -> Result<Option<i64>, StoreError> {
    let mut connection = first(url.expose()).await?;
    let tables = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = ANY(current_schemas(false)) AND tablename = 'shifts'";
    let shifts = count_if(&mut connection, tables).await?;
    connection.close().await?;
    Ok(shifts)
}

async fn count_if(connection: &mut AnyConnection, tables: &'static str) -> Result<Option<i64>, sqlx::Error> {
    let tables: i64 = sqlx::query(tables).fetch_one(&mut *connection).await?.try_get(0)?;
    if tables == 0 {
        return Ok(None);
    }
    sqlx::query("SELECT COUNT(*) FROM shifts").fetch_one(connection).await?.try_get(0).map(Some)
}

/// Asks a PostgreSQL server for the time.
///
/// # Errors
///
/// [`StoreError`] if it does not answer.
pub async fn postgres_clock(url: &Secret) -> Result<Timestamp, StoreError> {
    let mut connection = first(url.expose()).await?;
    let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
    let milliseconds: i64 = sqlx::query(sql).fetch_one(&mut connection).await?.try_get(0)?;
    connection.close().await?;
    Timestamp::from_millisecond(milliseconds).map_err(|error| sqlx::Error::Decode(error.into()).into())
}
