//! Finished reports, in process or in Redis.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::config::Secret;

/// How long a report may be served although another process changed the roster.
pub(crate) const LIFETIME: Duration = Duration::from_secs(10);
const CAPACITY_BYTES: u64 = 64 << 20;
const ANSWER: Duration = Duration::from_secs(1);
const GENERATION: &str = "medschedule:generation";

/// Keeps finished reports until the roster changes. Clones share one cache.
///
/// Every entry belongs to a generation. A writer ends the generation after its commit and before its answer, so a
/// client always reads its own writes; entries of an ended generation are never read and expire.
#[derive(Clone, Debug)]
pub enum Cache {
    /// In this process.
    Memory {
        /// Report texts by generation and range.
        entries: moka::future::Cache<String, Bytes>,
        /// The current generation.
        generation: Arc<AtomicU64>,
    },
    /// On a Redis server, shared by all services that use it.
    Redis(RedisCache),
}

/// A connection that is made again when it breaks.
#[derive(Clone)]
pub struct RedisCache(ConnectionManager);

impl std::fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RedisCache")
    }
}

/// Why the cache could not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// Redis refused, did not answer, or has an URL that cannot be used.
    #[error("Redis cannot be used")]
    Redis(#[from] redis::RedisError),
    /// The in-process cache did not return what was just put into it.
    #[error("the in-process cache lost an entry")]
    Lost,
}

impl Cache {
    /// Makes an in-process cache of at most 64 MiB.
    pub fn memory() -> Self {
        let weigh = |key: &String, value: &Bytes| u32::try_from(key.len() + value.len()).unwrap_or(u32::MAX);
        let entries = moka::future::Cache::builder()
            .max_capacity(CAPACITY_BYTES)
            .weigher(weigh)
            .time_to_live(LIFETIME)
            .build();
        Self::Memory { entries, generation: Arc::default() }
    }

    /// Uses a Redis server, which need not answer yet: the service works without.
    ///
    /// # Errors
    ///
    /// [`CacheError`] if the URL cannot be used.
    pub fn redis(url: &Secret) -> Result<Self, CacheError> {
        let client = redis::Client::open(url.expose())?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER))
            .set_number_of_retries(1);
        Ok(Self::Redis(RedisCache(ConnectionManager::new_lazy_with_config(client, config)?)))
    }

    /// Names the kind of cache.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Memory { .. } => "in-process",
            Self::Redis(_) => "Redis",
        }
    }

    /// Returns the generation that entries read and written now belong to.
    pub async fn generation(&self) -> Result<u64, CacheError> {
        match self {
            Self::Memory { generation, .. } => Ok(generation.load(Ordering::Acquire)),
            Self::Redis(RedisCache(connection)) => {
                let found: Option<u64> =
                    redis::cmd("GET").arg(GENERATION).query_async(&mut connection.clone()).await?;
                Ok(found.unwrap_or(0))
            }
        }
    }

    /// Ends the current generation: what was cached is never read again.
    pub async fn invalidate(&self) -> Result<(), CacheError> {
        match self {
            Self::Memory { generation, .. } => {
                generation.fetch_add(1, Ordering::AcqRel);
                Ok(())
            }
            Self::Redis(RedisCache(connection)) => {
                Ok(redis::cmd("INCR").arg(GENERATION).query_async(&mut connection.clone()).await?)
            }
        }
    }

    /// Reads an entry of a generation.
    pub async fn find(&self, generation: u64, name: &str) -> Result<Option<Bytes>, CacheError> {
        let key = key(generation, name);
        match self {
            Self::Memory { entries, .. } => Ok(entries.get(&key).await),
            Self::Redis(RedisCache(connection)) => {
                let found: Option<Vec<u8>> =
                    redis::cmd("GET").arg(key).query_async(&mut connection.clone()).await?;
                Ok(found.map(Bytes::from))
            }
        }
    }

    /// Keeps an entry of a generation for ten seconds.
    pub async fn keep(&self, generation: u64, name: &str, value: Bytes) -> Result<(), CacheError> {
        let key = key(generation, name);
        match self {
            Self::Memory { entries, .. } => entries.insert(key, value).await,
            Self::Redis(RedisCache(connection)) => {
                let mut set = redis::cmd("SET");
                set.arg(key).arg(value.as_ref()).arg("EX").arg(LIFETIME.as_secs());
                set.query_async::<()>(&mut connection.clone()).await?;
            }
        }
        Ok(())
    }

    /// Asks the cache for a sign of life.
    pub async fn ping(&self) -> Result<(), CacheError> {
        match self {
            Self::Memory { entries, .. } => {
                let (key, value) = ("ping".to_owned(), Bytes::from_static(b"pong"));
                entries.insert(key.clone(), value.clone()).await;
                if entries.get(&key).await == Some(value) { Ok(()) } else { Err(CacheError::Lost) }
            }
            Self::Redis(RedisCache(connection)) => {
                Ok(redis::cmd("PING").query_async::<()>(&mut connection.clone()).await?)
            }
        }
    }
}

fn key(generation: u64, name: &str) -> String {
    format!("medschedule:{generation}:{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_ended_generation_is_not_read() {
        let cache = Cache::memory();
        let old = cache.generation().await.expect("answers");
        cache.keep(old, "report", Bytes::from_static(b"1")).await.expect("keeps");
        assert_eq!(cache.find(old, "report").await.expect("answers"), Some(Bytes::from_static(b"1")));

        cache.invalidate().await.expect("ends");
        let new = cache.generation().await.expect("answers");
        assert_ne!(old, new);
        assert_eq!(cache.find(new, "report").await.expect("answers"), None);
        cache.ping().await.expect("alive");
    }
}
