//! Levels that change while the program runs.

mod directive;
mod error;
mod filter;
#[cfg(feature = "level-service")]
mod service;
mod shared;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::dispatcher::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::EnvFilter;

pub(crate) use self::directive::directive;
pub use self::error::LevelError;
pub use self::filter::LevelsFilter;
#[cfg(feature = "level-service")]
pub use self::service::{LevelService, ShortToken};
use self::shared::{Change, Shared};
use crate::queue::deadline;

/// How many targets may have a level of their own beside the configured ones.
const MOST: usize = 64;

/// Changes levels while the program runs; from [`LoggingGuard::levels`](crate::LoggingGuard::levels).
///
/// A change holds for a target and what lies below it, as a directive of the filter does; a longer target goes before. The
/// empty target is the level of everything that no other one names. Clones change the same logger.
///
/// ```
/// use ms_logging::Logging;
/// use std::time::Duration;
/// use tracing::Level;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("medschedule.log");
/// let log = Logging::builder().file(&path).console(false).filter("info").rust_log(false).install()?;
/// let levels = log.levels();
/// tracing::debug!(target: "ms_health", "not seen");
/// levels.set_for("ms_health", Level::DEBUG, Duration::from_secs(600))?;
/// tracing::debug!(target: "ms_health", "seen");
/// levels.revert("ms_health");
/// tracing::debug!(target: "ms_health", "not seen");
/// drop(log);
/// assert_eq!(std::fs::read_to_string(&path)?.lines().count(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Levels {
    shared: Arc<Shared>,
}

/// A level that differs from the configured ones.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LevelChange {
    /// Whose level; empty for everything that no other target names.
    pub target: String,
    /// What is at least this severe passes.
    pub level: LevelFilter,
    /// When it reverts; never by itself if `None`.
    pub remaining: Option<Duration>,
}

impl Levels {
    /// `follows_spans`: whether a directive names a span.
    pub(crate) fn new(configured: EnvFilter, follows_spans: bool) -> Self {
        Self { shared: Arc::new(Shared::new(configured, follows_spans)) }
    }

    /// Has `target` log what is at least as severe as `level`, until it is changed or reverted. Cancels what
    /// [`set_for`](Self::set_for) has asked for the same target.
    ///
    /// # Errors
    ///
    /// - [`LevelError::Target`]: no event can have such a target.
    /// - [`LevelError::TooMany`]: 64 targets are changed already.
    /// - [`LevelError::Forked`]: this process was forked from the one that made the logger.
    pub fn set(&self, target: &str, level: impl Into<LevelFilter>) -> Result<(), LevelError> {
        let change = Change { lasting: Some(level.into()), timed: None };
        self.change(target, |_| change)
    }

    /// Does so for this long; then what [`set`](Self::set) has asked for, or else the configured level, holds again. A thread
    /// sees to that, so no runtime is needed; it ends with the last such change. A later call replaces level and time.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), [`LevelError::Thread`] if the machine has no thread left, and [`LevelError::ShutDown`] once the
    /// logger was shut down.
    pub fn set_for(
        &self,
        target: &str,
        level: impl Into<LevelFilter>,
        duration: Duration,
    ) -> Result<(), LevelError> {
        let timed = Some((level.into(), deadline(duration)));
        self.change(target, |before| Change { timed, ..before })
    }

    /// Gives `target` its configured level back; `false` if it has that already. A forked process reverts nothing.
    pub fn revert(&self, target: &str) -> bool {
        let Some(mut changes) = self.shared.to_change() else { return false };
        let reverted = changes.by_target.remove(target).is_some();
        if reverted {
            self.shared.apply(&changes);
        }
        reverted
    }

    /// Gives every target its configured level back. A forked process reverts nothing.
    pub fn revert_all(&self) {
        let Some(mut changes) = self.shared.to_change() else { return };
        if !changes.by_target.is_empty() {
            changes.by_target.clear();
            self.shared.apply(&changes);
        }
    }

    /// What differs from the configured levels, by target. A process that was forked in the middle of a change cannot tell.
    pub fn changes(&self) -> Vec<LevelChange> {
        let now = Instant::now();
        let Some(changes) = self.shared.to_read() else { return Vec::new() };
        let each = changes.by_target.iter().filter_map(|(target, change)| {
            Some(LevelChange {
                target: target.clone(),
                level: change.level()?,
                remaining: change.until().map(|until| until.saturating_duration_since(now)),
            })
        });
        each.collect()
    }

    /// The directives that hold now, as [`filter`](crate::LoggingBuilder::filter) takes them.
    pub fn directives(&self) -> String {
        self.shared.filter.ask(ToString::to_string)
    }

    pub(crate) fn filter(&self) -> LevelsFilter {
        self.shared.filter.clone()
    }

    /// From now on the level of the crate `log` follows.
    pub(crate) fn bridge(&self) {
        self.shared.bridge();
    }

    /// The most that passes.
    pub(crate) fn most(&self) -> LevelFilter {
        self.shared.filter.most()
    }

    /// The logger has become part of this subscriber.
    pub(crate) fn join(&self, home: &Dispatch) {
        self.shared.join(home);
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        self.shared.close();
    }

    fn change(&self, target: &str, change: impl FnOnce(Change) -> Change) -> Result<(), LevelError> {
        directive(target, LevelFilter::TRACE)?;
        let mut changes = self.shared.to_change().ok_or(LevelError::Forked)?;
        let before = changes.by_target.get(target).copied();
        if before.is_none() && changes.by_target.len() >= MOST {
            return Err(LevelError::TooMany { most: MOST });
        }
        let change = change(before.unwrap_or_default());
        if change.timed.is_some() && changes.closed {
            return Err(LevelError::ShutDown);
        }
        if change.timed.is_some() && !changes.timed {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new().name("ms-logging-levels".to_owned());
            thread.spawn(move || shared.keep_time()).map_err(|source| LevelError::Thread { source })?;
            changes.timed = true;
        }
        changes.by_target.insert(target.to_owned(), change);
        self.shared.apply(&changes);
        self.shared.due.notify_all();
        Ok(())
    }
}

#[cfg(test)]
mod tests;
