//! Every order in which threads can look up, register, count and let go: the registry's own map of known keys, compiled
//! over loom's locks, and around it the steps that `registry/idle.rs` takes.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, reason = "tests assert by panicking")]

use loom::model::Builder;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use metrics::Key;

use self::known::Known;
use self::sync::RwLock;

#[path = "../src/registry/known.rs"]
mod known;

mod sync {
    use loom::sync::{RwLockReadGuard, RwLockWriteGuard};

    pub use loom::sync::atomic::{AtomicBool, Ordering};

    /// Each lock more multiplies the orders.
    pub const SHARD_BITS: u32 = 1;

    /// loom's, without poisoning.
    #[derive(Default)]
    pub struct RwLock<T>(loom::sync::RwLock<T>);

    impl<T> RwLock<T> {
        pub fn read(&self) -> RwLockReadGuard<'_, T> {
            self.0.read().unwrap()
        }

        pub fn write(&self) -> RwLockWriteGuard<'_, T> {
            self.0.write().unwrap()
        }
    }
}

/// One metric with room for one series.
#[derive(Default)]
struct Registry {
    known: Known<Arc<AtomicU64>>,
    series: RwLock<Option<Arc<AtomicU64>>>,
    other: AtomicU64,
}

impl Registry {
    fn find(&self, key: &Key) -> Arc<AtomicU64> {
        if let Some(cell) = self.known.find(key) {
            return cell;
        }
        let cell = Arc::clone(self.series.write().get_or_insert_default());
        self.known.insert(key, Arc::clone(&cell));
        cell
    }

    fn count(&self, key: &Key) {
        self.find(key).fetch_add(1, Ordering::Relaxed);
    }

    fn sweep(&self) {
        self.known.visit(|_, _| {});
        let mut series = self.series.write();
        let Some(cell) = series.as_mut() else { return };
        self.known.forget(|known| Arc::ptr_eq(known, cell));
        if Arc::get_mut(cell).is_some() {
            self.other.fetch_add(cell.load(Ordering::Relaxed), Ordering::Relaxed);
            *series = None;
        }
    }

    fn total(&self) -> u64 {
        let series = self.series.read().as_ref().map_or(0, |cell| cell.load(Ordering::Relaxed));
        series + self.other.load(Ordering::Relaxed)
    }
}

/// Runs `threads` in every order in which at most `switches` times one thread has to make way for another.
fn in_every_order(switches: usize, threads: &'static [fn(&Registry, &Key)], total: u64) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(move || {
        let registry = Arc::new(Registry::default());
        let run = |work: &fn(&Registry, &Key)| {
            let (registry, work) = (Arc::clone(&registry), *work);
            thread::spawn(move || work(&registry, &Key::from_static_name("c")))
        };
        let threads: Vec<_> = threads.iter().map(run).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(registry.total(), total);
        // Nobody is left that could hold it, so it leaves, with all that was counted.
        registry.sweep();
        registry.sweep();
        assert!(registry.series.read().is_none());
        assert_eq!(registry.total(), total);
    });
}

#[test]
fn no_count_is_lost_between_finding_and_letting_go() {
    in_every_order(3, &[Registry::count, Registry::count, |registry, _| registry.sweep()], 2);
}

#[test]
fn a_series_found_again_while_it_leaves_counts_on() {
    fn twice(registry: &Registry, key: &Key) {
        registry.count(key);
        registry.count(key);
    }
    in_every_order(4, &[twice, |registry, _| registry.sweep()], 2);
}

#[test]
fn a_handle_that_is_held_is_never_left_behind() {
    fn hold(registry: &Registry, key: &Key) {
        let handle = registry.find(key);
        registry.sweep();
        handle.fetch_add(1, Ordering::Relaxed);
        assert!(Arc::ptr_eq(&registry.find(key), &handle), "one series has one cell");
    }
    in_every_order(2, &[hold, Registry::count, |registry, _| registry.sweep()], 2);
}
