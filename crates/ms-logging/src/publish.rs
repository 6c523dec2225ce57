//! The account of the sinks as metrics.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic;
use std::time::Duration;

use metrics::Label;
use parking_lot::{Mutex, MutexGuard};

use crate::account::Reason;

/// Totals since the process began, by metric, sink and what else there is, over all loggers that share the name of a sink. Any
/// name of a sink has its place here as soon as it counts.
///
/// The totals are set, not added: a recorder that is installed after the first loss still gets the whole number.
static TOTALS: Mutex<BTreeMap<(&'static str, &'static str, &'static str), u64>> = Mutex::new(BTreeMap::new());
const EVENTS_TOTAL: &str = "log_events_total";
const TRUNCATED_TOTAL: &str = "ms_logging_truncated_total";
const DROPPED_TOTAL: &str = "ms_logging_dropped_total";
const DIVERTED_TOTAL: &str = "ms_logging_diverted_total";

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
        let total = add((DROPPED_TOTAL, sink, reason.as_str()), lines);
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
        let total = add((DIVERTED_TOTAL, sink, ""), lines);
        set(DIVERTED_TOTAL, "Lines that went to the fallback", total, vec![Label::new("sink", sink)]);
    }

    /// Brings `ms_logging_truncated_total{sink}` up to date; nothing makes it appear.
    pub(crate) fn truncated(&self, sink: &'static str) {
        let total = add((TRUNCATED_TOTAL, sink, ""), 0);
        set(TRUNCATED_TOTAL, "Lines that were cut at 64 KiB", total, vec![Label::new("sink", sink)]);
    }

    /// Adds to `log_events_total{level}`; nothing makes it appear.
    pub(crate) fn events(&self, level: &'static str, events: u64) {
        let total = add((EVENTS_TOTAL, "", level), events);
        set(EVENTS_TOTAL, "Events that passed the level filter", total, vec![Label::new("level", level)]);
    }
}

/// Counts a line of this sink that was cut; the next turn publishes that.
pub(crate) fn truncated(sink: &'static str) {
    add((TRUNCATED_TOTAL, sink, ""), 1);
}

fn add(place: (&'static str, &'static str, &'static str), more: u64) -> u64 {
    let mut totals = TOTALS.lock();
    let total = totals.entry(place).or_default();
    *total += more;
    *total
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
