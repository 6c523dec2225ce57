//! One bounded queue of bytes a sink, and the thread that empties it.
//!
//! All figures of the account live beside the bytes, under one lock: whoever reads them sees one instant, and there is no
//! path on which a line could be counted twice or not at all. Lines are handed over by swapping the whole buffer, since
//! waking another thread for each line costs more than making the line.

mod loss;
mod state;
mod writer;

use std::cell::Cell;
use std::io;
use std::mem;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tracing::Level;

use crate::account::{Reason, SinkAccount};
use crate::builder::WhenFull;
use crate::fork;
use crate::publish::{Turn, is_publishing};
pub(crate) use loss::{LossLine, utc};
use state::{State, Writer};
pub(crate) use writer::{LINGER, Outlet, Target};

/// So many bytes are worth waking a writer that gathers.
const BATCH: usize = 256 * 1024;
/// A recorder that logs whenever it is used must not keep a thread for good.
const MOST_ROUNDS: usize = 3;
/// Room for at least a few of the longest lines.
const SMALLEST: usize = 4 * BATCH;

/// Longer than anything runs, and not too long for the clock.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// When a wait of this length ends, `Duration::MAX` included.
pub(crate) fn deadline(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + FAR)
}

thread_local! {
    static WRITER: Cell<bool> = const { Cell::new(false) };
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
    process: u32,
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
            process: process::id(),
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
            shared.publish();
            shared.run(&mut outlet);
        };
        let thread = thread::Builder::new().name(format!("ms-logging-{sink}")).spawn(body)?;
        *queue.thread.lock() = Some(thread);
        Ok(queue)
    }

    /// Takes one whole line, or counts why not.
    pub(crate) fn push(&self, line: &[u8], level: Level) {
        self.push_by(line, level, None);
    }

    /// The same, and waits for room until `latest` at most.
    pub(crate) fn push_by(&self, line: &[u8], level: Level, latest: Option<Instant>) {
        let Some(mut state) = self.lock() else {
            self.orphaned.fetch_add(1, Ordering::Relaxed);
            return;
        };
        if state.fill() + line.len() > self.limit(level) && !state.closing {
            self.wait_for_room(&mut state, line.len(), level, latest);
        }
        // Only now: a caller that waits is not in the account yet.
        state.count(level);
        if state.closing {
            state.dropped.after_shutdown += 1;
            drop(state);
            if !self.is_orphan() {
                self.publish_in(Turn::take_soon());
            }
            return;
        }
        if state.fill() + line.len() > self.limit(level) {
            return state.lose(1, 0);
        }
        state.pending.extend_from_slice(line);
        state.pending_lines += 1;
        state.accepted += 1;
        state.errors |= level == Level::ERROR;
        if self.must_wake(&mut state, level) {
            if self.is_orphan() {
                state.orphan();
                return;
            }
            state.writer = Writer::Awake;
            drop(state);
            self.work.notify_one();
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

    fn wait_for_room(
        &self,
        state: &mut MutexGuard<'_, State>,
        length: usize,
        level: Level,
        latest: Option<Instant>,
    ) {
        let WhenFull::Block(limit) = self.when_full else { return };
        // The writer would wait for itself, and a recorder that logs for the writer that waits to be heard.
        if WRITER.get() || is_publishing() || self.is_orphan() {
            return;
        }
        let deadline = latest.map_or_else(|| deadline(limit), |latest| latest.min(deadline(limit)));
        while state.fill() + length > self.limit(level) && !state.closing {
            state.urgent = true;
            self.work.notify_one();
            if self.room.wait_until(state, deadline).timed_out() {
                return;
            }
        }
    }

    /// Waits until what was taken so far is written or counted.
    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        if WRITER.get() || self.is_orphan() {
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
        drop(state);
        self.publish_in(Turn::take_by(deadline));
        true
    }

    /// Lets no more lines in.
    pub(crate) fn close(&self) {
        if self.is_orphan() {
            return;
        }
        let mut state = self.state.lock();
        state.closing = true;
        self.work.notify_one();
        self.room.notify_all();
    }

    /// Waits for the writer to end and counts what it left behind.
    pub(crate) fn join(&self, deadline: Instant) -> u64 {
        if self.is_orphan() {
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
        self.publish_in(Turn::take_soon());
        if let Some(thread) = self.thread.lock().take().filter(|_| ended) {
            // The thread has nothing left to do but to close its file.
            let _ = thread.join();
        }
        abandoned
    }

    /// Whether this is a process made by `fork`, which has no writer. Asked where a caller would wait, not for each line.
    fn is_orphan(&self) -> bool {
        process::id() != self.process
    }

    /// The state; nothing if it was locked at a fork and so stays it.
    fn lock(&self) -> Option<MutexGuard<'_, State>> {
        fork::lock(&self.state, self.process)
    }

    /// The process that has the writer.
    pub(crate) fn process(&self) -> u32 {
        self.process
    }

    /// The name of its sink.
    pub(crate) fn sink(&self) -> &'static str {
        self.sink
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

    /// Brings the metrics up to date. They are set even if nothing was lost: zeros let `rate()` work from the first
    /// loss on, and a recorder may have been installed since the last time.
    fn publish(&self) {
        self.publish_in(Turn::take_soon());
    }

    fn publish_events(&self, turn: &Turn) {
        let (now, before) = {
            let mut state = self.state.lock();
            let now = state.passed;
            (now, mem::replace(&mut state.told, now))
        };
        for ((level, now), (_, before)) in now.each().into_iter().zip(before.each()) {
            turn.events(level, now - before);
        }
    }

    fn publish_in(&self, turn: Option<Turn>) {
        let Some(turn) = turn else { return };
        let writes = {
            let mut state = self.state.lock();
            state.told_of = state.passed.total();
            mem::take(&mut state.writes)
        };
        if self.counts_events {
            self.publish_events(&turn);
        }
        turn.wrote(self.sink, &writes);
        self.publish_account(&turn);
    }

    fn publish_account(&self, turn: &Turn) {
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
            turn.truncated(self.sink);
            turn.diverted(self.sink, now.diverted.saturating_sub(before.diverted));
            if let Some(rotations) = now.rotations {
                turn.rotated(self.sink, rotations.saturating_sub(before.rotations.unwrap_or(0)));
            }
            // The recorder may have logged.
            if self.state.lock().to_publish() == now {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
