//! The account of the sinks as metrics.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic;
use std::time::{Duration, Instant};

use metrics::{Label, Unit};
use parking_lot::{Mutex, MutexGuard};

use crate::account::Reason;
use crate::fork::PerProcess;
use crate::queue::Writes;

/// Totals since the process began, by metric, sink and what else there is, over all loggers that share the name of a sink. Any
/// name of a sink has its place here as soon as it counts.
///
/// The totals are set, not added: a recorder that is installed after the first loss still gets the whole number.
type Totals = BTreeMap<(&'static str, &'static str, &'static str), u64>;

const EVENTS_TOTAL: &str = "log_events_total";
const TRUNCATED_TOTAL: &str = "ms_logging_truncated_total";
const DROPPED_TOTAL: &str = "ms_logging_dropped_total";
const DIVERTED_TOTAL: &str = "ms_logging_diverted_total";
const ROTATIONS_TOTAL: &str = "ms_logging_rotations_total";
const SYNC_FAILURES_TOTAL: &str = "ms_logging_sync_failures_total";
const WRITE_DURATION: &str = "ms_logging_write_duration_seconds";

/// How long a thread that has other things to do waits for its turn, and for whoever has it.
pub(crate) const SOON: Duration = Duration::from_millis(100);

/// Held while totals are published, so that whoever waits for it finds them published. A child that was forked meanwhile
/// would wait for good.
static TOTALS: PerProcess<Mutex<Totals>> = PerProcess::new(Mutex::new(BTreeMap::new()));

thread_local! {
    /// A recorder may log; what it logs may be dropped and would be published.
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this is called by a recorder that is told of the account. Somebody may wait for the thread to be done with it.
pub(crate) fn is_publishing() -> bool {
    PUBLISHING.get()
}

/// The right to publish; `None` within a recorder, which must not wait for itself.
pub(crate) struct Turn {
    totals: MutexGuard<'static, Totals>,
}

impl Turn {
    /// Waits a short while at least and until `deadline` at most: whoever publishes may wait for a recorder that the caller
    /// holds.
    pub(crate) fn take(deadline: Instant) -> Option<Self> {
        if PUBLISHING.get() {
            return None;
        }
        let totals = TOTALS.here(|parents| {
            let known = parents.try_lock().map(|totals| totals.clone());
            Mutex::new(known.unwrap_or_default())
        });
        let totals = totals.try_lock_until(deadline.max(Instant::now() + SOON))?;
        PUBLISHING.set(true);
        Some(Self { totals })
    }

    /// Adds to `ms_logging_dropped_total{sink,reason}`; nothing makes it appear.
    pub(crate) fn dropped(&mut self, sink: &'static str, reason: Reason, lines: u64) {
        let total = self.add((DROPPED_TOTAL, sink, reason.as_str()), lines);
        let help = "Lines that passed the level filter and were lost";
        set(
            DROPPED_TOTAL,
            help,
            total,
            vec![Label::new("sink", sink), Label::new("reason", reason.as_str())],
        );
    }

    /// Adds to `ms_logging_diverted_total{sink}`; nothing makes it appear.
    pub(crate) fn diverted(&mut self, sink: &'static str, lines: u64) {
        let total = self.add((DIVERTED_TOTAL, sink, ""), lines);
        set(DIVERTED_TOTAL, "Lines that went to the fallback", total, vec![Label::new("sink", sink)]);
    }

    /// Adds to `ms_logging_truncated_total{sink}`; nothing makes it appear.
    pub(crate) fn truncated(&mut self, sink: &'static str, lines: u64) {
        let total = self.add((TRUNCATED_TOTAL, sink, ""), lines);
        set(TRUNCATED_TOTAL, "Lines that were cut at 64 KiB", total, vec![Label::new("sink", sink)]);
    }

    /// Adds to `ms_logging_rotations_total{sink}`; nothing makes it appear.
    pub(crate) fn rotated(&mut self, sink: &'static str, rotations: u64) {
        let total = self.add((ROTATIONS_TOTAL, sink, ""), rotations);
        set(ROTATIONS_TOTAL, "Files that were rotated away", total, vec![Label::new("sink", sink)]);
    }

    /// Adds to `ms_logging_sync_failures_total{sink}`; nothing makes it appear.
    pub(crate) fn sync_failed(&mut self, sink: &'static str, failures: u64) {
        let total = self.add((SYNC_FAILURES_TOTAL, sink, ""), failures);
        let help = "How often the disk refused to keep what was written";
        set(SYNC_FAILURES_TOTAL, help, total, vec![Label::new("sink", sink)]);
    }

    /// Adds to `log_events_total{level}`; nothing makes it appear.
    pub(crate) fn events(&mut self, level: &'static str, events: u64) {
        let total = self.add((EVENTS_TOTAL, "", level), events);
        set(EVENTS_TOTAL, "Events that passed the level filter", total, vec![Label::new("level", level)]);
    }

    /// Records in `ms_logging_write_duration_seconds{sink}`; none makes it appear.
    pub(crate) fn wrote(&mut self, sink: &'static str, writes: &[Writes]) {
        let help = "How long a write of gathered lines took, rotation included";
        told(|| {
            metrics::describe_histogram!(WRITE_DURATION, Unit::Seconds, help);
            let histogram = metrics::histogram!(WRITE_DURATION, vec![Label::new("sink", sink)]);
            for each in writes {
                let count = usize::try_from(each.count).unwrap_or(usize::MAX);
                histogram.record_many(each.mean(), count);
            }
        });
    }

    fn add(&mut self, place: (&'static str, &'static str, &'static str), more: u64) -> u64 {
        let total = self.totals.entry(place).or_default();
        *total += more;
        *total
    }
}

fn set(name: &'static str, help: &'static str, total: u64, labels: Vec<Label>) {
    told(|| {
        metrics::describe_counter!(name, help);
        metrics::counter!(name, labels).absolute(total);
    });
}

/// Metrics are described each time, since nobody says when a recorder comes; one that panics must not end the writer.
fn told(tell: impl FnOnce()) {
    let _ = panic::catch_unwind(panic::AssertUnwindSafe(tell));
}

impl Drop for Turn {
    fn drop(&mut self) {
        PUBLISHING.set(false);
    }
}
