//! Which request was slow: one trace a bucket.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::registry::BLOCK;

/// OpenMetrics allows 128 characters in the names and values of an exemplar's labels; `trace_id` is eight of them.
const LONGEST_TRACE: usize = 120;
/// The slowest of so long a time is shown. Longer than the usual pause between two scrapes.
const LASTING: Duration = Duration::from_secs(60);

/// The largest value of the last minute in each bucket, with its trace.
#[derive(Debug)]
pub(crate) struct Exemplars(Box<[Mutex<Option<Kept>>]>);

#[derive(Debug)]
struct Kept {
    exemplar: Exemplar,
    since: Instant,
}

/// A value and the trace it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: String,
    pub(crate) value: f64,
    /// Of the wall clock, only for display.
    pub(crate) since_epoch: Duration,
}

impl Exemplars {
    pub(crate) fn new(buckets: usize) -> Self {
        Self((0..buckets).map(|_| Mutex::default()).collect())
    }

    /// Keeps the value if it is the largest of its bucket for a minute.
    ///
    /// Whoever finds the bucket in use goes on without: one exemplar is as good as the other, and none is worth a wait.
    pub(crate) fn offer(&self, bucket: usize, value: f64, trace_id: &str) {
        if !is_trace(trace_id) {
            return;
        }
        let Some(mut slot) = self.0.get(bucket).and_then(Mutex::try_lock) else { return };
        let now = Instant::now();
        let stays =
            |kept: &Kept| kept.exemplar.value > value && now.saturating_duration_since(kept.since) < LASTING;
        if slot.as_ref().is_some_and(stays) {
            return;
        }
        // The text of the one before is written over, so that only the first costs an allocation.
        let mut text = slot.take().map(|kept| kept.exemplar.trace_id).unwrap_or_default();
        text.clear();
        text.push_str(trace_id);
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        *slot = Some(Kept { exemplar: Exemplar { trace_id: text, value, since_epoch }, since: now });
    }

    /// What they take of the memory, in bytes, but for those that somebody is changing.
    pub(crate) fn bytes(&self) -> usize {
        let mut texts = 0;
        for bucket in 0..self.0.len() {
            self.see(bucket, |exemplar| texts += exemplar.trace_id.capacity() + BLOCK);
        }
        size_of_val(&*self.0) + BLOCK + texts
    }

    /// Gives the exemplar of a bucket to `see`, if there is one and nobody is changing it.
    pub(crate) fn see(&self, bucket: usize, see: impl FnOnce(&Exemplar)) {
        if let Some(slot) = self.0.get(bucket).and_then(Mutex::try_lock)
            && let Some(kept) = &*slot
        {
            see(&kept.exemplar);
        }
    }
}

/// Tells if the page can show it. Who sends a trace chooses it, and escapes in exemplars are more than some readers take:
/// prometheus_client's refuses the page for a quote.
fn is_trace(trace_id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=LONGEST_TRACE).contains(&trace_id.len()) && trace_id.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(exemplars: &Exemplars, bucket: usize) -> Option<(String, f64)> {
        let mut found = None;
        exemplars.see(bucket, |exemplar| found = Some((exemplar.trace_id.clone(), exemplar.value)));
        found
    }

    #[test]
    fn the_slowest_of_each_bucket_is_kept() {
        let exemplars = Exemplars::new(2);
        for (bucket, value, trace) in
            [(0, 0.3, "a"), (0, 0.4, "b"), (0, 0.2, "c"), (1, 0.9, "d"), (2, 7.0, "e")]
        {
            exemplars.offer(bucket, value, trace);
        }
        assert_eq!(seen(&exemplars, 0), Some(("b".to_owned(), 0.4)));
        assert_eq!(seen(&exemplars, 1), Some(("d".to_owned(), 0.9)));
        assert_eq!(seen(&exemplars, 2), None);
    }

    #[test]
    fn an_old_one_gives_way_to_any() {
        let exemplars = Exemplars::new(1);
        exemplars.offer(0, 9.0, "old");
        let old = Instant::now().checked_sub(LASTING);
        exemplars.0[0].lock().as_mut().unwrap().since = old.expect("the machine runs for a minute");
        exemplars.offer(0, 1.0, "new");
        assert_eq!(seen(&exemplars, 0), Some(("new".to_owned(), 1.0)));
    }

    #[test]
    fn a_trace_that_the_format_has_no_room_for_is_not_kept() {
        let exemplars = Exemplars::new(1);
        for trace in ["", &"x".repeat(LONGEST_TRACE + 1), "ş", "a b", "a\n", "\"", "\\"] {
            exemplars.offer(0, 1.0, trace);
            assert_eq!(seen(&exemplars, 0), None, "{trace:?}");
        }
        exemplars.offer(0, 1.0, &"x".repeat(LONGEST_TRACE));
        assert!(seen(&exemplars, 0).is_some());
    }

    #[test]
    fn nobody_waits_for_a_bucket_in_use() {
        let exemplars = Exemplars::new(1);
        let held = exemplars.0[0].lock();
        exemplars.offer(0, 1.0, "a");
        assert_eq!(seen(&exemplars, 0), None);
        drop(held);
        assert_eq!(seen(&exemplars, 0), None);
    }
}
