//! One check: what to run, and how much it may take.

use std::fmt::{self, Display};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::error::BuildError;
use crate::report::Reading;
use crate::status::Status;

const LONGEST_NAME: usize = 64;
/// A year: as good as for ever, and no clock overflows.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Keys of the report itself.
const RESERVED: [&str; 3] = ["status", "starting", "shutting_down"];
/// The origin's key for the machine; only `SystemCheck` has its shape.
pub(crate) const SYSTEM: &str = "system";

/// A named check with its options.
///
/// | option | default |
/// |---|---|
/// | [`deadline`](Self::deadline) | 1 s |
/// | [`ttl`](Self::ttl) | 1 s |
/// | [`critical`](Self::critical) | no |
/// | [`failure_threshold`](Self::failure_threshold) | 1 |
/// | [`success_threshold`](Self::success_threshold) | 1 |
///
/// ```
/// use ms_health::{Check, HealthCheck};
/// use std::time::Duration;
///
/// # async fn ping() -> Result<(), std::io::Error> { Ok(()) }
/// let database = Check::new("database", ping).critical().deadline(Duration::from_millis(500));
/// let disk = Check::blocking("uploads", || std::fs::metadata("/").map(drop)).failure_threshold(3);
/// let health = HealthCheck::builder().add(database).add(disk).build()?;
/// # Ok::<(), ms_health::BuildError>(())
/// ```
#[must_use = "a check does nothing until it is added"]
pub struct Check {
    pub(crate) name: Arc<str>,
    pub(crate) probe: Probe,
    pub(crate) critical: bool,
    pub(crate) deadline: Duration,
    pub(crate) ttl: Duration,
    pub(crate) failure_threshold: u32,
    pub(crate) success_threshold: u32,
}

/// How a check is asked.
#[derive(Clone)]
pub(crate) enum Probe {
    Async(Arc<dyn Fn() -> BoxFuture<'static, Finding> + Send + Sync>),
    Blocking(Arc<dyn Fn() -> Finding + Send + Sync>),
}

/// What a probe found, in its own words.
pub(crate) struct Finding {
    pub(crate) status: Status,
    /// Not yet redacted.
    pub(crate) error: Option<String>,
    pub(crate) readings: Vec<Reading>,
}

impl Finding {
    fn of<E: Display>(result: Result<(), E>) -> Self {
        match result {
            Ok(()) => Self { status: Status::Healthy, error: None, readings: Vec::new() },
            Err(error) => {
                Self { status: Status::Unhealthy, error: Some(error.to_string()), readings: Vec::new() }
            }
        }
    }
}

impl Check {
    /// Makes a check of an async closure.
    ///
    /// The future is dropped when the deadline has passed. It runs on the caller's runtime, so it must not block: use
    /// [`Check::blocking`] for what does. A panic is this check's failure and nobody else's.
    pub fn new<F, R, E>(name: impl Into<String>, probe: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        Self::of_probe(name, Probe::Async(Arc::new(move || probe().map(Finding::of).boxed())))
    }

    /// Makes a check of a closure that blocks its thread.
    ///
    /// It runs on tokio's threads for blocking work. A thread cannot be stopped: one that hangs past its deadline is
    /// left to end by itself, and the check stays failed without a second thread until it has.
    pub fn blocking<F, E>(name: impl Into<String>, probe: F) -> Self
    where
        F: Fn() -> Result<(), E> + Send + Sync + 'static,
        E: Display + 'static,
    {
        Self::of_probe(name, Probe::Blocking(Arc::new(move || Finding::of(probe()))))
    }

    pub(crate) fn of_probe(name: impl Into<String>, probe: Probe) -> Self {
        Self {
            name: name.into().into(),
            probe,
            critical: false,
            deadline: Duration::from_secs(1),
            ttl: Duration::from_secs(1),
            failure_threshold: 1,
            success_threshold: 1,
        }
    }

    /// Makes the whole service unhealthy, and not ready, when this check fails. Otherwise it is only degraded.
    pub fn critical(mut self) -> Self {
        self.critical = true;
        self
    }

    /// Fails the check when it has not answered within `deadline`. Default 1 s.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(LONGEST);
        self
    }

    /// Answers from the last result, good or bad, until it is `ttl` old. Default 1 s; zero asks for every probe.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl.min(LONGEST);
        self
    }

    /// Reports a failure only after `runs` failed runs on end. Default 1. The very first run always counts.
    pub fn failure_threshold(mut self, runs: u32) -> Self {
        self.failure_threshold = runs;
        self
    }

    /// Reports a recovery only after `runs` good runs on end. Default 1.
    pub fn success_threshold(mut self, runs: u32) -> Self {
        self.success_threshold = runs;
        self
    }

    /// Says what is wrong with the options; `system` tells whether the name of the machine's check is allowed.
    pub(crate) fn validate(&self, system: bool) -> Result<(), BuildError> {
        let name = || self.name.to_string();
        if self.name.is_empty() || self.name.len() > LONGEST_NAME || self.name.chars().any(char::is_control) {
            return Err(BuildError::InvalidName { name: name() });
        }
        if RESERVED.contains(&&*self.name) || (&*self.name == SYSTEM && !system) {
            return Err(BuildError::Reserved { name: name() });
        }
        if self.deadline.is_zero() {
            return Err(BuildError::ZeroDeadline { name: name() });
        }
        if self.failure_threshold == 0 || self.success_threshold == 0 {
            return Err(BuildError::ZeroThreshold { name: name() });
        }
        Ok(())
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check")
            .field("name", &self.name)
            .field("critical", &self.critical)
            .field("deadline", &self.deadline)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}

/// Calls an async probe so that a panic in the closure itself, before there is a future, is a panic of the future.
pub(crate) async fn call(probe: Arc<dyn Fn() -> BoxFuture<'static, Finding> + Send + Sync>) -> Finding {
    probe().await
}
