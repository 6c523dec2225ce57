//! One bounded queue of bytes a sink, and the thread that empties it.
//!
//! All figures of the account live beside the bytes, under one lock: whoever reads them sees one instant, and there is no
//! path on which a line could be counted twice or not at all. Lines are handed over by swapping the whole buffer, since
//! waking another thread for each line costs more than making the line.

mod end;
mod loss;
mod publication;
mod state;
mod write_times;
mod writer;

use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tracing::Level;

use crate::account::{Dropped, SinkAccount};
use crate::builder::WhenFull;
use crate::fork::Home;
use crate::publish::is_publishing;
pub(crate) use loss::{LossLine, utc};
use state::{State, Writer};
pub(crate) use write_times::Writes;
pub(crate) use writer::{LINGER, Outlet, Target};

/// So many bytes are worth waking a writer that gathers.
const BATCH: usize = 256 * 1024;
/// Room for at least a few of the longest lines.
const SMALLEST: usize = 4 * BATCH;
/// How long a caller waits for a writer that a recorder holds up: the recorder may be waiting for the caller.
const PATIENCE: Duration = Duration::from_secs(1);

/// Longer than anything runs, and not too long for the clock.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// When a wait of this length ends, `Duration::MAX` included.
pub(crate) fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + FAR)
}

thread_local! {
    static WRITER: Cell<bool> = const { Cell::new(false) };
    /// How long this thread waits for room at most, whatever the sink says.
    static HURRY: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Logs, and waits for room in all queues together until `deadline` at most.
pub(crate) fn hurry(deadline: Instant, log: impl FnOnce()) {
    let before = HURRY.replace(Some(deadline));
    log();
    HURRY.set(before);
}

/// What is the same for all queues of a logger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Bytes.
    pub(crate) capacity: usize,
    pub(crate) when_full: WhenFull,
    /// Whether the disk has to keep what was flushed, and each ERROR soon.
    pub(crate) durable: bool,
    /// Whether the events are counted by level: by one sink, since all get the same ones.
    pub(crate) counts_events: bool,
    /// How long the writer gathers lines after a batch, unless there are enough of them before.
    pub(crate) linger: Duration,
}

/// Why a line does not come into a queue at all.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LeftOut {
    RateLimited,
    Sampled,
}

#[derive(Debug)]
pub(crate) struct Queue {
    sink: &'static str,
    capacity: usize,
    when_full: WhenFull,
    durable: bool,
    linger: Duration,
    counts_events: bool,
    /// The process that has the writer.
    home: Home,
    /// Lines of a forked process whose state is locked for good.
    orphaned: AtomicU64,
    state: Mutex<State>,
    /// The writer waits for lines.
    work: Condvar,
    /// Blocked callers wait for room.
    room: Condvar,
    /// `flush` and `shutdown` wait for the writer.
    settled: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Queue {
    /// Starts the writer thread.
    pub(crate) fn start(sink: &'static str, options: Options, mut outlet: Outlet) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self {
            sink,
            capacity: options.capacity.max(SMALLEST),
            when_full: options.when_full,
            durable: options.durable,
            linger: options.linger,
            counts_events: options.counts_events,
            home: Home::here(),
            orphaned: AtomicU64::new(0),
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            settled: Condvar::new(),
            thread: Mutex::default(),
        });
        let shared = Arc::clone(&queue);
        let body = move || {
            WRITER.set(true);
            shared.run(&mut outlet);
        };
        let thread = thread::Builder::new().name(format!("ms-logging-{sink}")).spawn(body)?;
        *queue.thread.lock() = Some(thread);
        Ok(queue)
    }

    /// Takes one whole line, or counts why not.
    pub(crate) fn push(&self, line: &[u8], level: Level) {
        let Some(mut state) = self.lock() else {
            self.orphaned.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if state.fill() + line.len() > self.limit(level) && !state.closing {
            self.wait_for_room(&mut state, line.len(), level);
        }
        // Only now: a caller that waits is not in the account yet.
        state.count(level);
        if state.closing {
            state.dropped.after_shutdown += 1;
            drop(state);
            if !self.home.is_elsewhere() {
                self.publish(Instant::now());
            }
            return;
        }
        if state.fill() + line.len() > self.limit(level) {
            return state.lose(Dropped { queue_full: 1, ..Dropped::default() });
        }
        state.pending.extend_from_slice(line);
        state.pending_lines += 1;
        state.accepted += 1;
        state.errors |= level == Level::ERROR;
        if self.must_wake(&mut state, level) {
            if self.home.is_elsewhere() {
                state.orphan();
                return;
            }
            state.writer = Writer::Awake;
            drop(state);
            self.work.notify_one();
        }
    }

    /// Counts a line that was cut.
    pub(crate) fn truncated(&self) {
        if let Some(mut state) = self.lock() {
            state.truncated += 1;
        }
    }

    /// Counts a line that is not to be written.
    pub(crate) fn leave_out(&self, level: Level, why: LeftOut) {
        let Some(mut state) = self.lock() else {
            self.orphaned.fetch_add(1, Ordering::Relaxed);
            return;
        };
        state.count(level);
        match why {
            LeftOut::RateLimited => state.dropped.rate_limited += 1,
            LeftOut::Sampled => state.dropped.sampled += 1,
        }
    }

    fn must_wake(&self, state: &mut State, level: Level) -> bool {
        match state.writer {
            Writer::Awake => false,
            Writer::Idle => true,
            Writer::Gathering => {
                state.urgent |= level == Level::ERROR;
                state.urgent || state.pending.len() >= BATCH
            }
        }
    }

    /// The fill up to which a line of this level is taken: the more a line matters, the later it is dropped.
    fn limit(&self, level: Level) -> usize {
        match (self.when_full, level) {
            (WhenFull::Block(_), _) | (_, Level::ERROR) => self.capacity,
            (_, Level::WARN) => self.capacity / 8 * 7,
            (_, Level::INFO) => self.capacity / 4 * 3,
            _ => self.capacity / 2,
        }
    }

    fn wait_for_room(&self, state: &mut MutexGuard<'_, State>, length: usize, level: Level) {
        let WhenFull::Block(limit) = self.when_full else { return };
        // The writer would wait for itself, and a recorder that logs for the writer that waits to be heard.
        if WRITER.get() || is_publishing() || self.home.is_elsewhere() {
            return;
        }
        let deadline = deadline(limit);
        let deadline = HURRY.get().map_or(deadline, |hurry| hurry.min(deadline));
        while state.fill() + length > self.limit(level) && !state.closing {
            let now = Instant::now();
            // A writer that is held up by a recorder may wait for this very thread, which uses that.
            let patience = state.publishing.unwrap_or(now) + PATIENCE;
            if now >= deadline.min(patience) {
                return;
            }
            state.urgent = true;
            self.work.notify_one();
            self.room.wait_until(state, deadline.min(patience));
        }
    }

    /// The state; nothing if it was locked at a fork and so stays it.
    fn lock(&self) -> Option<MutexGuard<'_, State>> {
        self.home.lock(&self.state)
    }

    pub(crate) fn account(&self) -> SinkAccount {
        let orphaned = self.orphaned.load(Ordering::Relaxed);
        let Some(state) = self.lock() else {
            return SinkAccount::lost_after_shutdown(self.sink, orphaned);
        };
        SinkAccount {
            sink: self.sink,
            passed: state.passed.total(),
            written: state.written,
            diverted: state.diverted,
            loss_lines: state.loss_lines,
            queued: state.pending_lines + state.in_flight,
            dropped: state.dropped,
        }
    }
}

#[cfg(test)]
mod tests;
