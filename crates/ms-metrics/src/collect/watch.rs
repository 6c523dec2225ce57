//! What is told of a collector.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use metrics::{Counter, Key, Label};
use parking_lot::Mutex;

use super::{Outcome, Reading};
use crate::catalog::machine::{COLLECTOR_AGE, COLLECTOR_PANICS, COLLECTOR_UP};
use crate::registry::{Kind, Registry};

/// A reading that takes longer is taken to hang, and so is whatever its thread has not begun so long after it was due.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a collector is up, how old its last reading is, and how often it has panicked.
///
/// The page asks when it is made, so that a collector which hangs need not say so itself and no other thread has to.
pub(crate) struct Watch {
    name: String,
    up: Reading,
    age: Reading,
    panics: Counter,
    state: Mutex<State>,
}

struct State {
    /// When the reading should have ended, or the next one.
    late_after: Option<Instant>,
    /// When a reading last told what there is, be it nothing; the start before the first one has.
    last_read: Instant,
    /// Nothing until the first reading has ended.
    up: Option<bool>,
}

impl Watch {
    /// The first reading is due at once.
    pub(crate) fn new(registry: &Registry, name: &str, now: Instant) -> Arc<Self> {
        let state = State { late_after: Some(now + PATIENCE), last_read: now, up: None };
        let label = || vec![Label::new("collector", name.to_owned())];
        let watch = Arc::new(Self {
            name: name.to_owned(),
            up: Reading::new(registry, Kind::Gauge, COLLECTOR_UP, label()),
            age: Reading::new(registry, Kind::Gauge, COLLECTOR_AGE, label()),
            panics: registry.counter(&Key::from_parts(COLLECTOR_PANICS, label())),
            state: Mutex::new(state),
        });
        registry.watch(&watch);
        watch
    }

    /// Reads once; the next reading is due after `pause`. A panic ends the reading and nothing else.
    pub(crate) fn read(&self, pause: Duration, read: impl FnOnce() -> Outcome) {
        self.begin(Instant::now());
        let outcome = catch_unwind(AssertUnwindSafe(read)).ok();
        self.end(Instant::now(), pause, outcome);
    }

    fn begin(&self, now: Instant) {
        self.state.lock().late_after = Some(now + PATIENCE);
    }

    /// Without an outcome it has panicked.
    fn end(&self, now: Instant, pause: Duration, outcome: Option<Outcome>) {
        let mut state = self.state.lock();
        state.late_after = pause.checked_add(PATIENCE).and_then(|span| now.checked_add(span));
        let was_up = state.up;
        match outcome {
            Some(Outcome::Read) => (state.up, state.last_read) = (Some(true), now),
            Some(Outcome::Missing) => (state.up, state.last_read) = (Some(false), now),
            Some(Outcome::Unchanged) => {}
            Some(Outcome::Failed) | None => state.up = Some(false),
        }
        drop(state);
        if outcome.is_none() {
            self.panics.increment(1);
            // Not each time: one that panics at every reading would fill the log.
            if was_up != Some(false) {
                tracing::warn!(
                    collector = self.name,
                    "collector panicked; its last reading stays with its age"
                );
            }
        }
    }

    /// Sets what the page shows.
    pub(crate) fn show(&self, now: Instant) {
        let state = self.state.lock();
        let since = |then: Instant| now.saturating_duration_since(then);
        let is_late = state.late_after.is_some_and(|late| now > late);
        let up = if is_late { Some(false) } else { state.up };
        // One that has never read has an age too: an alert on the age alone then misses none that hangs or fails.
        let age = up.map(|_| since(state.last_read).as_secs_f64());
        drop(state);
        self.up.show(up.map(|up| f64::from(u8::from(up))));
        self.age.show(age);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::Metrics;

    fn shown(metrics: &Metrics) -> String {
        let mut page = String::new();
        for line in metrics.recorder().0.page().lines() {
            let line = line.strip_prefix("ms_metrics_collector_").filter(|line| line.contains("=\"nfs\"}"));
            page.extend(line.map(|line| line.replace("{collector=\"nfs\"}", "") + "; "));
        }
        page
    }

    #[test]
    fn a_reading_that_hangs_is_down_after_two_seconds_with_its_age_and_comes_back() {
        let metrics = Metrics::builder().build().unwrap();
        let start = Instant::now();
        let watch = Watch::new(&metrics.recorder().0, "nfs", start);
        let at = |seconds| start + Duration::from_secs(seconds);
        let seen = |seconds| {
            watch.show(at(seconds));
            shown(&metrics)
        };
        assert_eq!(seen(0), "panics_total 0; ", "nothing is known yet");
        watch.begin(at(0));
        assert_eq!(seen(2), "panics_total 0; ");
        assert_eq!(seen(3), "age_seconds 3; panics_total 0; up 0; ", "the first reading hangs");
        let end = |seconds, outcome| watch.end(at(seconds), Duration::from_secs(15), outcome);
        end(5, Some(Outcome::Read));
        assert_eq!(seen(5), "age_seconds 0; panics_total 0; up 1; ");
        watch.begin(at(10));
        assert_eq!(seen(12), "age_seconds 7; panics_total 0; up 1; ");
        assert_eq!(seen(3600), "age_seconds 3595; panics_total 0; up 0; ");
        end(3601, Some(Outcome::Read));
        assert_eq!(seen(3602), "age_seconds 1; panics_total 0; up 1; ");
        end(3610, Some(Outcome::Unchanged));
        assert_eq!(seen(3610), "age_seconds 9; panics_total 0; up 1; ");
        end(3611, None);
        assert_eq!(seen(3611), "age_seconds 10; panics_total 1; up 0; ", "panicked");
        end(3611, Some(Outcome::Read));
        end(3612, Some(Outcome::Failed));
        assert_eq!(seen(3612), "age_seconds 1; panics_total 1; up 0; ");
        end(3612, Some(Outcome::Missing));
        assert_eq!(seen(3613), "age_seconds 1; panics_total 1; up 0; ", "that nothing is there was read");
        drop(watch);
        assert_eq!(shown(&metrics), "panics_total 1; ");
    }

    #[test]
    fn one_that_waits_for_another_of_its_thread_is_down_when_it_is_overdue() {
        let metrics = Metrics::builder().build().unwrap();
        let start = Instant::now();
        let watch = Watch::new(&metrics.recorder().0, "nfs", start);
        let seen = |seconds| {
            watch.show(start + Duration::from_secs(seconds));
            shown(&metrics)
        };
        assert_eq!(seen(2), "panics_total 0; ");
        assert_eq!(seen(130), "age_seconds 130; panics_total 0; up 0; ", "the other's first reading hangs");
        let up_after = |seconds| seen(seconds).ends_with("up 1; ");
        watch.end(start, Duration::from_secs(15), Some(Outcome::Read));
        assert!(up_after(17) && !up_after(18));
        watch.end(start, Duration::MAX, Some(Outcome::Read));
        assert!(up_after(1_000_000), "the next one is never due");
    }
}
