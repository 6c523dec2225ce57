//! Which layer counts a request that passes several.
//!
//! A mark in the extensions of the request would tell the layers inside, but may allocate, and costs as much as the rest
//! of the look-up. So a request is marked only where it may pass two layers:
//!
//! - while more than one layer of the same `Metrics` is alive;
//! - for good once a layer was seen inside another. Cloning a service clones those inside: a service of ours that is cloned
//!   while another one is stands inside that;
//! - in the first call of a service that is no clone.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use http::Extensions;

/// A layer was seen inside another, or inside a clone of itself.
static NESTED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static RUNNING: Cell<Running> = const { Cell::new(Running::Nothing) };
}

/// What a service of ours is letting run on this thread.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Running {
    Nothing,
    /// A clone being made, which only reaches services that stand inside.
    Cloning,
    /// Its own request, unmarked.
    Call,
    /// The future, or a call whose request is marked.
    Poll,
}

/// Lets something run until it is dropped.
pub(super) struct Entered {
    before: Running,
}

impl Entered {
    #[inline]
    pub(super) fn new(running: Running) -> Self {
        // A thread that is ending has no such value; then nothing is seen.
        let before = RUNNING.try_with(|now| now.replace(running)).unwrap_or(Running::Nothing);
        if (before, running) == (Running::Cloning, Running::Cloning) {
            NESTED.store(true, Ordering::Relaxed);
        }
        Self { before }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        let _ = RUNNING.try_with(|now| now.set(self.before));
    }
}

/// The layers of one `Metrics` that are alive, each once however many clones it has.
#[derive(Clone, Default)]
pub(crate) struct Layers(Arc<AtomicUsize>);

/// One of them.
pub(super) struct Alive(Layers);

impl Layers {
    pub(super) fn join(&self) -> Alive {
        self.0.fetch_add(1, Ordering::Relaxed);
        Alive(self.clone())
    }
}

impl Alive {
    pub(super) fn layers(&self) -> &Layers {
        &self.0
    }

    #[inline]
    fn is_alone(&self) -> bool {
        self.0.0.load(Ordering::Relaxed) == 1 && !NESTED.load(Ordering::Relaxed)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells the layers inside that a request is being counted.
#[derive(Clone, Copy)]
struct Counted;

/// What a layer does with a request.
pub(super) struct Pass {
    /// No layer outside is counting it.
    pub(super) outermost: bool,
    /// While the service inside is called.
    pub(super) running: Running,
}

impl Pass {
    /// Decides for a service of which it is known, or not, whether it has another one directly inside.
    #[inline]
    pub(super) fn of(layer: &Alive, known: bool, extensions: &mut Extensions) -> Self {
        let outside = RUNNING.try_with(Cell::get).unwrap_or(Running::Nothing);
        if known && outside == Running::Nothing && layer.is_alone() {
            return Self { outermost: true, running: Running::Call };
        }
        Self { outermost: Self::mark(outside, extensions), running: Running::Poll }
    }

    #[cold]
    fn mark(outside: Running, extensions: &mut Extensions) -> bool {
        let marked = extensions.insert(Counted).is_some();
        let inside = matches!(outside, Running::Call | Running::Poll);
        if marked || inside {
            NESTED.store(true, Ordering::Relaxed);
        }
        // What a service calls at once is most likely what it was called with; what its future calls without a mark is
        // a request of its own.
        !marked && outside != Running::Call
    }
}
