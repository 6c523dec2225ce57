//! The life of a service: not ready before it has started, not ready before it stops accepting.

use std::io;

use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::health::HealthCheck;

/// Where the service is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not ready yet: migrations run, caches warm up.
    Starting,
    Serving,
    /// Not ready any more; still serving.
    Draining(Drain),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Drain {
    since: Instant,
    by_signal: bool,
}

impl HealthCheck {
    /// Waits for SIGTERM, SIGINT or [`begin_shutdown`](Self::begin_shutdown), lets readiness fall, waits the drain
    /// period, and resolves: what `with_graceful_shutdown` wants.
    ///
    /// A second signal ends the drain period at once. From the call on (outside a runtime: from the first poll), the
    /// signals no longer end the process by themselves. Where the handlers cannot be installed, an error is logged and only `begin_shutdown` is left.
    ///
    /// # Panics
    ///
    /// In a tokio runtime that was built without its I/O driver (`enable_all`).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future undoes nothing: readiness stays fallen. Any number may wait, in any number of clones.
    ///
    /// ```
    /// use ms_health::HealthCheck;
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), ms_health::BuildError> {
    /// let health = HealthCheck::builder().drain_period(Duration::from_millis(10)).build()?;
    /// let server = tokio::spawn(health.shutdown()); // axum::serve(…).with_graceful_shutdown(health.shutdown())
    /// health.begin_shutdown();
    /// assert!(health.readiness().await.shutting_down());
    /// server.await.expect("resolves after the drain period");
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let health = self.clone();
        let late = self.is_shutting_down();
        // From here on, so that no signal between the call and the first poll ends the process.
        let installed = Handle::try_current().is_ok().then(Signals::install);
        async move {
            let installed = installed.unwrap_or_else(Signals::install);
            let mut signals = installed.inspect_err(|error| {
                tracing::error!(%error, "cannot install the signal handlers; shutdown must be begun by hand");
            });
            let mut phase = health.0.phase.subscribe();
            let begun = async { phase.wait_for(|phase| matches!(phase, Phase::Draining(_))).await.is_ok() };
            let heard = tokio::select! {
                _ = begun => false,
                () = next(&mut signals) => {
                    health.begin(true);
                    true
                }
            };
            let Phase::Draining(Drain { since, by_signal }) = *health.0.phase.borrow() else { return };
            // A signal reaches all who wait, but one of them first: for the others it is not a second one.
            let owed = by_signal && !heard && !late;
            let second = async {
                if owed {
                    next(&mut signals).await;
                }
                next(&mut signals).await;
            };
            // A deadline beyond what the clock can hold is as good as none.
            let Some(end) = since.checked_add(health.0.drain) else { return second.await };
            tokio::select! {
                () = tokio::time::sleep_until(end) => {}
                () = second => tracing::info!("second signal: drain period cut short"),
            }
        }
    }

    /// Lets readiness fall now, as a signal would. Once is enough; there is no way back.
    pub fn begin_shutdown(&self) {
        self.begin(false);
    }

    fn begin(&self, by_signal: bool) {
        let begun = self.0.phase.send_if_modified(|phase| {
            let running = !matches!(phase, Phase::Draining(_));
            if running {
                *phase = Phase::Draining(Drain { since: Instant::now(), by_signal });
            }
            running
        });
        if begun {
            let drain_ms = u64::try_from(self.0.drain.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(drain_ms, "shutting down: not ready any more, still serving");
        }
    }

    /// Tells whether the shutdown has begun.
    pub fn is_shutting_down(&self) -> bool {
        matches!(self.phase(), Phase::Draining(_))
    }

    /// Opens the [`startup_gate`](crate::HealthCheckBuilder::startup_gate): from here on the service may be ready. Once is
    /// enough, and a shutdown that has begun stays.
    pub fn mark_started(&self) {
        let opened = self.0.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Serving;
            }
            starting
        });
        if opened {
            tracing::info!("started: readiness now depends on the checks");
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.0.phase.borrow()
    }
}

async fn next(signals: &mut io::Result<Signals>) {
    match signals {
        Ok(signals) => signals.next().await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
