//! Which collectors there are, and their start.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Collect, Outcome, Pauses, UserCollector, Worker};
use crate::builder::MetricsBuilder;
use crate::error::BuildError;
use crate::recorder::MetricsRecorder;
use crate::registry::Registry;
#[cfg(feature = "system")]
use crate::system::SystemMetrics;

/// What the builder was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collectors {
    user: Vec<UserCollector>,
    #[cfg(feature = "system")]
    system: Option<Duration>,
    #[cfg(feature = "process")]
    process: bool,
    #[cfg(feature = "runtime")]
    runtime: Option<tokio::runtime::Handle>,
}

/// The threads that read, until this is dropped.
pub(crate) struct Threads {
    #[cfg(feature = "system")]
    _system: Option<SystemMetrics>,
    _workers: Vec<Worker>,
}

/// Those of this library, in whatever build.
const TAKEN: &[&str] = &[
    "cpu",
    "disk",
    "filesystem",
    "filesystem_remote",
    "load",
    "memory",
    "network",
    "process",
    "runtime",
    "uptime",
];

/// How often what costs next to nothing is read: a value that is a second old is as good as new to a scrape, and no
/// scrape waits for it.
const OFTEN: Pauses = Pauses { first: Duration::from_secs(1), then: Duration::from_secs(1) };

impl MetricsBuilder {
    /// Calls `read` at once and then `interval` after each call has ended, at least every 10 ms, on a thread of its own
    /// that may block. The macros of the facade reach these metrics inside.
    ///
    /// `ms_metrics_collector_up{collector="name"}` is 0 while a call takes longer than 2 s and after a panic, which is
    /// counted in `ms_metrics_collector_panics_total`; `ms_metrics_collector_age_seconds` tells how long ago the last
    /// call ended well, or, before one has, the start was. A call that hangs holds up nothing else, and no other is made meanwhile. The thread ends with the
    /// last clone of the metrics. Clones of this builder share the closure.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use metrics::gauge;
    /// use ms_metrics::Metrics;
    ///
    /// # fn connections() -> f64 { 3.0 }
    /// let metrics = Metrics::builder()
    ///     .collector("pool", Duration::from_secs(5), |_| gauge!("pool_connections").set(connections()))
    ///     .build()?;
    /// # while !metrics.render().contains("pool_connections 3\n") {}
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    pub fn collector(
        self,
        name: impl Into<String>,
        interval: Duration,
        mut read: impl FnMut(&MetricsRecorder) + Send + 'static,
    ) -> Self {
        self.user_collector(name.into(), interval, move |recorder| {
            read(recorder);
            Outcome::Read
        })
    }

    /// Calls `read` as [`collector`](Self::collector) does. After an error `ms_metrics_collector_up` is 0 and the age goes on
    /// until a call ends well; the first error of several in a row is logged.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use metrics::gauge;
    /// use ms_metrics::Metrics;
    ///
    /// let metrics = Metrics::builder()
    ///     .try_collector("queue", Duration::from_secs(5), |_| {
    ///         let waiting: f64 = std::fs::read_to_string("/run/queue/length")?.trim().parse()?;
    ///         gauge!("queue_length").set(waiting);
    ///         Ok::<_, Box<dyn std::error::Error>>(())
    ///     })
    ///     .build()?;
    /// # while !metrics.render().contains("ms_metrics_collector_up{collector=\"queue\"} 0") {}
    /// # Ok::<(), ms_metrics::BuildError>(())
    /// ```
    pub fn try_collector<E: fmt::Display>(
        self,
        name: impl Into<String>,
        interval: Duration,
        mut read: impl FnMut(&MetricsRecorder) -> Result<(), E> + Send + 'static,
    ) -> Self {
        let name = name.into();
        let (collector, mut has_failed) = (name.clone(), false);
        self.user_collector(name, interval, move |recorder| {
            let Err(error) = read(recorder) else {
                has_failed = false;
                return Outcome::Read;
            };
            if !std::mem::replace(&mut has_failed, true) {
                tracing::warn!(collector, %error, "collector failed; its last reading stays with its age");
            }
            Outcome::Failed
        })
    }

    fn user_collector(
        mut self,
        name: String,
        interval: Duration,
        read: impl FnMut(&MetricsRecorder) -> Outcome + Send + 'static,
    ) -> Self {
        self.collectors.user.push(UserCollector::new(name, interval, read));
        self
    }

    /// Reads CPU, memory, swap, load, disks, network and uptime of the machine or the container, on threads of their
    /// own. Default no.
    #[cfg(feature = "system")]
    pub fn system(mut self) -> Self {
        self.collectors.system = self.collectors.system.or(Some(SystemMetrics::INTERVAL));
        self
    }

    /// Reads the machine every `interval`, at least every 200 ms; implies [`system`](Self::system). Default 15 s.
    #[cfg(feature = "system")]
    pub fn system_interval(mut self, interval: Duration) -> Self {
        self.collectors.system = Some(interval);
        self
    }

    /// Reads the process itself every second, on a thread of its own: CPU time, memory, file descriptors, threads, start.
    /// Default no.
    #[cfg(feature = "process")]
    pub fn process(mut self) -> Self {
        self.collectors.process = true;
        self
    }

    /// Reads the tokio runtime of `handle` every second, on a thread of its own: workers, tasks, queue, busy time. Inside a
    /// runtime `Handle::current()` is its handle. Called again it replaces the one before. Default none.
    #[cfg(feature = "runtime")]
    pub fn runtime(mut self, handle: tokio::runtime::Handle) -> Self {
        self.collectors.runtime = Some(handle);
        self
    }
}

impl Collectors {
    /// Starts the threads. Those that were started before an error end.
    pub(crate) fn start(self, registry: &Arc<Registry>) -> Result<Threads, BuildError> {
        let mut names = BTreeSet::from_iter(TAKEN.iter().copied());
        let repeated = self.user.iter().find(|user| user.name.is_empty() || !names.insert(&user.name));
        if let Some(UserCollector { name, .. }) = repeated {
            return Err(BuildError::Collector { name: name.clone() });
        }
        let spawn = |thread, pauses, collectors| {
            Worker::spawn(thread, pauses, registry, collectors).map_err(BuildError::Thread)
        };
        let mut workers = Vec::new();
        for user in &self.user {
            let collector = user.with(MetricsRecorder(Arc::clone(registry)));
            workers.push(spawn("ms-metrics-user", user.pauses(), vec![(&user.name, collector)])?);
        }
        #[allow(unused_mut, reason = "no feature may add one")]
        let mut cheap: Vec<(&str, Box<dyn Collect>)> = Vec::new();
        #[cfg(feature = "process")]
        if self.process {
            cheap.push(("process", Box::new(crate::process::Process::new(registry))));
        }
        #[cfg(feature = "runtime")]
        if let Some(handle) = self.runtime {
            cheap.push(("runtime", Box::new(crate::runtime::Runtime::new(registry, handle))));
        }
        if !cheap.is_empty() {
            workers.push(spawn("ms-metrics-proc", OFTEN, cheap)?);
        }
        #[cfg(feature = "system")]
        let system = self.system.map(|interval| SystemMetrics::spawn(registry, interval)).transpose();
        Ok(Threads {
            #[cfg(feature = "system")]
            _system: system.map_err(BuildError::Thread)?,
            _workers: workers,
        })
    }
}
