//! Copies for threads, so that no thread writes a cache line of another one's.
//!
//! Whoever takes a request along counts as a holder of what it needs, and that count is written. So there are a few
//! copies of what is held, each with its own count, and a thread takes its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// Threads past so many share copies.
pub(super) const COPIES: usize = 16;

/// Gives the number of this thread's copy, less than [`COPIES`].
#[inline]
pub(super) fn own() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(COPIES) };
    }
    let number = |own: &Cell<usize>| {
        if own.get() == COPIES {
            own.set(THREADS.fetch_add(1, Ordering::Relaxed) % COPIES);
        }
        own.get()
    };
    // A thread that is ending has none any more.
    OWN.try_with(number).unwrap_or(0)
}

/// A value that is shared with its clones, each of which counts as a holder of a copy of the thread that made it.
pub(super) struct PerThread<T> {
    copy: Arc<Copy<T>>,
    /// Who keeps all of them; a clone whose thread's has gone stays with what it was cloned from.
    _copies: Option<Arc<[Arc<Copy<T>>]>>,
}

/// Alone on its cache lines, of which processors fetch two at a time.
#[repr(align(128))]
struct Copy<T>(Arc<Common<T>>);

struct Common<T> {
    value: Arc<T>,
    copies: OnceLock<Box<[Weak<Copy<T>>]>>,
}

impl<T> PerThread<T> {
    pub(super) fn new(value: Arc<T>) -> Self {
        let common = Arc::new(Common { value, copies: OnceLock::new() });
        let copies: Arc<[_]> = (0..COPIES).map(|_| Arc::new(Copy(Arc::clone(&common)))).collect();
        let known = common.copies.get_or_init(|| copies.iter().map(Arc::downgrade).collect());
        let copy = known.get(own()).and_then(Weak::upgrade);
        Self { copy: copy.unwrap_or_else(|| Arc::new(Copy(Arc::clone(&common)))), _copies: Some(copies) }
    }

    /// A clone that keeps all copies if this one does, which all threads count.
    pub(super) fn keeping(&self) -> Self {
        Self { _copies: self._copies.clone(), ..self.clone() }
    }

    #[inline]
    pub(super) fn get(&self) -> &Arc<T> {
        &self.copy.0.value
    }
}

impl<T> Clone for PerThread<T> {
    #[inline]
    fn clone(&self) -> Self {
        let copies = self.copy.0.copies.get();
        let copy = copies.and_then(|copies| copies.get(own())).and_then(Weak::upgrade);
        Self { copy: copy.unwrap_or_else(|| Arc::clone(&self.copy)), _copies: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_holds_its_own_copy_and_nothing_is_left() {
        let value = Arc::new(());
        let first = PerThread::new(Arc::clone(&value));
        let here = first.clone();
        let there = std::thread::scope(|scope| scope.spawn(|| (own(), first.clone())).join().unwrap());
        assert_ne!(own(), there.0);
        assert!(!Arc::ptr_eq(&here.copy, &there.1.copy) && Arc::ptr_eq(here.get(), there.1.get()));
        let keeping = first.keeping();
        drop(first);
        assert_ne!(
            std::thread::scope(|scope| scope
                .spawn(|| Arc::as_ptr(&keeping.clone().copy) as usize)
                .join()
                .unwrap()),
            Arc::as_ptr(&here.copy) as usize
        );
        drop(keeping);
        assert!(Arc::ptr_eq(&here.clone().copy, &here.copy), "its own is still there");
        drop(here);
        let orphan = there.1.clone();
        assert!(Arc::ptr_eq(&orphan.copy, &there.1.copy), "this thread's has gone");
        drop((there, orphan));
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
