//! The database and the cache, asked once.

use super::Finding;
use crate::cache::Cache;
use crate::chain::Chain;
use crate::config::Config;
use crate::store::{Inspected, inspect_postgres, inspect_sqlite};

pub(super) async fn database(config: &Config) -> Finding {
    let subject = "database";
    let Some(url) = &config.database_url else {
        let file = config.database_file();
        let shown = file.display();
        return match inspect_sqlite(&file).await {
            Ok(Inspected::Missing) => Finding::good(subject, format!("{shown} will be created, empty")),
            Ok(Inspected::Sound { shifts }) => {
                Finding::good(subject, format!("{shown} is sound, {}", roster(shifts)))
            }
            Ok(Inspected::Damaged { told }) => Finding::bad(
                subject,
                format!("{shown} is damaged: {told}"),
                "restore it from a backup, or move it away with its -wal and -shm to begin anew",
            ),
            Err(error) => Finding::bad(
                subject,
                format!("{shown}: {}", Chain::from(error)),
                "if it is no database of this service, give --data-dir or move it away",
            ),
        };
    };
    match inspect_postgres(url).await {
        Ok(shifts) => Finding::good(subject, format!("PostgreSQL answers, {}", roster(shifts))),
        Err(error) => Finding::bad(
            subject,
            format!("PostgreSQL: {}", Chain::from(error)),
            "start the server, or change DATABASE_URL",
        ),
    }
}

fn roster(shifts: Option<i64>) -> String {
    shifts.map_or_else(|| "no roster yet".to_owned(), |shifts| format!("{shifts} shifts"))
}

pub(super) async fn cache(config: &Config) -> Finding {
    let subject = "cache";
    let Some(url) = &config.redis_url else { return Finding::good(subject, "in the process") };
    let asked = match Cache::redis(url) {
        Ok(cache) => cache.ping().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(()) => Finding::good(subject, "Redis answers"),
        // The service works without it.
        Err(error) => Finding::doubtful(
            subject,
            Chain::from(error),
            "start the server, or change REDIS_URL; until then reports are slow",
        ),
    }
}
