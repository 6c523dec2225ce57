//! How processes share a file: by a lock on it.
//!
//! Whoever writes lines shares the lock, for a batch. Whoever renames, cuts or compresses the file has it alone, so that no
//! line is written into a part that is thrown away. The lock belongs to the file, not to its name: it goes with a file
//! that becomes a backup.

use std::fs::{File, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::open::Opened;

/// A process that was stopped while it had the lock must not stop this one.
const LIMIT: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_millis(1);

/// What an attempt to get the lock came to.
enum Attempt {
    /// Where the file system has no locks there is nobody to ask.
    Had,
    Held,
}

impl Attempt {
    fn of(result: Result<(), TryLockError>) -> Self {
        match result {
            Err(TryLockError::WouldBlock) => Self::Held,
            _ => Self::Had,
        }
    }
}

impl Opened {
    /// Keeps the file from being taken away while lines are written into it.
    #[cfg(unix)]
    pub(super) fn share(&self) -> bool {
        !self.regular || matches!(Attempt::of(self.file.try_lock_shared()), Attempt::Had)
    }

    /// A shared lock of Windows would refuse the writes.
    #[cfg(not(unix))]
    pub(super) fn share(&self) -> bool {
        true
    }

    /// Has the file alone; `false` if another process keeps it too long. Then it is shared as before.
    pub(super) fn lock(&self) -> bool {
        let until = Instant::now() + LIMIT;
        while !is_free(&self.file) {
            if Instant::now() >= until {
                // A failed attempt has given the share away.
                self.share();
                return false;
            }
            thread::sleep(PAUSE);
        }
        true
    }

    pub(super) fn unlock(&self) {
        // Without a lock there is nothing to release.
        let _ = self.file.unlock();
    }
}

/// A lock that ends with this, not with the last copy of its handle: a forked process may keep one.
#[derive(Debug)]
pub(super) struct Hold(File);

impl Hold {
    pub(super) fn new(locked: File) -> Self {
        Self(locked)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Without a lock there is nothing to release.
        let _ = self.0.unlock();
    }
}

/// Locks the file if nobody else has it.
pub(super) fn is_free(file: &File) -> bool {
    matches!(Attempt::of(file.try_lock()), Attempt::Had)
}

/// Waits a moment for whoever has the lock; `false` when that takes too long.
pub(super) fn wait(since: Instant) -> bool {
    thread::sleep(PAUSE);
    since.elapsed() < LIMIT
}
