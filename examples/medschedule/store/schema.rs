//! Tables, and the locks that keep two planners from missing each other's shift.

use sqlx::{AnyConnection, AnyPool};

/// The advisory lock that an import holds alone and planners share. Any constant will do; it spells "roster".
pub(super) const WHOLE_ROSTER: i64 = 0x726f_7374_6572;

const SQLITE_SHIFTS: &str = "CREATE TABLE IF NOT EXISTS shifts (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, employee TEXT NOT NULL,
    department TEXT NOT NULL, start_text TEXT NOT NULL, end_text TEXT NOT NULL,
    start_us BIGINT NOT NULL, end_us BIGINT NOT NULL, duration DOUBLE PRECISION NOT NULL)";

const POSTGRES_SHIFTS: &str = "CREATE TABLE IF NOT EXISTS shifts (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE, employee TEXT NOT NULL,
    department TEXT NOT NULL, start_text TEXT NOT NULL, end_text TEXT NOT NULL,
    start_us BIGINT NOT NULL, end_us BIGINT NOT NULL, duration DOUBLE PRECISION NOT NULL)";

const BY_EMPLOYEE: &str = "CREATE INDEX IF NOT EXISTS shifts_by_employee ON shifts (employee, start_us)";
const BY_START: &str = "CREATE INDEX IF NOT EXISTS shifts_by_start ON shifts (start_us, seq)";

pub(super) async fn tune_sqlite(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    // Readers go on while one writer writes; a commit that was answered survives a power cut.
    sqlx::query("PRAGMA journal_mode = WAL").fetch_all(&mut *connection).await?;
    sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
    sqlx::query("PRAGMA busy_timeout = 10000").fetch_all(&mut *connection).await?;
    Ok(())
}

pub(super) async fn create_sqlite(pool: &AnyPool) -> Result<(), sqlx::Error> {
    for statement in [SQLITE_SHIFTS, BY_EMPLOYEE, BY_START] {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}

pub(super) async fn create_postgres(pool: &AnyPool) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // Two services that start together must not both create: IF NOT EXISTS alone can collide.
    lock(&mut transaction, WHOLE_ROSTER).await?;
    for statement in [POSTGRES_SHIFTS, BY_EMPLOYEE, BY_START] {
        sqlx::query(statement).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

// The locks end with the transaction. Their `void` result has no type in sqlx's `Any`, hence the comparison.

pub(super) async fn lock(connection: &mut AnyConnection, key: i64) -> Result<(), sqlx::Error> {
    let sql = "SELECT CASE WHEN pg_advisory_xact_lock($1) IS NULL THEN 1 ELSE 0 END";
    sqlx::query(sql).bind(key).execute(connection).await.map(drop)
}

pub(super) async fn lock_shared(connection: &mut AnyConnection, key: i64) -> Result<(), sqlx::Error> {
    let sql = "SELECT CASE WHEN pg_advisory_xact_lock_shared($1) IS NULL THEN 1 ELSE 0 END";
    sqlx::query(sql).bind(key).execute(connection).await.map(drop)
}

pub(super) async fn lock_text(connection: &mut AnyConnection, key: &str) -> Result<(), sqlx::Error> {
    let sql = "SELECT CASE WHEN pg_advisory_xact_lock(hashtextextended($1, 0)) IS NULL THEN 1 ELSE 0 END";
    sqlx::query(sql).bind(key.to_owned()).execute(connection).await.map(drop)
}

/// Waits for whoever changes the row, if there is one.
pub(super) async fn lock_row(connection: &mut AnyConnection, id: &str) -> Result<(), sqlx::Error> {
    let sql = "SELECT seq FROM shifts WHERE id = $1 FOR UPDATE";
    sqlx::query(sql).bind(id.to_owned()).fetch_optional(connection).await.map(drop)
}
