//! Which layer counts, or times, a request that passes several.
//!
//! A mark in the extensions of the request would tell the layers inside, but may allocate, and costs as much as the rest
//! of the look-up. So a request is marked only where it may pass two layers:
//!
//! - while more than one layer of the same `Metrics` is alive;
//! - for good once a layer was seen inside another. Cloning a service clones those inside: a service of ours that is cloned
//!   while another one is stands inside that;
//! - in the first call of a service that is no clone.

use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::LocalKey;

use http::Extensions;

/// What the outermost of the layers that do it does once for a request. The layers of one work know nothing of those of
/// another, nor those of one `Metrics` of those of another.
pub(crate) trait Work: Clone + Default + Send + Sync + 'static {
    /// A layer was seen inside another, or inside a clone of itself.
    fn nested() -> &'static AtomicBool;

    fn running() -> &'static LocalKey<Cell<Running>>;
}

/// Each has statics of its own: those of a generic function would be one for all.
macro_rules! work {
    ($(#[$doc:meta] $work:ident),*) => {$(
        #[$doc]
        #[derive(Clone, Copy, Default)]
        pub(crate) struct $work;

        impl Work for $work {
            #[inline]
            fn nested() -> &'static AtomicBool {
                static NESTED: AtomicBool = AtomicBool::new(false);
                &NESTED
            }

            #[inline]
            fn running() -> &'static LocalKey<Cell<Running>> {
                thread_local! {
                    static RUNNING: Cell<Running> = const { Cell::new(Running::Nothing) };
                }
                &RUNNING
            }
        }
    )*};
}

work! {
    /// That of [`HttpMetricsLayer`](super::HttpMetricsLayer).
    Counting,
    /// That of [`EndpointLatencyLayer`](super::EndpointLatencyLayer).
    Timing,
    /// That of [`RequestBodyLayer`](super::RequestBodyLayer).
    Sizing
}

/// Of a `Metrics`: where what its layers share lies, while one of them is alive.
type Identity = usize;

/// In the extensions of a request it tells the layers inside whose work is done.
#[derive(Clone)]
struct Mark<W> {
    first: Identity,
    /// Hardly ever any, and so hardly ever allocated.
    others: Vec<Identity>,
    work: PhantomData<W>,
}

impl<W> Mark<W> {
    /// Tells whether it was there.
    fn add(&mut self, identity: Identity) -> bool {
        let there = self.first == identity || self.others.contains(&identity);
        if !there {
            self.others.push(identity);
        }
        there
    }
}

/// What a service of ours is letting run on this thread.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Running {
    Nothing,
    /// A clone being made, which only reaches services that stand inside.
    Cloning,
    /// Its own request, unmarked; the `Metrics` is that of its layer.
    Call(Identity),
    /// The future, or a call whose request is marked.
    Poll,
}

/// Lets something run until it is dropped.
pub(super) struct Entered<W: Work> {
    before: Running,
    work: PhantomData<W>,
}

impl<W: Work> Entered<W> {
    #[inline]
    pub(super) fn new(running: Running) -> Self {
        // A thread that is ending has no such value; then nothing is seen.
        let before = W::running().try_with(|now| now.replace(running)).unwrap_or(Running::Nothing);
        if (before, running) == (Running::Cloning, Running::Cloning) {
            W::nested().store(true, Ordering::Relaxed);
        }
        Self { before, work: PhantomData }
    }
}

impl<W: Work> Drop for Entered<W> {
    #[inline]
    fn drop(&mut self) {
        let _ = W::running().try_with(|now| now.set(self.before));
    }
}

/// The layers of one `Metrics` that are alive, each once however many clones it has.
#[derive(Clone, Default)]
pub(crate) struct Layers<W> {
    alive: Arc<AtomicUsize>,
    work: PhantomData<W>,
}

/// One of them.
pub(super) struct Alive<W>(Layers<W>);

impl<W: Work> Layers<W> {
    pub(super) fn join(&self) -> Alive<W> {
        self.alive.fetch_add(1, Ordering::Relaxed);
        Alive(self.clone())
    }
}

impl<W: Work> Alive<W> {
    fn identity(&self) -> Identity {
        Arc::as_ptr(&self.0.alive).addr()
    }

    #[inline]
    fn is_alone(&self) -> bool {
        self.0.alive.load(Ordering::Relaxed) == 1 && !W::nested().load(Ordering::Relaxed)
    }
}

impl<W> Drop for Alive<W> {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a layer does with a request.
pub(super) struct Pass {
    /// No layer outside does the work for it.
    pub(super) outermost: bool,
    /// While the service inside is called.
    pub(super) running: Running,
}

impl Pass {
    /// Decides for a service of which it is known, or not, whether it has another one directly inside.
    #[inline]
    pub(super) fn of<W: Work>(layer: &Alive<W>, known: bool, extensions: &mut Extensions) -> Self {
        let outside = W::running().try_with(Cell::get).unwrap_or(Running::Nothing);
        if known && outside == Running::Nothing && layer.is_alone() {
            return Self { outermost: true, running: Running::Call(layer.identity()) };
        }
        Self { outermost: Self::mark(layer, outside, extensions), running: Running::Poll }
    }

    #[cold]
    fn mark<W: Work>(layer: &Alive<W>, outside: Running, extensions: &mut Extensions) -> bool {
        let identity = layer.identity();
        let marked = if let Some(mark) = extensions.get_mut::<Mark<W>>() {
            mark.add(identity)
        } else {
            extensions.insert(Mark::<W> { first: identity, others: Vec::new(), work: PhantomData });
            false
        };
        let inside = matches!(outside, Running::Call(_) | Running::Poll);
        if marked || inside {
            W::nested().store(true, Ordering::Relaxed);
        }
        // What a service calls at once is most likely what it was called with; what its future calls without a mark is
        // a request of its own.
        !marked && outside != Running::Call(identity)
    }
}
