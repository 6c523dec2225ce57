//! Panics as lines of the log.

use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::layer::Core;
use crate::queue::hurry;

/// How long a panicking thread waits for its line to be taken and written.
const LIMIT: Duration = Duration::from_secs(2);

/// Logs every panic at ERROR before the hook that was set until now.
pub(crate) fn log_panics(core: &Arc<Core>) {
    let core: Weak<Core> = Arc::downgrade(core);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if let Some(core) = core.upgrade() {
            let deadline = Instant::now() + LIMIT;
            hurry(deadline, || log(info));
            core.sinks.iter().for_each(|sink| {
                sink.queue.flush(deadline);
            });
        }
        before(info);
    }));
}

fn log(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("no text");
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let name = thread.name().unwrap_or("unnamed");
    tracing::error!(target: "ms_logging::panic", thread = name, location, "panic: {message}");
}
