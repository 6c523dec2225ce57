//! Levels that change while the program runs.

mod error;
mod filter;
#[cfg(feature = "level-service")]
mod service;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tracing::dispatcher::{self, Dispatch, WeakDispatch};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{Directive, EnvFilter};

pub use self::error::LevelError;
pub use self::filter::LevelsFilter;
#[cfg(feature = "level-service")]
pub use self::service::{LevelService, ShortToken};
use crate::queue::deadline;

/// How many targets may have a level of their own beside the configured ones.
const MOST: usize = 64;
/// The longest target, in bytes.
const LONGEST: usize = 256;

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

#[derive(Debug)]
struct Shared {
    configured: EnvFilter,
    filter: LevelsFilter,
    changes: Mutex<Changes>,
    due: Condvar,
    /// The subscriber that the logger is part of.
    home: Mutex<Option<WeakDispatch>>,
    /// Whether the crate `log` is bridged, whose own level has to follow.
    bridged: AtomicBool,
}

#[derive(Debug, Default)]
struct Changes {
    by_target: BTreeMap<String, Change>,
    /// A thread waits for what is to be reverted.
    timed: bool,
}

/// What was asked for, and what for a time only.
#[derive(Debug, Clone, Copy, Default)]
struct Change {
    lasting: Option<LevelFilter>,
    timed: Option<(LevelFilter, Instant)>,
}

impl Change {
    fn level(&self) -> Option<LevelFilter> {
        self.timed.map(|(level, _)| level).or(self.lasting)
    }

    fn until(&self) -> Option<Instant> {
        self.timed.map(|(_, until)| until)
    }
}

