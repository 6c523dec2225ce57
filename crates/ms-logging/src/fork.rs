//! What a process made by `fork` inherits: every lock as it was at that moment, and so some that stay locked for good.

use std::process;
use std::sync::OnceLock;

use parking_lot::{Mutex, MutexGuard};

/// The process that has the threads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home(u32);

impl Home {
    pub(crate) fn here() -> Self {
        Self(process::id())
    }

    /// As a forked process has it.
    #[cfg(test)]
    pub(crate) fn elsewhere() -> Self {
        Self(0)
    }

    /// Whether this is a process forked from it. A system call: asked where a caller would wait, not for each line.
    pub(crate) fn is_elsewhere(self) -> bool {
        process::id() != self.0
    }

    /// Locks; nothing if it was locked at a fork and so stays it.
    pub(crate) fn lock<T>(self, mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
        let free = mutex.try_lock();
        free.or_else(|| (!self.is_elsewhere()).then(|| mutex.lock()))
    }
}

/// A static value of which each process has one of its own.
#[derive(Debug)]
pub(crate) struct PerProcess<T> {
    process: OnceLock<u32>,
    value: T,
    /// For the processes forked from the one that came first, and so on.
    next: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { process: OnceLock::new(), value, next: OnceLock::new() }
    }

    /// This process's own, made from its parent's if it is new.
    pub(crate) fn here(&self, make: impl Fn(&T) -> T) -> &T {
        let process = process::id();
        let mut place = self;
        while *place.process.get_or_init(|| process) != process {
            place = place.next.get_or_init(|| Box::new(Self::new(make(&place.value))));
        }
        &place.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_is_waited_for_at_home_alone() {
        let (lock, away) = (Mutex::new(1), Home::elsewhere());
        assert!(away.is_elsewhere() && !Home::here().is_elsewhere());
        assert_eq!(away.lock(&lock).as_deref(), Some(&1));
        let held = lock.lock();
        assert!(away.lock(&lock).is_none());
        drop(held);
        assert_eq!(Home::here().lock(&lock).as_deref(), Some(&1));
    }

    #[test]
    fn each_process_has_a_value_of_its_own() {
        let value = PerProcess::new(7);
        // As a child finds it: somebody else was here before.
        value.process.set(0).unwrap();
        assert_eq!(*value.here(|parents| parents + 1), 8);
        assert_eq!(*value.here(|_| unreachable!()), 8);
        assert_eq!(*PerProcess::new(7).here(|_| unreachable!()), 7);
    }
}
