//! The thread that empties a queue.

use std::io;
use std::mem;
use std::time::{Duration, Instant};

use parking_lot::MutexGuard;

use super::loss::LossLine;
use super::state::{State, Writer};
use super::{BATCH, Queue};
use crate::account::Dropped;
use crate::notice::notice;

/// How often the metrics are brought up to date while lines come.
const PUBLISHED_EVERY: Duration = Duration::from_secs(1);
/// After a batch the writer gathers lines this long, or until there are [`BATCH`] bytes: under load a wake-up serves
/// thousands of lines, and a lone line is still written at once.
pub(crate) const LINGER: Duration = Duration::from_millis(10);
/// How often the log tells of lost lines at most, and how often it is tried.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// How long an ERROR that is written waits for the disk to have it: one call serves all that come meanwhile.
const SYNCED_WITHIN: Duration = Duration::from_millis(100);

/// Where whole lines go.
pub(crate) trait Target: Send {
    /// Writes `batch`, which holds `lines` whole lines, and tells of lines as they are safely written.
    ///
    /// After an error the lines not told of are lost and no part of one is left behind unsealed.
    fn write(&mut self, batch: &[u8], lines: u64, written: &mut dyn FnMut(u64)) -> io::Result<()>;

    /// Has the disk keep what was written, also if the power fails.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// How often it has gone on in a new file; nothing if it never does.
    fn rotations(&self) -> Option<u64> {
        None
    }

    /// Ends what goes on beside the writes, after the last of them.
    fn finish(&mut self) {}

    /// Why those lines are lost, all of them, that the last write has not told of.
    fn why_lost(&mut self, lines: u64) -> Dropped {
        Dropped { io_error: lines, ..Dropped::default() }
    }

    /// For messages to people.
    fn describe(&self) -> String;
}

/// What a writer writes to.
pub(crate) struct Outlet {
    pub(crate) target: Box<dyn Target>,
    /// For lines that the target does not take.
    pub(crate) fallback: Option<Box<dyn Target>>,
    pub(crate) loss_line: LossLine,
}

/// When the writer does what nobody waits for.
struct Pace {
    gather_until: Instant,
    tell_at: Instant,
    /// The last chance before the end was used.
    told_last: bool,
    synced_at: Option<Instant>,
    sync_at: Option<Instant>,
    published_at: Instant,
}

/// What the writer has taken from the queue; no line at all if there is something else to do.
struct Taken {
    lines: u64,
    errors: bool,
}

impl Queue {
    /// Writes until the queue is closed and empty.
    pub(super) fn run(&self, outlet: &mut Outlet) {
        {
            let mut state = self.state.lock();
            state.rotations = outlet.target.rotations();
            state.sync_failures = self.durable.then_some(0);
        }
        self.publish_unhurried();
        let now = Instant::now();
        let mut pace = Pace {
            gather_until: now,
            tell_at: now,
            told_last: false,
            synced_at: None,
            sync_at: None,
            published_at: now,
        };
        let mut batch = Vec::new();
        while let Some(taken) = self.next_batch(&mut batch, &pace) {
            self.tell_of_losses(outlet, &mut pace);
            if taken.lines > 0 {
                self.write(outlet, &batch, taken.lines, &mut pace);
                if taken.errors && self.durable {
                    let rested = pace.synced_at.map_or(Instant::now(), |last| last + SYNCED_WITHIN);
                    pace.sync_at.get_or_insert(rested);
                }
                pace.gather_until = Instant::now() + self.linger;
            }
            self.sync_if_due(outlet, &mut pace);
            // A burst is no reason to hold its memory for good.
            if batch.capacity() > 2 * BATCH && batch.len() < BATCH {
                batch = Vec::new();
            }
            batch.clear();
        }
        // No line waits any more: a shutdown that runs into its limit now gives none up.
        outlet.target.finish();
        outlet.fallback.iter_mut().for_each(|fallback| fallback.finish());
        self.state.lock().ended = true;
        self.settled.notify_all();
    }

    fn write(&self, outlet: &mut Outlet, batch: &[u8], lines: u64, pace: &mut Pace) {
        let mut taken = 0;
        let begun = Instant::now();
        let mut result = outlet.target.write(batch, lines, &mut |lines| {
            taken += lines;
            self.written(lines);
        });
        self.timed(begun.elapsed(), outlet.target.rotations());
        if let (Err(error), Some(fallback)) = (&result, &mut outlet.fallback) {
            notice(format_args!(
                "cannot write {}: {error}; going on in {}",
                outlet.target.describe(),
                fallback.describe()
            ));
            let rest = without_lines(batch, taken);
            result = fallback.write(rest, lines.saturating_sub(taken), &mut |lines| self.diverted(lines));
        }
        self.settle(&mut *outlet.target);
        if result.is_err() || pace.published_at.elapsed() >= PUBLISHED_EVERY {
            self.publish_unhurried();
            pace.published_at = Instant::now();
        }
        if let Err(error) = result {
            let lost = self.state.lock().dropped.by_target();
            notice(format_args!(
                "cannot write {}: {error}; {lost} lines lost so far",
                outlet.target.describe()
            ));
        }
    }

