//! Response times of a running service.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::response_times::ResponseTimes;

/// The window moves in steps of a fifth of its length.
const SLOTS: u64 = 5;
const SLOT: Duration = Duration::from_secs(60);
const HIGHEST_MICROS: u64 = 3_600_000_000;
const DIGITS: u8 = 3;

/// Mean and percentiles of the last four to five minutes, in bounded memory. Clones share one window.
///
/// Times from 1 µs to 1 h are kept with three significant digits: percentiles are off by 0.1 % at most; shorter and
/// longer ones count as 1 µs and 1 h. The mean is exact. The window is made of five histograms, one a minute, of up to
/// 200 KiB each. Recording takes a lock for some ten nanoseconds.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use ms_analytics::StreamingResponseTimes;
///
/// let times = StreamingResponseTimes::default();
/// assert!(times.snapshot().is_none());
/// times.record(Duration::from_millis(20));
/// assert_eq!(times.snapshot().unwrap().avg_response_time, 0.02);
/// ```
#[derive(Clone, Debug)]
pub struct StreamingResponseTimes {
    started: Instant,
    slots: Arc<[Mutex<Slot>]>,
    clamped: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Which minute since the start the slot holds.
    minute: u64,
    count: u64,
    total: Duration,
    /// Made with the first record.
    micros: Option<Histogram<u64>>,
}

impl Default for StreamingResponseTimes {
    fn default() -> Self {
        let slots = (0..SLOTS).map(|_| Mutex::default()).collect();
        Self { started: Instant::now(), slots, clamped: Arc::default() }
    }
}

impl StreamingResponseTimes {
    /// Adds one response time.
    pub fn record(&self, time: Duration) {
        self.record_at(self.started.elapsed(), time);
    }

    /// Returns mean and percentiles in seconds, or `None` if nothing was recorded within the window.
    pub fn snapshot(&self) -> Option<ResponseTimes> {
        self.snapshot_at(self.started.elapsed())
    }

    /// Returns how many times longer than 1 h were recorded as 1 h, since the start.
    pub fn clamped(&self) -> u64 {
        self.clamped.load(Ordering::Relaxed)
    }

    fn record_at(&self, now: Duration, time: Duration) {
        if time.as_micros() > u128::from(HIGHEST_MICROS) {
            self.clamped.fetch_add(1, Ordering::Relaxed);
        }
        let minute = now.as_secs() / SLOT.as_secs();
        let position = usize::try_from(minute % SLOTS).unwrap_or_default();
        let Some(slot) = self.slots.get(position) else { return };
        // A panic elsewhere cannot leave a slot half written: nothing below panics.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.minute != minute {
            slot.start(minute);
        }
        slot.record(time);
    }

    fn snapshot_at(&self, now: Duration) -> Option<ResponseTimes> {
        let minute = now.as_secs() / SLOT.as_secs();
        let (mut count, mut total, mut merged) = (0, Duration::ZERO, None::<Histogram<u64>>);
        for slot in self.slots.iter() {
            let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if minute.saturating_sub(slot.minute) >= SLOTS {
                continue;
            }
            count += slot.count;
            total = total.saturating_add(slot.total);
            match (&mut merged, &slot.micros) {
                // Both have the same bounds, so adding cannot fail.
                (Some(merged), Some(micros)) => merged.add(micros).ok()?,
                (None, Some(micros)) => merged = Some(micros.clone()),
                (_, None) => {}
            }
        }
        let seconds = |quantile| Some(merged.as_ref()?.value_at_quantile(quantile) as f64 / 1e6);
        let mean = if count == 0 { return None } else { total.as_secs_f64() / count as f64 };
        Some(ResponseTimes::new(mean, seconds(0.95)?, seconds(0.99)?))
    }
}

impl Slot {
    fn start(&mut self, minute: u64) {
        let micros = self.micros.take().map(|mut micros| {
            micros.reset();
            micros
        });
        *self = Self { minute, micros, ..Self::default() };
    }

    fn record(&mut self, time: Duration) {
        if self.micros.is_none() {
            self.micros = Histogram::new_with_bounds(1, HIGHEST_MICROS, DIGITS).ok();
        }
        if let Some(micros) = &mut self.micros {
            micros.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1));
            self.count += 1;
            self.total = self.total.saturating_add(time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_forgets_after_five_minutes() {
        let times = StreamingResponseTimes::default();
        let minute = |minutes: u64| SLOT * u32::try_from(minutes).unwrap();
        times.record_at(minute(0), Duration::from_secs(2));
        times.record_at(minute(4), Duration::from_secs(4));
        assert_eq!(times.snapshot_at(minute(4)).unwrap().avg_response_time, 3.0);
        assert_eq!(times.snapshot_at(minute(5)).unwrap().avg_response_time, 4.0);
        assert_eq!(times.snapshot_at(minute(9)), None);
        times.record_at(minute(5), Duration::from_secs(6));
        assert_eq!(times.snapshot_at(minute(5)).unwrap().avg_response_time, 5.0);
    }

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let times = StreamingResponseTimes::default();
        for millis in 1..=1000_u64 {
            times.record_at(Duration::ZERO, Duration::from_millis(millis));
        }
        let snapshot = times.snapshot_at(Duration::ZERO).unwrap();
        assert!((snapshot.p95_response_time / 0.95 - 1.0).abs() <= 1e-3, "{snapshot:?}");
        assert!((snapshot.p99_response_time / 0.99 - 1.0).abs() <= 1e-3, "{snapshot:?}");
        assert!((snapshot.avg_response_time - 0.5005).abs() < 1e-12, "{snapshot:?}");
    }

    #[test]
    fn extremes_are_clamped_not_lost() {
        let times = StreamingResponseTimes::default();
        times.record_at(Duration::ZERO, Duration::MAX);
        times.record_at(Duration::ZERO, Duration::ZERO);
        assert_eq!(times.clone().clamped(), 1);
        let snapshot = times.snapshot_at(Duration::ZERO).unwrap();
        assert!(snapshot.p99_response_time >= 3600.0 && snapshot.p99_response_time < 3605.0, "{snapshot:?}");
    }
}
