//! How a check is asked.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::finding::Finding;

/// Something that can be asked how it is; for what has a state of its own or more to say than `Ok` and `Err`.
///
/// ```
/// use ms_health::{Check, Finding, HealthCheck, Probe};
///
/// struct Replica;
///
/// impl Probe for Replica {
///     async fn probe(&self) -> Finding {
///         Finding::degraded("behind").reading("lag_seconds", 40.0)
///     }
/// }
/// let health = HealthCheck::builder().add(Check::of("replica", Replica)).build()?;
/// # Ok::<(), ms_health::BuildError>(())
/// ```
pub trait Probe: Send + Sync + 'static {
    /// Asks once.
    ///
    /// # Cancel safety
    ///
    /// Dropped when the deadline of the check has passed; what it left half done is its own to mend.
    fn probe(&self) -> impl Future<Output = Finding> + Send;
}

/// A [`Probe`] that blocks its thread; it runs on one of its own, as [`Check::blocking`](crate::Check::blocking) does.
pub trait BlockingProbe: Send + Sync + 'static {
    /// Asks once. One that outlives the deadline of its check is left to end by itself.
    fn probe(&self) -> Finding;
}

type AsyncProbe = Arc<dyn Fn() -> BoxFuture<'static, Finding> + Send + Sync>;

/// A probe whose type is forgotten.
#[derive(Clone)]
pub(crate) enum AnyProbe {
    Async(AsyncProbe),
    Blocking(Arc<dyn Fn() -> Finding + Send + Sync>),
}

impl AnyProbe {
    pub(crate) fn of(probe: impl Probe) -> Self {
        let probe = Arc::new(probe);
        Self::Async(Arc::new(move || {
            let probe = Arc::clone(&probe);
            async move { probe.probe().await }.boxed()
        }))
    }

    pub(crate) fn closure<F, R, E>(probe: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        Self::Async(Arc::new(move || probe().map(Finding::from).boxed()))
    }

    pub(crate) fn blocking<E: Display + 'static>(
        probe: impl Fn() -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        Self::Blocking(Arc::new(move || probe().into()))
    }
}

/// Calls an async probe so that a panic in the closure itself, before there is a future, is a panic of the future.
pub(crate) async fn call(probe: AsyncProbe) -> Finding {
    probe().await
}
