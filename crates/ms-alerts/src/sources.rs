//! The sources of a running manager: read at once, and none waited for too long.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use parking_lot::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use crate::observe;
use crate::samples::{Reading, Samples, Source};
#[cfg(feature = "rules")]
use crate::unseen::Unseen;

/// How many are read at once.
const AT_ONCE: usize = 64;
/// How long an evaluation waits for all of them together.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it waits for one whose last reading failed.
const IMPATIENCE: Duration = Duration::from_secs(1);

/// What a source gave; the error is for people.
pub(crate) type Read = Result<Box<dyn Reading>, String>;

#[derive(Debug)]
pub(crate) struct Sources(Vec<Arc<Watched>>);

#[derive(Debug)]
struct Watched {
    source: Arc<Source>,
    name: String,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// A reading that was not waited for any longer. There is no second one beside it.
    late: Option<Late>,
    /// The last reading that ended was none.
    failed: bool,
    /// The last evaluation went without it.
    missed: bool,
    /// The metrics that it had when it was seen last.
    #[cfg(feature = "rules")]
    metrics: Option<HashSet<String>>,
}

struct Late(JoinHandle<Read>);

impl Sources {
    /// Of several of one name, all but the first are numbered.
    pub(crate) fn new(sources: Vec<Source>) -> Self {
        let mut names = HashSet::new();
        let watched = sources.into_iter().map(|source| {
            let numbered = (2..).map(|number| format!("{}-{number}", source.name()));
            let mut free = std::iter::once(source.name().to_owned()).chain(numbered);
            let name = free.find(|name| !names.contains(name)).unwrap_or_default();
            names.insert(name.clone());
            Arc::new(Watched { source: Arc::new(source), name, progress: Mutex::default() })
        });
        Self(watched.collect())
    }

    /// Reads all of them, on threads for blocking work, within ten seconds.
    ///
    /// Those that failed before come last: they must not keep others waiting.
    ///
    /// # Cancel safety
    ///
    /// Readings go on to their end and are forgotten.
    pub(crate) async fn read(&self) -> Vec<Read> {
        let start = Instant::now();
        let mut order: Vec<(usize, Arc<Watched>)> = self.0.iter().cloned().enumerate().collect();
        order.sort_by_key(|(_, watched)| watched.progress.lock().failed);
        let readings =
            order.into_iter().map(|(place, watched)| async move { (place, watched.read(start).await) });
        let mut read: Vec<_> = stream::iter(readings).buffer_unordered(AT_ONCE).collect().await;
        read.sort_by_key(|(place, _)| *place);
        read.into_iter().map(|(_, reading)| reading).collect()
    }

    /// Gives the samples of each, and whether a page is up; tells of those that failed.
    pub(crate) fn samples<'r>(&self, read: &'r [Read]) -> Vec<Option<Samples<'r>>> {
        let samples = self.0.iter().zip(read).map(|(watched, read)| {
            let samples = read.as_ref().map_err(Clone::clone).and_then(|reading| reading.samples());
            watched.tell(samples.as_ref().err().map(String::as_str));
            #[cfg(feature = "rules")]
            if let Ok(samples) = &samples {
                watched.progress.lock().remember(samples);
            }
            samples.ok()
        });
        samples.collect()
    }

    /// Gives which pages are up, as an exposition.
    pub(crate) fn up(&self, samples: &[Option<Samples<'_>>]) -> String {
        let both = self.0.iter().zip(samples);
        let up = both.filter_map(|(watched, samples)| Some((watched.source.instance()?, samples.is_some())));
        up.map(|(instance, is_up)| format!("up{{instance={instance:?}}} {}\n", u8::from(is_up))).collect()
    }

    /// Gives what cannot be seen.
    #[cfg(feature = "rules")]
    pub(crate) fn unseen(&self, samples: &[Option<Samples<'_>>]) -> Unseen {
        let mut unseen = Unseen::default();
        let failed = self.0.iter().zip(samples).filter(|(_, samples)| samples.is_none());
        failed.for_each(|(watched, _)| unseen.add(watched.progress.lock().metrics.as_ref()));
        unseen
    }
}

impl Watched {
    async fn read(&self, start: Instant) -> Read {
        let late = self.progress.lock().late.take();
        if let Some(Late(late)) = late {
            if !late.is_finished() {
                self.progress.lock().late = Some(Late(late));
                return Err("it has not answered yet".to_owned());
            }
            // Too late to be of use, but it is waited for again if it answered.
            self.progress.lock().failed = !matches!(late.await, Ok(Ok(_)));
        }
        let patience = if self.progress.lock().failed { IMPATIENCE } else { PATIENCE };
        let source = Arc::clone(&self.source);
        let mut reading = spawn_blocking(move || source.read());
        let read = match timeout_at(start + patience, &mut reading).await {
            Ok(Ok(read)) => read,
            Ok(Err(_panic)) => Err("it panicked".to_owned()),
            Err(_elapsed) => {
                self.progress.lock().late = Some(Late(reading));
                return Err(format!("no answer within {} s", patience.as_secs()));
            }
        };
        self.progress.lock().failed = read.is_err();
        read
    }

    /// Each failure is counted, and the first of several on end is logged.
    fn tell(&self, problem: Option<&str>) {
        observe::source(&self.name, problem.is_none());
        let missed_before = std::mem::replace(&mut self.progress.lock().missed, problem.is_some());
        let source = &self.name;
        match problem {
            Some(problem) => {
                observe::evaluation_failed("source");
                if !missed_before {
                    tracing::error!(source, problem, "metrics cannot be read");
                }
            }
            None if missed_before => tracing::info!(source, "metrics can be read again"),
            None => {}
        }
    }
}

#[cfg(feature = "rules")]
impl Progress {
    /// Seldom anything changes.
    fn remember(&mut self, samples: &Samples<'_>) {
        let known = self.metrics.get_or_insert_default();
        if samples.names().count() != known.len() || !samples.names().all(|name| known.contains(name)) {
            *known = samples.names().map(str::to_owned).collect();
        }
    }
}

impl std::fmt::Debug for Late {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Late")
    }
}

#[cfg(test)]
mod tests;
