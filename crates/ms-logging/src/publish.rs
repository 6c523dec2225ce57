//! The account of the sinks as metrics.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::account::Reason;

/// Lines lost since the process began, over all loggers that share the name of a sink.
///
/// The totals are set, not added: a recorder that is installed after the first loss still gets the whole number.
static TOTALS: [[AtomicU64; Reason::ALL.len()]; SINKS.len()] =
    [const { [const { AtomicU64::new(0) }; 4] }; 3];
const SINKS: [&str; 3] = ["file", "json", "console"];

thread_local! {
    /// A recorder may log; what it logs may be dropped and would be published.
    static PUBLISHING: Cell<bool> = const { Cell::new(false) };
}

/// Adds to `ms_logging_dropped_total{sink,reason}`.
pub(crate) fn dropped(sink: &'static str, reason: Reason, lines: u64) {
    let place = SINKS.iter().position(|name| *name == sink);
    let column = Reason::ALL.iter().position(|other| *other == reason);
    let cell = place.zip(column).and_then(|(row, column)| TOTALS.get(row)?.get(column));
    let Some(cell) = cell else { return };
    cell.fetch_add(lines, Ordering::Relaxed);
    outside_itself(|| {
        metrics::counter!("ms_logging_dropped_total", "sink" => sink, "reason" => reason.as_str())
            .absolute(cell.load(Ordering::Relaxed));
    });
}

/// Shows zeros, so that `rate()` works from the first loss on.
pub(crate) fn zero(sink: &'static str) {
    for reason in Reason::ALL {
        dropped(sink, reason, 0);
    }
}

/// Not from within a recorder; and a recorder that panics must not end the writer.
fn outside_itself(publish: impl FnOnce()) {
    if PUBLISHING.get() {
        return;
    }
    PUBLISHING.set(true);
    let _ = panic::catch_unwind(AssertUnwindSafe(publish));
    PUBLISHING.set(false);
}