impl Levels {
    /// `follows_spans`: whether a directive names a span.
    pub(crate) fn new(configured: EnvFilter, follows_spans: bool) -> Self {
        let filter = LevelsFilter::new(configured.clone(), follows_spans);
        let shared = Shared {
            configured,
            filter,
            changes: Mutex::default(),
            due: Condvar::new(),
            home: Mutex::default(),
            bridged: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Has `target` log what is at least as severe as `level`, until it is changed or reverted. Cancels what
    /// [`set_for`](Self::set_for) has asked for the same target.
    ///
    /// # Errors
    ///
    /// - [`LevelError::Target`]: no event can have such a target.
    /// - [`LevelError::TooMany`]: 64 targets are changed already.
    pub fn set(&self, target: &str, level: impl Into<LevelFilter>) -> Result<(), LevelError> {
        let change = Change { lasting: Some(level.into()), timed: None };
        self.change(target, |_| change)
    }

    /// Does so for this long; then what [`set`](Self::set) has asked for, or else the configured level, holds again. A thread
    /// sees to that, so no runtime is needed; it ends with the last such change. A later call replaces level and time.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set), and [`LevelError::Thread`] if the machine has no thread left.
    pub fn set_for(
        &self,
        target: &str,
        level: impl Into<LevelFilter>,
        duration: Duration,
    ) -> Result<(), LevelError> {
        let timed = Some((level.into(), deadline(duration)));
        self.change(target, |before| Change { timed, ..before })
    }

    /// Gives `target` its configured level back; `false` if it has that already.
    pub fn revert(&self, target: &str) -> bool {
        let mut changes = self.shared.changes.lock();
        let reverted = changes.by_target.remove(target).is_some();
        if reverted {
            self.shared.apply(&changes);
        }
        reverted
    }

    /// Gives every target its configured level back.
    pub fn revert_all(&self) {
        let mut changes = self.shared.changes.lock();
        if !changes.by_target.is_empty() {
            changes.by_target.clear();
            self.shared.apply(&changes);
        }
    }

    /// What differs from the configured levels, by target.
    pub fn changes(&self) -> Vec<LevelChange> {
        let now = Instant::now();
        let changes = self.shared.changes.lock();
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
        self.shared.filter.current.read().to_string()
    }

    pub(crate) fn filter(&self) -> LevelsFilter {
        self.shared.filter.clone()
    }

    /// From now on the level of the crate `log` follows.
    pub(crate) fn bridge(&self) {
        let _in_turn = self.shared.changes.lock();
        self.shared.bridged.store(true, Ordering::Release);
        self.shared.set_log_level();
    }

    /// The most that passes.
    pub(crate) fn most(&self) -> LevelFilter {
        self.shared.filter.most()
    }

    /// The logger has become part of this subscriber.
    pub(crate) fn join(&self, home: &Dispatch) {
        *self.shared.home.lock() = Some(home.downgrade());
    }

    /// Ends the thread.
    pub(crate) fn close(&self) {
        let mut changes = self.shared.changes.lock();
        if changes.timed {
            changes.end(|_| true);
            self.shared.apply(&changes);
            self.shared.due.notify_all();
        }
    }

    fn change(&self, target: &str, change: impl FnOnce(Change) -> Change) -> Result<(), LevelError> {
        directive(target, LevelFilter::TRACE)?;
        let mut changes = self.shared.changes.lock();
        let before = changes.by_target.get(target).copied();
        if before.is_none() && changes.by_target.len() >= MOST {
            return Err(LevelError::TooMany { most: MOST });
        }
        let change = change(before.unwrap_or_default());
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

impl Changes {
    /// Ends the timed changes that are `over`; `false` if there are none.
    fn end(&mut self, over: impl Fn(Instant) -> bool) -> bool {
        let mut ended = false;
        for change in self.by_target.values_mut() {
            if change.until().is_some_and(&over) {
                change.timed = None;
                ended = true;
            }
        }
        self.by_target.retain(|_, change| change.level().is_some());
        ended
    }
}

impl Shared {
    /// Called with the changes locked, so that the last one is the one that holds.
    fn apply(&self, changes: &Changes) {
        let directives =
            changes.by_target.iter().filter_map(|(target, change)| directive(target, change.level()?).ok());
        let filter = directives.fold(self.configured.clone(), EnvFilter::add_directive);
        *self.filter.current.write() = filter;
        // With the filter unlocked: every call site asks again. Where there is one subscriber alone tracing asks the current
        // one of this thread, which may be none.
        let home = self.home.lock().as_ref().and_then(WeakDispatch::upgrade);
        match home {
            Some(home) => dispatcher::with_default(&home, tracing::callsite::rebuild_interest_cache),
            None => tracing::callsite::rebuild_interest_cache(),
        }
        self.set_log_level();
    }

    fn set_log_level(&self) {
        if self.bridged.load(Ordering::Acquire) {
            log::set_max_level(tracing_log::AsLog::as_log(&self.filter.most()));
        }
    }

    fn keep_time(&self) {
        let mut changes = self.changes.lock();
        loop {
            let now = Instant::now();
            if changes.end(|until| until <= now) {
                self.apply(&changes);
            }
            let Some(next) = changes.by_target.values().filter_map(Change::until).min() else {
                changes.timed = false;
                return;
            };
            self.due.wait_until(&mut changes, next);
        }
    }
}

/// A target that means something else within a directive, such as a level or two directives, is refused.
pub(crate) fn directive(target: &str, level: LevelFilter) -> Result<Directive, LevelError> {
    if target.is_empty() {
        return Ok(level.into());
    }
    let refused = || LevelError::Target { target: target.chars().take(LONGEST).collect() };
    let is_plain = |character: char| character.is_alphanumeric() || "_-.:".contains(character);
    if target.len() > LONGEST || !target.chars().all(is_plain) {
        return Err(refused());
    }
    format!("{target}={level}").parse().map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_target_and_nothing_more() {
        for good in ["ms_health", "ms_health::check", "my-crate", "a.b", "sağlık", "info"] {
            let made = directive(good, LevelFilter::DEBUG).unwrap();
            assert_eq!(made.to_string(), format!("{good}=debug"));
        }
        let long = "a".repeat(257);
        for bad in ["a,b", "a=b", "[span]", "a[s{x=1}]", "a b", " ", "a\n", "*", ".a", &long] {
            assert!(matches!(directive(bad, LevelFilter::DEBUG), Err(LevelError::Target { .. })), "{bad}");
        }
        assert_eq!(directive("", LevelFilter::OFF).unwrap().to_string(), "off");
    }

    #[test]
    fn what_was_asked_for_lasts_behind_what_holds_for_a_time() {
        let levels = Levels::new(EnvFilter::new("info"), false);
        levels.set("a", LevelFilter::WARN).unwrap();
        levels.set_for("a", LevelFilter::TRACE, Duration::from_secs(3600)).unwrap();
        assert_eq!(levels.directives(), "a=trace,info");
        assert!(levels.shared.changes.lock().end(|_| true));
        assert_eq!(
            levels.changes(),
            [LevelChange { target: "a".into(), level: LevelFilter::WARN, remaining: None }]
        );
        levels.set_for("a", LevelFilter::TRACE, Duration::from_secs(3600)).unwrap();
        levels.set("a", LevelFilter::ERROR).unwrap();
        assert!(!levels.shared.changes.lock().end(|_| true), "a later change cancels the timer");
        assert_eq!(levels.directives(), "a=error,info");
        assert!(levels.revert("a"));
        assert!(!levels.revert("a"));
        assert_eq!(levels.directives(), "info");
    }

    #[test]
    fn there_are_only_so_many_changes() {
        let levels = Levels::new(EnvFilter::new("info"), false);
        for number in 0..MOST {
            levels.set(&format!("t{number}"), LevelFilter::WARN).unwrap();
        }
        assert!(matches!(levels.set("one_more", LevelFilter::WARN), Err(LevelError::TooMany { most: MOST })));
        levels.set("t0", LevelFilter::ERROR).unwrap();
        levels.revert_all();
        assert!(levels.changes().is_empty());
    }
}
