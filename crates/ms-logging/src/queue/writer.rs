//! The thread that empties a queue.

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::state::Writer;
use super::{BATCH, Queue};
use crate::notice::notice;

/// How often the metrics are brought up to date while lines come.
const PUBLISHED_EVERY: Duration = Duration::from_secs(1);
/// After a batch the writer gathers lines this long, or until there are [`BATCH`] bytes: under load a wake-up serves
/// thousands of lines, and a lone line is still written at once.
const LINGER: Duration = Duration::from_millis(10);

/// Where whole lines go.
pub(crate) trait Target: Send {
    /// Writes `batch`, which holds `lines` whole lines, and tells of lines as they are safely written.
    ///
    /// After an error the lines not told of are lost and no part of one is left behind unsealed.
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()>;

    /// For messages to people.
    fn describe(&self) -> String;
}

impl Queue {
    /// Writes until the queue is closed and empty.
    pub(super) fn run(&self, target: &mut dyn Target) {
        let mut last_published = Instant::now();
        let mut batch = Vec::new();
        let mut gather_until = Instant::now();
        while let Some(lines) = self.next_batch(&mut batch, gather_until) {
            let result = target.write(&batch, lines, &mut |lines| self.written(lines));
            self.settle();
            if result.is_err() || last_published.elapsed() >= PUBLISHED_EVERY {
                self.publish();
                last_published = Instant::now();
            }
            if let Err(error) = result {
                let lost = self.state.lock().dropped.io_error;
                notice(format_args!("cannot write {}: {error}; {lost} lines lost so far", target.describe()));
            }
            // A burst is no reason to hold its memory for good.
            if batch.capacity() > 2 * BATCH && batch.len() < BATCH {
                batch = Vec::new();
            }
            batch.clear();
            gather_until = Instant::now() + LINGER;
        }
    }

    /// Waits for lines worth a write; `None` ends the thread.
    fn next_batch(&self, batch: &mut Vec<u8>, gather_until: Instant) -> Option<u64> {
        let mut state = self.state.lock();
        loop {
            let gathering = !state.closing && Instant::now() < gather_until;
            if !state.pending.is_empty() && (!gathering || state.urgent || state.pending.len() >= BATCH) {
                break;
            }
            if gathering {
                state.writer = Writer::Gathering;
                self.work.wait_until(&mut state, gather_until);
            } else if state.closing {
                state.ended = true;
                self.settled.notify_all();
                return None;
            } else if state.dropped != state.published {
                MutexGuard::unlocked(&mut state, || self.publish());
            } else {
                state.writer = Writer::Idle;
                self.work.wait(&mut state);
            }
            state.writer = Writer::Awake;
        }
        state.writer = Writer::Awake;
        state.urgent = false;
        mem::swap(&mut state.pending, batch);
        state.in_flight = mem::take(&mut state.pending_lines);
        state.in_flight_bytes = batch.len();
        Some(state.in_flight)
    }

    fn written(&self, lines: u64) {
        let mut state = self.state.lock();
        state.written += lines;
        if state.given_up > 0 {
            state.given_up = state.given_up.saturating_sub(lines);
            state.dropped.shutdown_timeout = state.dropped.shutdown_timeout.saturating_sub(lines);
        } else {
            state.in_flight = state.in_flight.saturating_sub(lines);
            state.settled += lines;
        }
    }

    /// The batch is done; what was not written is lost.
    fn settle(&self) {
        let mut state = self.state.lock();
        let lost = mem::take(&mut state.in_flight);
        state.dropped.io_error += lost;
        state.settled += lost;
        state.in_flight_bytes = 0;
        state.given_up = 0;
        self.settled.notify_all();
        self.room.notify_all();
    }
}
