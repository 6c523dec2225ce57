//! The account of a queue, told to the metrics.

use std::mem;
use std::time::Instant;

use super::Queue;
use crate::account::Reason;
use crate::publish::Turn;

/// A recorder that logs whenever it is used must not keep a thread for good.
const MOST_ROUNDS: usize = 3;

impl Queue {
    /// Brings the metrics up to date, if it is this thread's turn in time. They are set even if nothing was lost: zeros let
    /// `rate()` work from the first loss on, and a recorder may have been installed since the last time.
    pub(super) fn publish(&self, deadline: Instant) {
        let Some(mut turn) = Turn::take(deadline) else { return };
        self.publish_lines(&mut turn);
        self.publish_account(&mut turn);
    }

    /// Publishes for nobody who waits. Callers that wait for room know by the time how long it takes.
    pub(super) fn publish_unhurried(&self) {
        let now = Instant::now();
        self.state.lock().publishing = Some(now);
        self.publish(now);
        self.state.lock().publishing = None;
    }

    /// What comes with each line.
    fn publish_lines(&self, turn: &mut Turn) {
        let (now, before, truncated, writes) = {
            let mut state = self.state.lock();
            let now = state.passed;
            state.told_of = now.total();
            let writes = state.writes.take();
            (now, mem::replace(&mut state.told, now), mem::take(&mut state.truncated), writes)
        };
        for ((level, now), (_, before)) in now.each().into_iter().zip(before.each()) {
            if self.counts_events {
                turn.events(level, now - before);
            }
        }
        turn.truncated(self.sink, truncated);
        turn.wrote(self.sink, &writes);
    }

    fn publish_account(&self, turn: &mut Turn) {
        for _ in 0..MOST_ROUNDS {
            let (now, before) = {
                let mut state = self.state.lock();
                let now = state.to_publish();
                (now, mem::replace(&mut state.published, now))
            };
            for reason in Reason::ALL {
                let lines = now.dropped.of(reason).saturating_sub(before.dropped.of(reason));
                turn.dropped(self.sink, reason, lines);
            }
            turn.diverted(self.sink, now.diverted.saturating_sub(before.diverted));
            if let Some(rotations) = now.rotations {
                turn.rotated(self.sink, rotations.saturating_sub(before.rotations.unwrap_or(0)));
            }
            if let Some(failures) = now.sync_failures {
                turn.sync_failed(self.sink, failures.saturating_sub(before.sync_failures.unwrap_or(0)));
            }
            // The recorder may have logged.
            if self.state.lock().to_publish() == now {
                return;
            }
        }
    }
}
