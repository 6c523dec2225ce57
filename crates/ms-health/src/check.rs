//! One check: what to run, and how much it may take.

use std::fmt::{self, Display};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::error::BuildError;
use crate::finding::Finding;
use crate::probe::{AnyProbe, BlockingProbe, Probe};

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
/// | [`max_age`](Self::max_age) | TTL + deadline + 50 ms; twice the interval more with `background` |
/// | [`tag`](Self::tag), [`description`](Self::description) | none |
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
    pub(crate) probe: AnyProbe,
    pub(crate) critical: bool,
    pub(crate) deadline: Duration,
    pub(crate) ttl: Duration,
    pub(crate) failure_threshold: u32,
    pub(crate) success_threshold: u32,
    pub(crate) max_age: Option<Duration>,
    pub(crate) tags: Vec<Arc<str>>,
    pub(crate) description: Option<Arc<str>>,
}

impl Check {
    /// Makes a check of an async closure.
    ///
    /// The future is dropped when the deadline has passed. It runs on the caller's runtime, so it must not block: use
    /// [`Check::blocking`] for what does. One that blocks by mistake holds up a runtime of a single thread; on a
    /// multi-threaded one, of one worker too, the others go on. A panic is this check's failure and nobody else's.
    pub fn new<F, R, E>(name: impl Into<String>, probe: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + 'static,
    {
        Self::of_probe(name, AnyProbe::closure(probe))
    }

    /// Makes a check of a closure that blocks its thread.
    ///
    /// It runs on a thread of its own, inside the runtime's context. A thread cannot be stopped: one that hangs past its
    /// deadline is left to end by itself, and the check stays failed without a second thread until it has. It keeps no
    /// runtime and no process from ending. Under tokio's paused clock its time does not pass by itself.
    pub fn blocking<F, E>(name: impl Into<String>, probe: F) -> Self
    where
        F: Fn() -> Result<(), E> + Send + Sync + 'static,
        E: Display + 'static,
    {
        Self::of_probe(name, AnyProbe::blocking(probe))
    }

    /// Makes a check of a [`Probe`].
    pub fn of(name: impl Into<String>, probe: impl Probe) -> Self {
        Self::of_probe(name, AnyProbe::of(probe))
    }

    /// Makes a check of a [`BlockingProbe`].
    pub fn of_blocking(name: impl Into<String>, probe: impl BlockingProbe) -> Self {
        Self::of_probe(name, AnyProbe::Blocking(Arc::new(move || probe.probe())))
    }

    /// Holds the place of a check that has yet to be written: it is `unknown`, never silently fine.
    pub fn not_implemented(name: impl Into<String>) -> Self {
        struct NotImplemented;
        impl Probe for NotImplemented {
            async fn probe(&self) -> Finding {
                Finding::unknown("not implemented")
            }
        }
        Self::of(name, NotImplemented)
    }

    pub(crate) fn of_probe(name: impl Into<String>, probe: AnyProbe) -> Self {
        Self {
            name: name.into().into(),
            probe,
            critical: false,
            deadline: Duration::from_secs(1),
            ttl: Duration::from_secs(1),
            failure_threshold: 1,
            success_threshold: 1,
            max_age: None,
            tags: Vec::new(),
            description: None,
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

    /// Calls the check `unknown` once its last answer is older than `age`, whatever keeps it from running. Default: TTL,
    /// deadline and 50 ms, so that no probe is told an older one; with
    /// [`background`](crate::HealthCheckBuilder::background) twice the interval more.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age.min(LONGEST));
        self
    }

    /// Adds a word to select checks by: [`group`](crate::HealthCheckBuilder::group) takes names and tags. Shown in details.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into().into());
        self
    }

    /// Says in a sentence what the check is about, for whoever is woken by it. Shown in details.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into().into());
        self
    }

    /// Says what is wrong with the options; `system` tells whether the name of the machine's check is allowed.
    pub(crate) fn validate(&self, system: bool) -> Result<(), BuildError> {
        let name = || self.name.to_string();
        validate_name(&self.name)?;
        if &*self.name == SYSTEM && !system {
            return Err(BuildError::Reserved { name: name() });
        }
        if self.max_age.is_some_and(|age| age.is_zero()) {
            return Err(BuildError::ZeroMaxAge { name: name() });
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

/// Says whether `name` can be a key of the report and a part of a line.
pub(crate) fn validate_name(name: &str) -> Result<(), BuildError> {
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(BuildError::InvalidName { name: name.to_owned() });
    }
    if RESERVED.contains(&name) {
        return Err(BuildError::Reserved { name: name.to_owned() });
    }
    Ok(())
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
