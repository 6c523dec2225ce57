//! Locks in a process made by `fork`.

use std::process;

use parking_lot::{Mutex, MutexGuard};

/// Locks; nothing if that would be for ever, since a thread held the lock when another one forked. `owner` is the process
/// that the lock was made in.
pub(crate) fn lock<T>(mutex: &Mutex<T>, owner: u32) -> Option<MutexGuard<'_, T>> {
    // The id is asked for only where a caller would wait: a line need not pay for it.
    mutex.try_lock().or_else(|| (process::id() == owner).then(|| mutex.lock()))
}
