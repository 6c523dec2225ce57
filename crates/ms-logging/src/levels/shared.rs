//! What holds now, and the thread that ends what holds for a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Condvar, Mutex, MutexGuard};
use tracing::dispatcher::{self, Dispatch, WeakDispatch};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::EnvFilter;

use super::directive::directive;
use super::filter::LevelsFilter;
use crate::fork::Home;

#[derive(Debug)]
pub(super) struct Shared {
    configured: EnvFilter,
    pub(super) filter: LevelsFilter,
    changes: Mutex<Changes>,
    pub(super) due: Condvar,
    /// The subscriber that the logger is part of.
    home: Mutex<Option<WeakDispatch>>,
    /// The process that has the thread.
    process: Home,
    /// Whether the crate `log` is bridged, whose own level has to follow.
    bridged: AtomicBool,
}

#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) by_target: BTreeMap<String, Change>,
    /// A thread waits for what is to be reverted.
    pub(super) timed: bool,
    /// None will any more.
    pub(super) closed: bool,
}

/// What was asked for, and what for a time only.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Change {
    pub(super) lasting: Option<LevelFilter>,
    pub(super) timed: Option<(LevelFilter, Instant)>,
}

impl Change {
    pub(super) fn level(&self) -> Option<LevelFilter> {
        self.timed.map(|(level, _)| level).or(self.lasting)
    }

    pub(super) fn until(&self) -> Option<Instant> {
        self.timed.map(|(_, until)| until)
    }
}

impl Changes {
    /// Ends the timed changes that are `over`; `false` if there are none.
    pub(super) fn end(&mut self, over: impl Fn(Instant) -> bool) -> bool {
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
    pub(super) fn new(configured: EnvFilter, follows_spans: bool) -> Self {
        let filter = LevelsFilter::new(configured.clone(), follows_spans);
        Self {
            configured,
            filter,
            changes: Mutex::default(),
            due: Condvar::new(),
            home: Mutex::default(),
            process: Home::here(),
            bridged: AtomicBool::new(false),
        }
    }

    /// The logger has become part of this subscriber.
    pub(super) fn join(&self, home: &Dispatch) {
        *self.home.lock() = Some(home.downgrade());
    }

    /// The changes, to be changed; nothing in a forked process, which has no thread and may have them locked for good.
    pub(super) fn to_change(&self) -> Option<MutexGuard<'_, Changes>> {
        (!self.process.is_elsewhere()).then(|| self.changes.lock())
    }

    /// The changes, unless they were locked at a fork and so stay it.
    pub(super) fn to_read(&self) -> Option<MutexGuard<'_, Changes>> {
        self.process.lock(&self.changes)
    }

    /// From now on the level of the crate `log` follows.
    pub(super) fn bridge(&self) {
        let _in_turn = self.changes.lock();
        self.bridged.store(true, Ordering::Release);
        self.set_log_level();
    }

    /// Ends the thread.
    pub(super) fn close(&self) {
        let Some(mut changes) = self.to_change() else { return };
        changes.closed = true;
        if changes.timed {
            changes.end(|_| true);
            self.apply(&changes);
            self.due.notify_all();
        }
    }

    /// Called with the changes locked, so that the last one is the one that holds.
    pub(super) fn apply(&self, changes: &Changes) {
        let directives =
            changes.by_target.iter().filter_map(|(target, change)| directive(target, change.level()?).ok());
        let filter = directives.fold(self.configured.clone(), EnvFilter::add_directive);
        self.filter.replace(filter);
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

    pub(super) fn keep_time(&self) {
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
