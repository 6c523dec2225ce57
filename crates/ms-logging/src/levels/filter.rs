//! The level filter itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use tracing_subscriber::layer::{Context, Filter, Layer};

/// The level filter of a logger, which [`Levels`](crate::Levels) changes while it runs.
///
/// Each call site asks it once, until the next change: what does not pass costs what it costs with a fixed filter.
#[derive(Debug, Clone)]
pub struct LevelsFilter {
    current: Arc<Current>,
    /// Whether spans can raise a level. Without that, spans need not be followed, nor the lock be taken for them.
    follows_spans: bool,
}

/// The filter that holds, and room for the next one: a process forked in the middle of a change finds one that nobody writes.
#[derive(Debug)]
struct Current {
    filters: [RwLock<EnvFilter>; 2],
    /// Whether the second one holds.
    second: AtomicBool,
}

impl Current {
    fn filter(&self, second: bool) -> &RwLock<EnvFilter> {
        let [one, other] = &self.filters;
        if second { other } else { one }
    }
}

impl LevelsFilter {
    pub(super) fn new(filter: EnvFilter, follows_spans: bool) -> Self {
        let filters = [RwLock::new(filter.clone()), RwLock::new(filter)];
        Self { current: Arc::new(Current { filters, second: AtomicBool::new(false) }), follows_spans }
    }

    /// Has another filter hold. One change follows another: who changes holds a lock.
    pub(super) fn replace(&self, filter: EnvFilter) {
        let second = !self.current.second.load(Ordering::Acquire);
        *self.current.filter(second).write() = filter;
        self.current.second.store(second, Ordering::Release);
    }

    /// Reads recursively: what is asked in the middle of a question must not wait for a change that waits for both.
    pub(super) fn ask<R>(&self, question: impl FnOnce(&EnvFilter) -> R) -> R {
        let second = self.current.second.load(Ordering::Acquire);
        question(&self.current.filter(second).read_recursive())
    }

    fn follow(&self, event: impl FnOnce(&EnvFilter)) {
        if self.follows_spans {
            self.ask(event);
        }
    }

    pub(super) fn most(&self) -> LevelFilter {
        self.ask(EnvFilter::max_level_hint).unwrap_or(LevelFilter::TRACE)
    }
}

/// Behind a filter of its own, in a subscriber of somebody else's.
impl<S: Subscriber> Filter<S> for LevelsFilter {
    fn enabled(&self, metadata: &Metadata<'_>, ctx: &Context<'_, S>) -> bool {
        self.ask(|filter| filter.enabled(metadata, ctx.clone()))
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.ask(|filter| Filter::<S>::callsite_enabled(filter, metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.ask(EnvFilter::max_level_hint)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_new_span(attributes, id, ctx));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_record(id, values, ctx));
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_enter(id, ctx));
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_exit(id, ctx));
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_close(id, ctx));
    }
}

/// For the whole of a subscriber.
impl<S: Subscriber> Layer<S> for LevelsFilter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.ask(|filter| Layer::<S>::register_callsite(filter, metadata))
    }

    fn enabled(&self, metadata: &Metadata<'_>, ctx: Context<'_, S>) -> bool {
        self.ask(|filter| filter.enabled(metadata, ctx))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.ask(EnvFilter::max_level_hint)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_new_span(attributes, id, ctx));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_record(id, values, ctx));
    }

    fn on_enter(&self, id: &Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_enter(id, ctx));
    }

    fn on_exit(&self, id: &Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_exit(id, ctx));
    }

    fn on_close(&self, id: Id, ctx: Context<'_, S>) {
        self.follow(|filter| filter.on_close(id, ctx));
    }
}
