//! The account of the sinks as metrics.

use std::cell::Cell;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metrics::Label;
use parking_lot::{Mutex, MutexGuard};

use crate::account::Reason;

/// Lines lost since the process began, over all loggers that share the name of a sink.
///
/// The totals are set, not added: a recorder that is installed after the first loss still gets the whole number.
static TOTALS: [[AtomicU64; Reason::ALL.len()]; SINKS.len()] =
    [const { [const { AtomicU64::new(0) }; Reason::ALL.len()] }; SINKS.len()];
static DIVERTED: [AtomicU64; SINKS.len()] = [const { AtomicU64::new(0) }; SINKS.len()];
/// Lines that were longer than a line may be.
static TRUNCATED: [AtomicU64; SINKS.len()] = [const { AtomicU64::new(0) }; SINKS.len()];
const TRUNCATED_TOTAL: &str = "ms_logging_truncated_total";
const DROPPED_TOTAL: &str = "ms_logging_dropped_total";
const DIVERTED_TOTAL: &str = "ms_logging_diverted_total";
const SINKS: [&str; 3] = ["file", "json", "console"];

/// How long a caller that has logged too late waits for its turn to publish that.
const SOON: Duration = Duration::from_millis(100);

/// Held while totals are published, so that whoever waits for it finds them published.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// A recorder may log; what it logs may be dropped and would be published.
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// The right to publish; `None` within a recorder, which must not wait for itself.
pub(crate) struct Turn(#[allow(dead_code, reason = "held for its lock")] MutexGuard<'static, ()>);

impl Turn {
    pub(crate) fn take() -> Option<Self> {
        if PUBLISHING.get() {
            return None;
        }
        Some(Self::begin(TURN.lock()))
    }

    /// Waits no longer than a short while: whoever publishes may wait for a recorder that the caller holds.
    pub(crate) fn take_soon() -> Option<Self> {
        if PUBLISHING.get() {
            return None;
        }
        TURN.try_lock_for(SOON).map(Self::begin)
    }

    fn begin(turn: MutexGuard<'static, ()>) -> Self {
        PUBLISHING.set(true);
        Self(turn)
    }

    /// Adds to `ms_logging_dropped_total{sink,reason}`; nothing makes it appear.
    pub(crate) fn dropped(&self, sink: &'static str, reason: Reason, lines: u64) {
        let column = Reason::ALL.iter().position(|other| *other == reason);
        let cell = place(sink).zip(column).and_then(|(row, column)| TOTALS.get(row)?.get(column));
        let Some(total) = cell.map(|cell| add(cell, lines)) else { return };
        let help = "Lines that passed the level filter and were lost";
        set(
            DROPPED_TOTAL,
            help,
            total,
            vec![Label::new("sink", sink), Label::new("reason", reason.as_str())],
        );
    }

    /// Adds to `ms_logging_diverted_total{sink}`; nothing makes it appear.
    pub(crate) fn diverted(&self, sink: &'static str, lines: u64) {
        let Some(total) = place(sink).and_then(|row| DIVERTED.get(row)).map(|cell| add(cell, lines)) else {
            return;
        };
        set(DIVERTED_TOTAL, "Lines that went to the fallback", total, vec![Label::new("sink", sink)]);
    }

    /// Brings `ms_logging_truncated_total{sink}` up to date; nothing makes it appear.
    pub(crate) fn truncated(&self, sink: &'static str) {
        let Some(cell) = place(sink).and_then(|row| TRUNCATED.get(row)) else { return };
        let help = "Lines that were cut at 64 KiB";
        set(TRUNCATED_TOTAL, help, cell.load(Ordering::Relaxed), vec![Label::new("sink", sink)]);
    }
}

/// Counts a line of this sink that was cut; the next turn publishes that.
pub(crate) fn truncated(sink: &str) {
    place(sink).and_then(|row| TRUNCATED.get(row)).map(|cell| add(cell, 1));
}

fn place(sink: &str) -> Option<usize> {
    SINKS.iter().position(|name| *name == sink)
}

fn add(cell: &AtomicU64, lines: u64) -> u64 {
    cell.fetch_add(lines, Ordering::Relaxed) + lines
}

fn set(name: &'static str, help: &'static str, total: u64, labels: Vec<Label>) {
    // A recorder that panics must not end the writer.
    let _ = panic::catch_unwind(|| {
        // Each time, since nobody says when a recorder comes.
        metrics::describe_counter!(name, help);
        metrics::counter!(name, labels).absolute(total);
    });
}

impl Drop for Turn {
    fn drop(&mut self) {
        PUBLISHING.set(false);
    }
}
