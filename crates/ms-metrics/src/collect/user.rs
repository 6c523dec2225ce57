//! Collectors of the service's own.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Collect, Outcome, Pauses};
use crate::recorder::MetricsRecorder;

/// The shortest pause between two readings.
const SHORTEST: Duration = Duration::from_millis(10);

type Read = dyn FnMut(&MetricsRecorder) -> Outcome + Send;

/// A closure of the service, its name and its interval.
#[derive(Clone)]
pub(crate) struct UserCollector {
    pub(crate) name: String,
    interval: Duration,
    /// Clones of a builder share it.
    read: Arc<Mutex<Read>>,
}

impl UserCollector {
    pub(crate) fn new(
        name: String,
        interval: Duration,
        read: impl FnMut(&MetricsRecorder) -> Outcome + Send + 'static,
    ) -> Self {
        Self { name, interval, read: Arc::new(Mutex::new(read)) }
    }

    pub(crate) fn pauses(&self) -> Pauses {
        let pause = self.interval.max(SHORTEST);
        Pauses { first: pause, then: pause }
    }

    pub(crate) fn with(&self, recorder: MetricsRecorder) -> Box<dyn Collect> {
        Box::new(Running { read: Arc::clone(&self.read), recorder })
    }
}

impl fmt::Debug for UserCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, interval, read: _ } = self;
        f.debug_struct("UserCollector")
            .field("name", name)
            .field("interval", interval)
            .finish_non_exhaustive()
    }
}

struct Running {
    read: Arc<Mutex<Read>>,
    recorder: MetricsRecorder,
}

impl Collect for Running {
    fn collect(&mut self) -> Outcome {
        // The macros inside are for these metrics, whichever recorder is the global one.
        metrics::with_local_recorder(&self.recorder, || (self.read.lock())(&self.recorder))
    }
}
