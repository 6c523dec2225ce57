//! The whole way down: readiness, drain, requests, then what must be flushed; each step bounded and logged.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::health::HealthCheck;

/// Ends a service in order: on SIGTERM readiness falls, the drain period passes, the server stops accepting, requests
/// end, then the steps run one after the other. None takes longer than it may, each is a line in the log.
///
/// ```
/// use ms_health::{HealthCheck, Shutdown};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ms_health::BuildError> {
/// let health = HealthCheck::builder().drain_period(Duration::from_millis(10)).build()?;
/// # health.begin_shutdown();
/// let ended = Shutdown::new(&health)
///     .requests(Duration::from_secs(10))
///     .step("alerts", Duration::from_secs(5), async { /* alerts.shutdown(limit).await */ })
///     .blocking_step("log", Duration::from_secs(5), || { /* log.flush(limit) */ })
///     // .serve(|signal| axum::serve(listener, app).with_graceful_shutdown(signal))
///     .serve(|signal| signal)
///     .await;
/// assert!(ended.server.is_some() && ended.unfinished.is_empty());
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is served until `serve`"]
pub struct Shutdown {
    health: HealthCheck,
    requests: Duration,
    steps: Vec<Step>,
}

struct Step {
    name: String,
    limit: Duration,
    work: BoxFuture<'static, Result<(), Unfinished>>,
}

/// Why a step did not come to its end.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    #[error("it panicked")]
    Panicked,
    #[error("no thread for it: {0}")]
    NoThread(io::Error),
    #[error("not within its limit")]
    Late,
}

/// What a server waits for before it stops accepting: `with_graceful_shutdown(signal)`.
pub struct ShutdownSignal(BoxFuture<'static, ()>);

/// How a service ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Ended<R> {
    /// What the server returned; `None` if requests were cut off at their limit.
    pub server: Option<R>,
    /// The steps that passed their limit, panicked or got no thread.
    pub unfinished: Vec<String>,
}

impl Shutdown {
    /// Starts with no steps.
    pub fn new(health: &HealthCheck) -> Self {
        Self { health: health.clone(), requests: Duration::from_secs(10), steps: Vec::new() }
    }

    /// Cuts requests off that run so long after the server stopped accepting. Default 10 s.
    pub fn requests(mut self, limit: Duration) -> Self {
        self.requests = limit;
        self
    }

    /// Adds what must come to its end after the last request, in the order of the calls. Past `limit` it is dropped.
    pub fn step(
        self,
        name: impl Into<String>,
        limit: Duration,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        // A panic of one step must not keep the next from flushing.
        let work = std::panic::AssertUnwindSafe(work).catch_unwind();
        self.push(name.into(), limit, work.map(|ended| ended.map_err(|_| Unfinished::Panicked)).boxed())
    }

    /// Adds a step that blocks its thread; past `limit` it is left alone.
    pub fn blocking_step(
        self,
        name: impl Into<String>,
        limit: Duration,
        work: impl FnOnce() + Send + 'static,
    ) -> Self {
        let thread = std::thread::Builder::new().name("shutdown".to_owned());
        self.push(name.into(), limit, in_thread(thread, work).boxed())
    }

    fn push(
        mut self,
        name: String,
        limit: Duration,
        work: BoxFuture<'static, Result<(), Unfinished>>,
    ) -> Self {
        self.steps.push(Step { name, limit, work });
        self
    }

    /// Makes the server with the signal it is to wait for, lets it serve until it has ended or been cut off, then runs
    /// the steps. They run as well if the server ends by itself.
    ///
    /// # Panics
    ///
    /// As [`HealthCheck::shutdown`] does.
    ///
    /// # Cancel safety
    ///
    /// Dropped, the server is dropped and the steps that have not begun never run.
    pub async fn serve<S: IntoFuture>(self, server: impl FnOnce(ShutdownSignal) -> S) -> Ended<S::Output> {
        let (signal, drained) = (self.health.shutdown(), self.health.shutdown());
        let mut serving = pin!(server(ShutdownSignal(signal.boxed())).into_future());
        let cut_off = async {
            drained.await;
            tokio::time::sleep(self.requests).await;
        };
        let server = tokio::select! {
            output = &mut serving => Some(output),
            () = cut_off => {
                let limit_ms = milliseconds(self.requests);
                tracing::warn!(limit_ms, "shutdown: requests were cut off");
                None
            }
        };
        // A server that ended by itself is as little ready as one that was told to.
        self.health.begin_shutdown();
        let mut unfinished = Vec::new();
        for step in self.steps {
            if let Err(name) = step.run().await {
                unfinished.push(name);
            }
        }
        Ended { server, unfinished }
    }
}

impl Step {
    async fn run(self) -> Result<(), String> {
        let begun = Instant::now();
        let ended = tokio::time::timeout(self.limit, self.work).await;
        let took_ms = milliseconds(begun.elapsed());
        let step = &*self.name;
        let Err(why) = ended.unwrap_or(Err(Unfinished::Late)) else {
            tracing::info!(step, took_ms, "shutdown: done");
            return Ok(());
        };
        tracing::error!(step, took_ms, %why, "shutdown: not done");
        Err(self.name)
    }
}

async fn in_thread(
    thread: std::thread::Builder,
    work: impl FnOnce() + Send + 'static,
) -> Result<(), Unfinished> {
    let (done, ended) = oneshot::channel();
    let work = move || {
        work();
        // Whoever waited may be gone.
        let _ = done.send(());
    };
    thread.spawn(work).map_err(Unfinished::NoThread)?;
    ended.await.map_err(|_| Unfinished::Panicked)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Future for ShutdownSignal {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ShutdownSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownSignal").finish_non_exhaustive()
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.steps.iter().map(|step| &step.name).collect();
        f.debug_struct("Shutdown")
            .field("requests", &self.requests)
            .field("steps", &steps)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_without_a_thread_is_told_from_one_that_panicked() {
        // No machine has room for such a stack.
        let thread = std::thread::Builder::new().stack_size(usize::MAX / 4);
        let refused = in_thread(thread, || ()).await.unwrap_err();
        assert!(matches!(refused, Unfinished::NoThread(_)), "{refused}");
        let panicked = in_thread(std::thread::Builder::new(), || panic!("in a step")).await.unwrap_err();
        assert!(matches!(panicked, Unfinished::Panicked), "{panicked}");
        assert!(in_thread(std::thread::Builder::new(), || ()).await.is_ok());
    }
}
