//! When requests are due.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// Requests that are due: one every 1/rate seconds.
///
/// A thread of their own wakes them, because the runtime's timers count in whole milliseconds, which would be charged
/// to the service.
#[derive(Debug)]
pub(super) struct Arrivals {
    begun: Instant,
    rate: f64,
    taken: u64,
    due: Arc<Semaphore>,
    ended: Arc<AtomicBool>,
}

impl Arrivals {
    /// Lets `total` requests become due, the first at once.
    pub(super) fn start(rate: f64, total: u64) -> Self {
        let (begun, due) = (Instant::now(), Arc::new(Semaphore::new(0)));
        let ended = Arc::new(AtomicBool::new(false));
        let pacer = (Arc::clone(&due), Arc::clone(&ended));
        std::thread::spawn(move || {
            let (due, ended) = pacer;
            for number in 0..total {
                let wait = moment(begun, rate, number).saturating_duration_since(Instant::now());
                if !wait.is_zero() {
                    std::thread::sleep(wait);
                }
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                due.add_permits(1);
            }
        });
        Self { begun, rate, taken: 0, due, ended }
    }

    /// Waits for the next and returns its number and when it was due, which may be long ago.
    ///
    /// # Cancel safety
    ///
    /// None is lost.
    pub(super) async fn next(&mut self) -> (u64, Instant) {
        // Nobody closes the semaphore.
        if let Ok(permit) = self.due.acquire().await {
            permit.forget();
        }
        self.take()
    }

    /// Takes the next without waiting for it.
    pub(super) fn take(&mut self) -> (u64, Instant) {
        let number = self.taken;
        self.taken += 1;
        (number, self.at(number))
    }

    /// When a request is due.
    pub(super) fn at(&self, number: u64) -> Instant {
        moment(self.begun, self.rate, number)
    }

    /// How many were taken.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn begun(&self) -> Instant {
        self.begun
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

fn moment(begun: Instant, rate: f64, number: u64) -> Instant {
    begun + Duration::from_secs_f64(number as f64 / rate)
}
