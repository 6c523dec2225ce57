//! Rules that fail: the program's own may in any way, and the built-in ones must not be trusted not to.

use std::cell::Cell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use metrics::counter;

use super::{Kind, Span, replace};

/// A rule whose name could not be asked for.
const UNNAMED: &str = "panicked";
/// How long a rule may look at one text.
const LIMIT: Duration = Duration::from_millis(100);

/// Finds what must not be logged in addition to what is found anyway; see [`Redactor::rule`](crate::Redactor::rule).
///
/// ```
/// use ms_logging::{RedactRule, Redactor};
/// use std::ops::Range;
///
/// struct RoomNumbers;
///
/// impl RedactRule for RoomNumbers {
///     fn name(&self) -> &'static str {
///         "room"
///     }
///     fn find(&self, text: &str) -> Vec<Range<usize>> {
///         text.match_indices("R-").map(|(at, _)| at..(at + 5).min(text.len())).collect()
///     }
/// }
///
/// let redactor = Redactor::default().rule(RoomNumbers);
/// assert_eq!(redactor.redact("moved to R-117 today"), "moved to [redacted] today");
/// ```
pub trait RedactRule: Send + Sync + 'static {
    /// What its finds are called in reports: `[a-z_]+`.
    fn name(&self) -> &'static str;

    /// Gives the places in bytes; an end within a character is moved to its edge.
    ///
    /// It is called for every text of every event, so it must be fast: a text on which it panics, or which takes it longer
    /// than 100 ms, is redacted as a whole and counted in `ms_logging_redaction_failures_total{rule}`.
    fn find(&self, text: &str) -> Vec<Range<usize>>;
}

thread_local! {
    /// A rule is at work. It may log, and the hook of its panic may; neither may call it again.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// Runs the rules that are built in; `None` if one of them panicked.
pub(super) fn built_in<F>(find: impl FnOnce() -> F) -> Option<F> {
    let found = catch_unwind(AssertUnwindSafe(find)).ok();
    if found.is_none() {
        count("built_in");
    }
    found
}

/// Adds what the rule finds; `false` if it failed.
pub(super) fn find(rule: &dyn RedactRule, text: &str, spans: &mut Vec<Span>) -> bool {
    if AT_WORK.get() {
        return false;
    }
    // A panic within the hook of a panic would end the process.
    let found = if thread::panicking() { elsewhere(rule, text) } else { guarded(rule, text) };
    let Some(Finds { name, ranges, took }) = found else {
        // Its name may be what panics.
        count(if thread::panicking() { UNNAMED } else { name_of(rule) });
        return false;
    };
    if took > LIMIT {
        count(name);
        return false;
    }
    for Range { start, end } in ranges {
        let start = text.floor_char_boundary(start);
        let end = text.ceil_char_boundary(end.min(text.len()));
        let done = text.get(start..).and_then(replace::tag).is_some_and(|tag| start + tag >= end);
        // What was taken out before may be what the rule looks for.
        if start < end && !done {
            spans.push(Span { kind: Kind::Custom(name), start, end });
        }
    }
    true
}

fn name_of(rule: &dyn RedactRule) -> &'static str {
    AT_WORK.set(true);
    let name = catch_unwind(AssertUnwindSafe(|| rule.name()));
    AT_WORK.set(false);
    name.unwrap_or(UNNAMED)
}

struct Finds {
    name: &'static str,
    ranges: Vec<Range<usize>>,
    took: Duration,
}

fn guarded(rule: &dyn RedactRule, text: &str) -> Option<Finds> {
    AT_WORK.set(true);
    let started = clock::now();
    let found = catch_unwind(AssertUnwindSafe(|| (rule.name(), rule.find(text))));
    let took = clock::now().saturating_sub(started);
    AT_WORK.set(false);
    let (name, ranges) = found.ok()?;
    Some(Finds { name, ranges, took })
}

fn elsewhere(rule: &dyn RedactRule, text: &str) -> Option<Finds> {
    thread::scope(|scope| {
        let work = thread::Builder::new().spawn_scoped(scope, || guarded(rule, text));
        work.ok()?.join().ok()?
    })
}

#[cfg(not(test))]
mod clock {
    use std::sync::LazyLock;
    use std::time::{Duration, Instant};

    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);

    pub(super) fn now() -> Duration {
        BEGUN.elapsed()
    }
}

/// A clock that rules move themselves: a machine under load makes none of them slow.
#[cfg(test)]
pub(super) mod clock {
    use std::cell::Cell;
    use std::time::Duration;

    thread_local! {
        static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    pub(super) fn now() -> Duration {
        NOW.get()
    }

    pub(in crate::redact) fn advance(by: Duration) {
        NOW.set(NOW.get() + by);
    }
}

fn count(rule: &'static str) {
    // The recorder may log, and the text of that may fail too.
    if !AT_WORK.replace(true) {
        counter!("ms_logging_redaction_failures_total", "rule" => rule).increment(1);
        AT_WORK.set(false);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

    use super::*;
    use crate::redact::Redactor;

    #[derive(Default)]
    struct Counts(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

    impl Counts {
        fn of(&self, rule: &str) -> u64 {
            let counts = self.0.lock().unwrap();
            counts.get(rule).map_or(0, |count| count.load(Ordering::Relaxed))
        }
    }

    impl Recorder for Counts {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            assert_eq!(key.name(), "ms_logging_redaction_failures_total");
            let rule = key.labels().next().unwrap().value().to_owned();
            Counter::from_arc(Arc::clone(self.0.lock().unwrap().entry(rule).or_default()))
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    struct Fails(&'static str);

    impl RedactRule for Fails {
        fn name(&self) -> &'static str {
            assert!(!self.0.is_empty(), "no name");
            self.0
        }

        fn find(&self, _: &str) -> Vec<Range<usize>> {
            panic!("no finds")
        }
    }

    #[test]
    fn every_rule_that_panics_is_counted_by_its_name() {
        let counts = Counts::default();
        metrics::with_local_recorder(&counts, || {
            assert_eq!(built_in(|| 7), Some(7));
            assert_eq!(built_in(|| -> u8 { panic!("a rule of ours") }), None);
            for name in ["room", ""] {
                assert_eq!(Redactor::default().rule(Fails(name)).redact("text"), replace::REDACTED);
            }
        });
        let counted = ["built_in", "room", "panicked"].map(|rule| counts.of(rule));
        assert_eq!(counted, [1, 1, 1]);
    }
}
