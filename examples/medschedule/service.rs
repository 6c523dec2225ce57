//! What the handlers share.

use std::cell::Cell;
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

use crate::audit::Audit;
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
    pub(crate) audit: Audit,
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
            audit: Audit::default(),
            cache_rests_until: Arc::default(),
            analyses: Arc::new(Semaphore::new(ANALYSES)),
        }
    }

    /// Records every change in this trail.
    #[must_use]
    pub fn audited(mut self, audit: Audit) -> Self {
        self.audit = audit;
        self
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

tokio::task_local! {
    /// Whether the request of this task has begun something that goes on without it.
    static BEGUN: Cell<bool>;
}

/// Runs to its end even if the client goes away: a commit, its counters and the cache belong together.
pub(crate) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    // Only a request within a limit has anybody to tell.
    let _ = BEGUN.try_with(|begun| begun.set(true));
    let ended = tokio::spawn(work.in_current_span()).await;
    ended.unwrap_or_else(|_| {
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "an error of the service's own"))
    })
}

/// Drops work that has not ended within the limit: nothing was changed. What [`to_the_end`] has begun goes on, so the
/// limit counts again for it, and then nobody knows.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Problem> {
    let limited = async {
        let mut work = std::pin::pin!(work);
        if let Ok(ended) = tokio::time::timeout(limit, &mut work).await {
            return Ok(ended);
        }
        if !BEGUN.with(Cell::get) {
            return Err(Problem::unavailable("no answer in time; nothing was changed"));
        }
        let ended = tokio::time::timeout(limit, work).await;
        ended.map_err(|_| {
            let detail = "the database does not say whether the change is kept: look before you ask again";
            Problem::new(StatusCode::GATEWAY_TIMEOUT, detail)
        })
    };
    BEGUN.scope(Cell::new(false), limited).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::response::IntoResponse;
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

    #[tokio::test(start_paused = true)]
    async fn a_limit_drops_what_waits_and_waits_for_what_has_begun() {
        const LIMIT: Duration = Duration::from_secs(30);
        let sleep = |limits: u32| tokio::time::sleep(LIMIT * limits / 4);
        let status = |outcome: Result<Result<u8, Problem>, Problem>| match outcome {
            Ok(Ok(_)) => 200,
            Ok(Err(problem)) | Err(problem) => problem.into_response().status().as_u16(),
        };
        let begun = Arc::new(AtomicUsize::new(0));
        let ask = |waits: u32, works: u32| {
            let begun = Arc::clone(&begun);
            within(LIMIT, async move {
                sleep(waits).await;
                let work = async move {
                    begun.fetch_add(1, Ordering::Relaxed);
                    sleep(works).await;
                    Ok(1)
                };
                to_the_end(work).await
            })
        };
        assert_eq!(status(ask(1, 1).await), 200);
        assert_eq!(status(ask(3, 2).await), 200, "its end is waited for");
        assert_eq!(begun.load(Ordering::Relaxed), 2);
        assert_eq!(status(ask(5, 1).await), 503);
        assert_eq!(begun.load(Ordering::Relaxed), 2, "refused means not begun");
        assert_eq!(status(ask(1, 9).await), 504);
    }
}
