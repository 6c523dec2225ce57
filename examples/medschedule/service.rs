//! What the handlers share.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use bytes::Bytes;
use ms_analytics::StreamingResponseTimes;
use ms_metrics::BusinessMetrics;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::Instrument;

use crate::cache::{Cache, LIFETIME};
use crate::problem::Problem;
use crate::sessions::Sessions;
use crate::store::{Store, StoreError};

/// Reports computed at the same time; more would only slow each other down.
const ANALYSES: usize = 2;
/// How long reports are computed without asking a cache that did not answer.
const RETRY: Duration = Duration::from_secs(1);

/// The state of the service. Clones share it.
#[derive(Clone, Debug)]
pub struct Service {
    pub(crate) store: Store,
    pub(crate) cache: Cache,
    pub(crate) sessions: Sessions,
    pub(crate) business: BusinessMetrics,
    pub(crate) response_times: StreamingResponseTimes,
    pub(crate) data_dir: Arc<Path>,
    /// Until then the cache is left alone: it does not answer, or may hold reports of an older roster.
    cache_rests_until: Arc<Mutex<Option<Instant>>>,
    analyses: Arc<Semaphore>,
}

impl Service {
    /// Puts the parts together. Uploads are set down in `data_dir` while they arrive.
    pub fn new(store: Store, cache: Cache, business: BusinessMetrics, data_dir: &Path) -> Self {
        Self {
            store,
            cache,
            sessions: Sessions::new(business.clone()),
            business,
            response_times: StreamingResponseTimes::default(),
            data_dir: data_dir.into(),
            cache_rests_until: Arc::default(),
            analyses: Arc::new(Semaphore::new(ANALYSES)),
        }
    }

    /// Returns the sessions, to let them expire.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Names the kind of database.
    pub fn database(&self) -> &'static str {
        self.store.kind()
    }

    /// Names the kind of cache.
    pub fn cache(&self) -> &'static str {
        self.cache.kind()
    }

    /// Closes the connections to the database.
    pub async fn close(&self) {
        self.store.close().await;
    }

    /// Answers from the cache, or computes and keeps the answer. Without a cache it is computed each time.
    ///
    /// # Cancel safety
    ///
    /// What was begun goes on and is kept, so that a client that comes again finds it.
    pub(crate) async fn cached(
        &self,
        name: &str,
        compute: impl Future<Output = Result<Bytes, StoreError>> + Send + 'static,
    ) -> Result<Bytes, StoreError> {
        if let Some(text) = self.find(name).await {
            return Ok(text);
        }
        let turn = Arc::clone(&self.analyses).acquire_owned().await.map_err(|_| StoreError::Interrupted)?;
        // Whoever waited here finds the report of the one before.
        let generation = self.generation().await;
        if let Some(generation) = generation
            && let Ok(Some(text)) = self.cache.find(generation, name).await
        {
            return Ok(text);
        }
        let (cache, name) = (self.cache.clone(), name.to_owned());
        let computed = tokio::spawn(
            async move {
                let _turn = turn;
                let text = compute.await?;
                if let Some(generation) = generation
                    && let Err(error) = cache.keep(generation, &name, text.clone()).await
                {
                    tracing::debug!(error = &error as &dyn std::error::Error, "a report was not cached");
                }
                Ok(text)
            }
            .in_current_span(),
        );
        computed.await.unwrap_or(Err(StoreError::Interrupted))
    }

    /// Tells that the roster has changed: nothing cached before is served again.
    pub(crate) async fn roster_changed(&self) {
        if let Err(error) = self.cache.invalidate().await {
            self.let_cache_rest(LIFETIME);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the cache is left alone until it is empty"
            );
        }
    }

    /// Says to the client what the log tells in full.
    pub(crate) fn refuse(&self, error: &StoreError) -> Problem {
        tracing::error!(error = error as &dyn std::error::Error, "the roster cannot be used");

        match error {
            error if error.is_full() => disk_full(),
            StoreError::FileGone => Problem::unavailable("the database file is gone"),
            _ => Problem::unavailable("the database does not answer"),
        }
    }

    async fn find(&self, name: &str) -> Option<Bytes> {
        let generation = self.generation().await?;
        self.cache.find(generation, name).await.ok().flatten()
    }

    async fn generation(&self) -> Option<u64> {
        if self.cache_rests_until.lock().is_some_and(|end| Instant::now() < end) {
            return None;
        }
        let answer = self.cache.generation().await;
        if answer.is_err() {
            // Whoever asks next must not wait for it as well.
            self.let_cache_rest(RETRY);
        }
        answer.ok()
    }

    fn let_cache_rest(&self, time: Duration) {
        let end = Some(Instant::now() + time);
        let mut until = self.cache_rests_until.lock();
        *until = end.max(*until);
    }
}

/// Says that there is no room for what the client sent.
pub(crate) fn disk_full() -> Problem {
    Problem::new(StatusCode::INSUFFICIENT_STORAGE, "the service's disk is full")
}

/// Runs to its end even if the client goes away: a commit, its counters and the cache belong together.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    let ended = tokio::spawn(work.in_current_span()).await;
    ended.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "an error of the service's own"))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::watch;

    use super::*;

    #[tokio::test]
    async fn a_report_that_was_begun_is_kept_though_its_client_goes_away() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = Store::sqlite(&dir.path().join("db")).await.expect("opens");
        let metrics = ms_metrics::Metrics::builder().build().expect("builds");
        let service = Service::new(store, Cache::memory(), metrics.business(), dir.path());
        let runs = Arc::new(AtomicUsize::new(0));
        let (begin, begun) = watch::channel(false);
        let ask = || {
            let (runs, mut begun) = (runs.clone(), begun.clone());
            let compute = async move {
                runs.fetch_add(1, Ordering::Relaxed);
                begun.wait_for(|begun| *begun).await.expect("begins");
                Ok(Bytes::from_static(b"done"))
            };
            let service = service.clone();
            async move { service.cached("name", compute).await }
        };
        let impatient = tokio::spawn(ask());
        while runs.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        impatient.abort();
        begin.send_replace(true);
        while service.cache.find(0, "name").await.expect("answers").is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(ask().await.expect("answers"), "done");
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }
}
