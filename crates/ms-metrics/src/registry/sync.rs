//! What [`known`](super::known) is built on; tests/loom.rs puts other locks in its place.

pub(super) use std::sync::atomic::{AtomicBool, Ordering};

pub(super) use parking_lot::RwLock;

/// Sixteen shards.
pub(super) const SHARD_BITS: u32 = 4;
