//! The fast way from a key to its cell.

use metrics::Key;
use rustc_hash::FxHashMap;

use super::sync::{AtomicBool, Ordering, RwLock, SHARD_BITS};

/// Cells by their keys as given.
///
/// It holds one key a series, so the series caps bound it too.
pub(crate) struct Known<C> {
    shards: [RwLock<FxHashMap<u64, Entry<C>>>; 1 << SHARD_BITS],
}

/// A key carries its own hash; those that share one form a chain.
struct Entry<C> {
    key: Key,
    cell: C,
    /// Found since the last visit. Written once between two visits, so finders do not contend for it.
    used: AtomicBool,
    next: Option<Box<Entry<C>>>,
}

impl<C> Default for Known<C> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl<C> Known<C> {
    /// What an entry takes, beside the labels of its key.
    #[allow(dead_code, reason = "tests/loom.rs compiles this file alone")]
    pub(crate) const ENTRY_BYTES: usize = size_of::<(u64, Entry<C>)>();
}

impl<C: Clone> Known<C> {
    pub(crate) fn find(&self, key: &Key) -> Option<C> {
        let shard = self.shard(key.get_hash())?.read();
        let mut entry = shard.get(&key.get_hash())?;
        loop {
            if same(&entry.key, key) {
                if !entry.used.load(Ordering::Relaxed) {
                    entry.used.store(true, Ordering::Relaxed);
                }
                return Some(entry.cell.clone());
            }
            entry = entry.next.as_deref()?;
        }
    }

    pub(crate) fn insert(&self, key: &Key, cell: C) {
        let Some(mut shard) = self.shard(key.get_hash()).map(RwLock::write) else { return };
        let next = shard.remove(&key.get_hash());
        let known = std::iter::successors(next.as_ref(), |entry| entry.next.as_deref())
            .any(|entry| same(&entry.key, key));
        let entry = match next {
            // Another thread was faster.
            Some(next) if known => next,
            next => Entry { key: key.clone(), cell, used: AtomicBool::new(true), next: next.map(Box::new) },
        };
        shard.insert(key.get_hash(), entry);
    }

    /// Tells of each cell whether it was found since the last visit.
    pub(crate) fn visit(&self, mut seen: impl FnMut(&C, bool)) {
        for shard in &self.shards {
            for first in shard.read().values() {
                for entry in std::iter::successors(Some(first), |entry| entry.next.as_deref()) {
                    seen(&entry.cell, entry.used.swap(false, Ordering::Relaxed));
                }
            }
        }
    }

    /// Forgets the cells that are `gone`, but for those found since the last visit.
    pub(crate) fn forget(&self, gone: impl Fn(&C) -> bool) {
        let gone = |entry: &Entry<C>| !entry.used.load(Ordering::Relaxed) && gone(&entry.cell);
        for shard in &self.shards {
            shard.write().retain(|_, first| {
                first.next = without(first.next.take(), &gone);
                let keep = !gone(first);
                keep || first.next.take().map(|next| *first = *next).is_some()
            });
        }
    }

    fn shard(&self, hash: u64) -> Option<&RwLock<FxHashMap<u64, Entry<C>>>> {
        // The facade leaves out the last mixing of the bits.
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SHARD_BITS);
        self.shards.get(mixed as usize)
    }
}

fn without<C>(chain: Option<Box<Entry<C>>>, gone: &impl Fn(&Entry<C>) -> bool) -> Option<Box<Entry<C>>> {
    let mut entry = chain?;
    entry.next = without(entry.next.take(), gone);
    if gone(&entry) { entry.next } else { Some(entry) }
}

/// `Key`'s own comparison sorts the labels of both sides; nearly always they come in the same order.
fn same(one: &Key, other: &Key) -> bool {
    (one.name() == other.name() && one.labels().eq(other.labels())) || one == other
}
