//! Does Redis answer a `PING`?

use std::fmt;

use redis::aio::ConnectionLike;

use crate::finding::Finding;
use crate::probe::Probe;

/// Sends `PING` over a connection that the service uses itself: a `ConnectionManager` or a `MultiplexedConnection`,
/// whatever can be cloned.
///
/// Of redis 1.x. With another version a closure does the same:
/// `|| { let mut cache = cache.clone(); async move { redis::cmd("PING").exec_async(&mut cache).await } }`.
#[derive(Clone)]
pub struct RedisProbe<C> {
    connection: C,
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> RedisProbe<C> {
    /// Asks over clones of this connection.
    pub fn new(connection: C) -> Self {
        Self { connection }
    }
}

impl<C: ConnectionLike + Clone + Send + Sync + 'static> Probe for RedisProbe<C> {
    async fn probe(&self) -> Finding {
        redis::cmd("PING").exec_async(&mut self.connection.clone()).await.into()
    }
}

impl<C> fmt::Debug for RedisProbe<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisProbe").finish_non_exhaustive()
    }
}
