//! The account of the sinks as metrics.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic;
use std::time::{Duration, Instant};

use metrics::{Label, Unit};
use parking_lot::{Mutex, MutexGuard};

use crate::account::Reason;
use crate::fork;

/// Metric, sink, and what else there is.
type Place = (&'static str, &'static str, &'static str);
type Totals = BTreeMap<Place, u64>;

/// Totals since the process began, by metric, sink and what else there is, over all loggers that share the name of a sink. Any
/// name of a sink has its place here as soon as it counts.
///
/// The totals are set, not added: a recorder that is installed after the first loss still gets the whole number.
static TOTALS: Mutex<Totals> = Mutex::new(BTreeMap::new());
const EVENTS_TOTAL: &str = "log_events_total";
const TRUNCATED_TOTAL: &str = "ms_logging_truncated_total";
const DROPPED_TOTAL: &str = "ms_logging_dropped_total";
const DIVERTED_TOTAL: &str = "ms_logging_diverted_total";
const ROTATIONS_TOTAL: &str = "ms_logging_rotations_total";
const WRITE_DURATION: &str = "ms_logging_write_duration_seconds";

/// How long somebody waits for a turn who has more to do than to publish.
const SOON: Duration = Duration::from_millis(100);

/// Held while totals are published, so that whoever waits for it finds them published.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// A recorder may log; what it logs may be dropped and would be published.
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is within a recorder that is told totals.
pub(crate) fn is_publishing() -> bool {
    PUBLISHING.get()
}

/// The right to publish; `None` within a recorder, which must not wait for itself, or if others have it for too long. What
/// is not published then the next one publishes.
pub(crate) struct Turn(#[allow(dead_code, reason = "held for its lock")] MutexGuard<'static, ()>);

impl Turn {
    /// Waits no longer than a short while: whoever publishes may wait for a recorder that the caller holds, and lines wait
    /// for a writer.
    pub(crate) fn take_soon() -> Option<Self> {
        Self::take_by(Instant::now() + SOON)
    }

    pub(crate) fn take_by(deadline: Instant) -> Option<Self> {
        if is_publishing() {
            return None;
        }
        TURN.try_lock_until(deadline).map(Self::begin)
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

    /// Adds to `ms_logging_rotations_total{sink}`; nothing makes it appear.
    pub(crate) fn rotated(&self, sink: &'static str, files: u64) {
        let total = add((ROTATIONS_TOTAL, sink, ""), files);
        set(ROTATIONS_TOTAL, "Files that were rotated away", total, vec![Label::new("sink", sink)]);
    }

    /// Records in `ms_logging_write_duration_seconds{sink}`; none makes it appear.
    pub(crate) fn wrote(&self, sink: &'static str, durations: &[Duration]) {
        // A recorder that panics must not end the writer.
        let _ = panic::catch_unwind(|| {
            let help = "How long a write of gathered lines took, rotation included";
            metrics::describe_histogram!(WRITE_DURATION, Unit::Seconds, help);
            let histogram = metrics::histogram!(WRITE_DURATION, vec![Label::new("sink", sink)]);
            durations.iter().for_each(|duration| histogram.record(*duration));
        });
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

/// Counts a line of this sink that was cut; the next turn publishes that. `owner` is the process of the sink: one made by
/// `fork` publishes nothing.
pub(crate) fn truncated(sink: &'static str, owner: u32) {
    if let Some(mut totals) = fork::lock(&TOTALS, owner) {
        add_to(&mut totals, (TRUNCATED_TOTAL, sink, ""), 1);
    }
}

fn add(place: Place, more: u64) -> u64 {
    add_to(&mut TOTALS.lock(), place, more)
}

fn add_to(totals: &mut Totals, place: Place, more: u64) -> u64 {
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
