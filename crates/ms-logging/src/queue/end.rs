//! Waiting for the writer, and its end.

use std::mem;
use std::time::Instant;

use super::state::State;
use super::{Queue, WRITER};

impl Queue {
    /// Waits until what was taken so far is written or counted; `false` if it is not, or if the disk may not keep it.
    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        if WRITER.get() || self.home.is_elsewhere() {
            return false;
        }
        let mut state = self.state.lock();
        let goal = state.accepted;
        let is_done = |state: &State| state.settled >= goal && (!self.durable || state.synced >= goal);
        while !is_done(&state) {
            state.urgent = true;
            state.sync_wanted = self.durable;
            self.work.notify_one();
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                return is_done(&state);
            }
        }
        let kept = !mem::take(&mut state.sync_failed);
        drop(state);
        self.publish(deadline);
        kept
    }

    /// Lets no more lines in.
    pub(crate) fn close(&self) {
        if self.home.is_elsewhere() {
            return;
        }
        let mut state = self.state.lock();
        state.closing = true;
        self.work.notify_one();
        self.room.notify_all();
    }

    /// Waits for the writer to end and counts what it left behind.
    pub(crate) fn join(&self, deadline: Instant) -> u64 {
        if self.home.is_elsewhere() {
            return self.state.try_lock().map_or(0, |mut state| state.orphan());
        }
        let mut state = self.state.lock();
        while !state.ended && !state.abandoned && !WRITER.get() {
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        // What a shutdown before has given up is lost already.
        let abandoned = if state.ended || state.abandoned { 0 } else { state.give_up() };
        let ended = state.ended;
        self.settled.notify_all();
        drop(state);
        self.publish(deadline);
        if let Some(thread) = self.thread.lock().take().filter(|_| ended) {
            // The thread has nothing left to do but to close its file.
            let _ = thread.join();
        }
        abandoned
    }
}
