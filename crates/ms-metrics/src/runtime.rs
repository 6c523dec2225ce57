//! A tokio runtime, as far as its stable interface tells.

use tokio::runtime::Handle;

use crate::catalog::machine::{
    TOKIO_BUSY_SECONDS, TOKIO_GLOBAL_QUEUE_DEPTH, TOKIO_LIVE_TASKS, TOKIO_PARKS, TOKIO_WORKERS,
};
use crate::collect::{Collect, Outcome, Reading};
use crate::registry::Registry;

/// The totals since the runtime began: what the crate tokio-metrics adds up again from differences.
pub(crate) struct Runtime {
    handle: Handle,
    workers: Reading,
    tasks: Reading,
    queue: Reading,
    busy: Reading,
    parks: Reading,
}

impl Runtime {
    pub(crate) fn new(registry: &Registry, handle: Handle) -> Self {
        Self {
            handle,
            workers: Reading::gauge(registry, TOKIO_WORKERS),
            tasks: Reading::gauge(registry, TOKIO_LIVE_TASKS),
            queue: Reading::gauge(registry, TOKIO_GLOBAL_QUEUE_DEPTH),
            busy: Reading::counter(registry, TOKIO_BUSY_SECONDS),
            parks: Reading::counter(registry, TOKIO_PARKS),
        }
    }
}

impl Collect for Runtime {
    fn collect(&mut self) -> Outcome {
        let runtime = self.handle.metrics();
        let workers = runtime.num_workers();
        self.workers.show(Some(workers as f64));
        self.tasks.show(Some(runtime.num_alive_tasks() as f64));
        self.queue.show(Some(runtime.global_queue_depth() as f64));
        #[cfg(target_has_atomic = "64")]
        {
            let busy = (0..workers).map(|worker| runtime.worker_total_busy_duration(worker));
            self.busy.show(Some(busy.sum::<std::time::Duration>().as_secs_f64()));
            let parks = (0..workers).map(|worker| runtime.worker_park_count(worker));
            self.parks.show(Some(parks.sum::<u64>() as f64));
        }
        Outcome::Read
    }
}
