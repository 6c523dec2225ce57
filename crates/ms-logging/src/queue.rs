//! One bounded queue of bytes a sink, and the thread that empties it.
//!
//! All figures of the account live beside the bytes, under one lock: whoever reads them sees one instant, and there is no
//! path on which a line could be counted twice or not at all. Lines are handed over by swapping the whole buffer, since
//! waking another thread for each line costs more than making the line.

use std::cell::Cell;
use std::io;
use std::mem;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tracing::Level;

use crate::account::{Dropped, Reason, SinkAccount};
use crate::builder::WhenFull;
use crate::notice::notice;
use crate::publish;

/// After a batch the writer gathers lines this long, or until there are [`BATCH`] bytes: under load a wake-up serves
/// thousands of lines, and a lone line is still written at once.
const LINGER: Duration = Duration::from_millis(10);
const BATCH: usize = 256 * 1024;
/// Room for at least a few of the longest lines.
const SMALLEST: usize = 4 * BATCH;

thread_local! {
    static WRITER: Cell<bool> = const { Cell::new(false) };
}

/// Where whole lines go.
pub(crate) trait Target: Send {
    /// Writes `batch`, which holds `lines` whole lines, and tells of lines as they are safely written.
    ///
    /// After an error the lines not told of are lost and no part of one is left behind unsealed.
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()>;

    /// For messages to people.
    fn describe(&self) -> String;
}

#[derive(Debug)]
pub(crate) struct Queue {
    sink: &'static str,
    capacity: usize,
    when_full: WhenFull,
    state: Mutex<State>,
    /// The writer waits for lines.
    work: Condvar,
    /// Blocked callers wait for room.
    room: Condvar,
    /// `flush` and `shutdown` wait for the writer.
    settled: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    pending_lines: u64,
    /// What the writer holds.
    in_flight: u64,
    in_flight_bytes: usize,
    passed: u64,
    accepted: u64,
    settled: u64,
    written: u64,
    dropped: Dropped,
    published: Dropped,
    writer: Writer,
    urgent: bool,
    closing: bool,
    ended: bool,
    /// Lines in flight that a shutdown has given up, and that may be written yet.
    given_up: u64,
}

/// What the writer is doing, which decides whether a new line must wake it.
#[derive(Debug, Default, PartialEq, Eq)]
enum Writer {
    #[default]
    Awake,
    Idle,
    Gathering,
}

impl Queue {
    /// Starts the writer thread.
    pub(crate) fn start(
        sink: &'static str,
        capacity: usize,
        when_full: WhenFull,
        mut target: Box<dyn Target>,
    ) -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self {
            sink,
            capacity: capacity.max(SMALLEST),
            when_full,
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            settled: Condvar::new(),
            thread: Mutex::default(),
        });
        let shared = Arc::clone(&queue);
        let body = move || {
            WRITER.set(true);
            publish::zero(shared.sink);
            shared.run(&mut *target);
        };
        let thread = thread::Builder::new().name(format!("ms-logging-{sink}")).spawn(body)?;
        *queue.thread.lock() = Some(thread);
        Ok(queue)
    }

    /// Takes one whole line, or counts why not.
    pub(crate) fn push(&self, line: &[u8], level: Level) {
        let mut state = self.state.lock();
        state.passed += 1;
        if state.fill() + line.len() > self.limit(level) && !state.closing {
            self.wait_for_room(&mut state, line.len(), level);
        }
        if state.closing {
            state.dropped.after_shutdown += 1;
            drop(state);
            return self.publish();
        }
        if state.fill() + line.len() > self.limit(level) {
            state.dropped.queue_full += 1;
            return;
        }
        state.pending.extend_from_slice(line);
        state.pending_lines += 1;
        state.accepted += 1;
        if self.must_wake(&mut state, level) {
            state.writer = Writer::Awake;
            drop(state);
            self.work.notify_one();
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
        // The writer would wait for itself.
        let WhenFull::Block(limit) = self.when_full else { return };
        if WRITER.get() {
            return;
        }
        let deadline = Instant::now() + limit;
        while state.fill() + length > self.limit(level) && !state.closing {
            state.urgent = true;
            self.work.notify_one();
            if self.room.wait_until(state, deadline).timed_out() {
                return;
            }
        }
    }

    fn run(&self, target: &mut dyn Target) {
        let mut batch = Vec::new();
        let mut gather_until = Instant::now();
        while let Some(lines) = self.next_batch(&mut batch, gather_until) {
            let result = target.write(&batch, lines, &mut |lines| self.written(lines));
            self.settle();
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
        drop(state);
        self.publish();
    }

    /// Waits until what was taken so far is written or counted.
    pub(crate) fn flush(&self, deadline: Instant) -> bool {
        if WRITER.get() {
            return false;
        }
        let mut state = self.state.lock();
        let goal = state.accepted;
        while state.settled < goal {
            state.urgent = true;
            self.work.notify_one();
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                return state.settled >= goal;
            }
        }
        drop(state);
        self.publish();
        true
    }

    /// Lets no more lines in.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.closing = true;
        self.work.notify_one();
        self.room.notify_all();
    }

    /// Waits for the writer to end and counts what it left behind.
    pub(crate) fn join(&self, deadline: Instant) -> u64 {
        let mut state = self.state.lock();
        while !state.ended && !WRITER.get() {
            if self.settled.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        let abandoned = if state.ended { 0 } else { state.give_up() };
        let ended = state.ended;
        drop(state);
        self.publish();
        if let Some(thread) = self.thread.lock().take().filter(|_| ended) {
            // The thread has nothing left to do but to close its file.
            let _ = thread.join();
        }
        abandoned
    }

    pub(crate) fn account(&self) -> SinkAccount {
        let state = self.state.lock();
        SinkAccount {
            sink: self.sink,
            passed: state.passed,
            written: state.written,
            queued: state.pending_lines + state.in_flight,
            dropped: state.dropped,
        }
    }

    fn publish(&self) {
        let (now, before) = {
            let mut state = self.state.lock();
            let now = state.dropped;
            (now, mem::replace(&mut state.published, now))
        };
        for reason in Reason::ALL {
            let lines = now.of(reason).saturating_sub(before.of(reason));
            if lines > 0 {
                publish::dropped(self.sink, reason, lines);
            }
        }
    }
}

impl State {
    fn fill(&self) -> usize {
        self.pending.len() + self.in_flight_bytes
    }

    fn give_up(&mut self) -> u64 {
        let pending = mem::take(&mut self.pending_lines);
        self.pending = Vec::new();
        self.given_up += mem::take(&mut self.in_flight);
        let abandoned = pending + self.given_up;
        self.dropped.shutdown_timeout += abandoned;
        self.settled = self.accepted;
        abandoned
    }
}
