//! Registrations that were refused.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use parking_lot::Mutex;

use super::families::is_due;
use crate::cells::CounterCell;
use crate::guard::{self, Refusal};

/// How often one reason was met, and by whom first.
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    pub(super) counter: Arc<CounterCell>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    first: Option<First>,
    warned: Option<Instant>,
}

/// The first metric that was refused.
#[derive(Clone)]
pub(super) struct First {
    pub(super) metric: String,
    pub(super) since: SystemTime,
}

impl Refused {
    pub(super) fn new(refusal: Refusal, counter: Arc<CounterCell>) -> Self {
        Self { refusal, counter, seen: Mutex::default() }
    }

    pub(super) fn first(&self) -> Option<First> {
        self.seen.lock().first.clone()
    }

    pub(super) fn count(&self, name: &str) {
        self.counter.add(1);
        let warn = {
            let mut seen = self.seen.lock();
            seen.first
                .get_or_insert_with(|| First { metric: guard::shown_name(name), since: SystemTime::now() });
            is_due(&mut seen.warned, Instant::now())
        };
        // Not under the lock: whoever writes the line may register metrics.
        if warn {
            tracing::warn!(
                metric = ?guard::shown_name(name),
                reason = self.refusal.reason(),
                "metric refused; more may follow unsaid within the hour"
            );
        }
    }
}