    /// Writes the line that tells of lost ones; while that does not work either it is tried again later.
    fn tell_of_losses(&self, outlet: &mut Outlet, pace: &mut Pace) {
        let (lost, closing) = {
            let mut state = self.state.lock();
            let due = Instant::now() >= pace.tell_at || state.closing && !pace.told_last;
            (if due { state.lost.take() } else { None }, state.closing)
        };
        let Some(lost) = lost else { return };
        let mut line = Vec::new();
        outlet.loss_line.write(&mut line, &lost);
        let told = outlet.target.write(&line, 1, &mut |_| ()).is_ok();
        let mut state = self.state.lock();
        if told {
            state.loss_lines += 1;
        } else {
            state.lost = Some(state.lost.map_or(lost, |later| lost.and(later)));
        }
        pace.tell_at = Instant::now() + TOLD_EVERY;
        pace.told_last = closing;
    }

    fn sync_if_due(&self, outlet: &mut Outlet, pace: &mut Pace) {
        let due = pace.sync_at.is_some_and(|at| Instant::now() >= at);
        let goal = {
            let state = self.state.lock();
            let asked = state.sync_wanted || state.closing && state.pending.is_empty();
            if !self.durable || !(due || asked) || state.synced >= state.settled {
                return;
            }
            state.settled
        };
        let synced = outlet.target.sync();
        if let Err(error) = &synced {
            // What the disk has of it nobody can tell; waiting for more would wait for ever.
            notice(format_args!("cannot sync {}: {error}", outlet.target.describe()));
        }
        (pace.synced_at, pace.sync_at) = (Some(Instant::now()), None);
        let mut state = self.state.lock();
        state.synced = state.synced.max(goal);
        if synced.is_err() {
            state.sync_failed = true;
            state.sync_failures = state.sync_failures.map(|failures| failures + 1);
        }
        state.sync_wanted = false;
        self.settled.notify_all();
    }

    /// Waits for lines worth a write or for something else that is due; `None` ends the thread.
    fn next_batch(&self, batch: &mut Vec<u8>, pace: &Pace) -> Option<Taken> {
        let mut state = self.state.lock();
        loop {
            let now = Instant::now();
            let gathering = !state.closing && now < pace.gather_until;
            if !state.pending.is_empty() && (!gathering || state.urgent || state.pending.len() >= BATCH) {
                break;
            }
            let tells = state.lost.is_some() && (now >= pace.tell_at || state.closing && !pace.told_last);
            let unsynced = self.durable && state.pending.is_empty() && state.synced < state.settled;
            let syncs =
                unsynced && (state.closing || state.sync_wanted || pace.sync_at.is_some_and(|at| now >= at));
            if (tells && !gathering) || syncs {
                state.writer = Writer::Awake;
                return Some(Taken { lines: 0, errors: false });
            }
            if gathering {
                state.writer = Writer::Gathering;
                let until = pace.sync_at.map_or(pace.gather_until, |at| at.min(pace.gather_until));
                self.work.wait_until(&mut state, until);
            } else if state.closing {
                return None;
            } else if state.to_publish() != state.published || self.tells_news(&state, pace) {
                MutexGuard::unlocked(&mut state, || self.publish_unhurried());
            } else {
                state.writer = Writer::Idle;
                let told = state.lost.is_some().then_some(pace.tell_at);
                let news = self.has_news(&state).then_some(pace.published_at + PUBLISHED_EVERY);
                match told.into_iter().chain(news).chain(pace.sync_at.filter(|_| unsynced)).min() {
                    Some(until) => drop(self.work.wait_until(&mut state, until)),
                    None => self.work.wait(&mut state),
                }
            }
            state.writer = Writer::Awake;
        }
        state.writer = Writer::Awake;
        state.urgent = false;
        mem::swap(&mut state.pending, batch);
        state.in_flight = mem::take(&mut state.pending_lines);
        state.in_flight_bytes = batch.len();
        Some(Taken { lines: state.in_flight, errors: mem::take(&mut state.errors) })
    }

    fn has_news(&self, state: &State) -> bool {
        (self.counts_events || !state.writes.is_empty()) && state.passed.total() != state.told_of
    }

    fn tells_news(&self, state: &State, pace: &Pace) -> bool {
        self.has_news(state) && pace.published_at.elapsed() >= PUBLISHED_EVERY
    }

    fn timed(&self, write: Duration, rotations: Option<u64>) {
        let mut state = self.state.lock();
        state.rotations = rotations;
        state.writes.add(write);
    }

    fn written(&self, lines: u64) {
        let mut state = self.state.lock();
        state.written += lines;
        state.take_from_flight(lines);
    }

    fn diverted(&self, lines: u64) {
        let mut state = self.state.lock();
        state.diverted += lines;
        state.take_from_flight(lines);
    }

    /// The batch is done; what was not written is lost.
    fn settle(&self, target: &mut dyn Target) {
        let mut state = self.state.lock();
        let lost = mem::take(&mut state.in_flight);
        if lost > 0 {
            state.lose(target.why_lost(lost));
        }
        state.settled += lost;
        state.in_flight_bytes = 0;
        state.given_up = 0;
        self.settled.notify_all();
        self.room.notify_all();
    }
}

/// What is behind the first `count` lines.
fn without_lines(batch: &[u8], count: u64) -> &[u8] {
    let mut rest = batch;
    for _ in 0..count {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        rest = rest.get(end..).unwrap_or_default();
    }
    rest
}
