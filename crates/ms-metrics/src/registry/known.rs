//! The fast way from a key to its handle.

use metrics::Key;
use parking_lot::RwLock;
use rustc_hash::FxHashMap;

const SHARD_BITS: u32 = 4;

/// Handles by their keys as given.
///
/// It holds one key a series, so the series caps bound it too.
pub(crate) struct Known<H> {
    shards: [RwLock<FxHashMap<u64, Entry<H>>>; 1 << SHARD_BITS],
}

/// A key carries its own hash; those that share one form a chain.
struct Entry<H> {
    key: Key,
    handle: H,
    next: Option<Box<Entry<H>>>,
}

impl<H> Default for Known<H> {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| RwLock::default()) }
    }
}

impl<H: Clone> Known<H> {
    pub(crate) fn find(&self, key: &Key) -> Option<H> {
        let shard = self.shard(key.get_hash())?.read();
        let mut entry = shard.get(&key.get_hash())?;
        loop {
            if same(&entry.key, key) {
                return Some(entry.handle.clone());
            }
            entry = entry.next.as_deref()?;
        }
    }

    pub(crate) fn insert(&self, key: &Key, handle: H) {
        let Some(mut shard) = self.shard(key.get_hash()).map(RwLock::write) else { return };
        let next = shard.remove(&key.get_hash());
        let known = std::iter::successors(next.as_ref(), |entry| entry.next.as_deref())
            .any(|entry| same(&entry.key, key));
        let entry = match next {
            // Another thread was faster.
            Some(next) if known => next,
            next => Entry { key: key.clone(), handle, next: next.map(Box::new) },
        };
        shard.insert(key.get_hash(), entry);
    }

    fn shard(&self, hash: u64) -> Option<&RwLock<FxHashMap<u64, Entry<H>>>> {
        // The facade leaves out the last mixing of the bits.
        let mixed = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SHARD_BITS);
        self.shards.get(mixed as usize)
    }
}

/// `Key`'s own comparison sorts the labels of both sides; nearly always they come in the same order.
fn same(one: &Key, other: &Key) -> bool {
    (one.name() == other.name() && one.labels().eq(other.labels())) || one == other
}

#[cfg(test)]
mod tests {
    use metrics::Label;

    use super::*;

    #[test]
    fn keys_are_found_whatever_the_order_of_their_labels() {
        let known = Known::default();
        let (a, b) = (Label::new("a", "1"), Label::new("b", "2"));
        known.insert(&Key::from_parts("m", vec![a.clone(), b.clone()]), 1);
        known.insert(&Key::from_parts("m", vec![b.clone(), a.clone()]), 2);
        assert_eq!(known.find(&Key::from_parts("m", vec![b.clone(), a])), Some(1));
        assert_eq!(known.find(&Key::from_parts("m", vec![b])), None);
    }

    #[test]
    fn keys_with_one_hash_stay_apart() {
        // To the facade labels of one name are different keys in each order, with one hash.
        let key = |values: [&'static str; 3]| {
            Key::from_parts("m", values.map(|value| Label::new("a", value)).to_vec())
        };
        let (one, two) = (key(["1", "2", "3"]), key(["3", "2", "1"]));
        assert_eq!(one.get_hash(), two.get_hash());
        let known = Known::default();
        known.insert(&one, 1);
        assert_eq!((known.find(&one), known.find(&two)), (Some(1), None));
        known.insert(&two, 2);
        known.insert(&one, 3);
        assert_eq!((known.find(&one), known.find(&two)), (Some(1), Some(2)));
    }
}
