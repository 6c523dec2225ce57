//! What keeps the log open.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use crate::account::SinkAccount;
use crate::builder::LoggingBuilder;
use crate::layer::Core;
use crate::levels::Levels;
use crate::queue::deadline;

/// The entry to this crate; see [`Logging::builder`].
#[derive(Debug, Clone, Copy)]
pub struct Logging;

impl Logging {
    /// Starts from the defaults, which [`LoggingBuilder`] lists.
    pub fn builder() -> LoggingBuilder {
        LoggingBuilder::default()
    }
}

/// Keeps the writers running; dropping it shuts them down within the builder's `shutdown_limit`.
#[derive(Debug)]
#[must_use = "dropping it ends logging"]
pub struct LoggingGuard {
    core: Arc<Core>,
    levels: Levels,
    drop_limit: Duration,
}

/// What a shutdown came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// Lines that were taken but not written within the limit, over all sinks. They are counted as `shutdown_timeout`.
    pub abandoned: u64,
}

impl LoggingGuard {
    pub(crate) fn new(core: Arc<Core>, levels: Levels, drop_limit: Duration) -> Self {
        Self { core, levels, drop_limit }
    }

    #[cfg(all(unix, feature = "signals"))]
    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// Waits until every line that was logged before the call is on disk or counted as lost; `false` if `limit` came
    /// first, and with [`durable`](LoggingBuilder::durable) if the disk has refused to keep lines since the last call. Blocks the calling thread, for 100 ms a sink beyond the limit if a metrics recorder is busy with another one.
    pub fn flush(&self, limit: Duration) -> bool {
        let deadline = deadline(limit);
        let told = self.core.limits.as_ref().is_none_or(|limits| limits.tell_all(deadline));
        // Every sink gets its chance, also after one that hangs.
        let hung = self.core.sinks.iter().filter(|sink| !sink.queue.flush(deadline)).count();
        told && hung == 0
    }

    /// Writes what was taken so far and closes the files. Lines that come later are counted as `after_shutdown`. Blocks
    /// the calling thread for `limit` at most, and as [`flush`](Self::flush) does beyond it; a second call finds nothing left to do and does
    /// not wait.
    pub fn shutdown(&self, limit: Duration) -> Shutdown {
        self.levels.close();
        Shutdown { abandoned: self.core.shutdown(deadline(limit)) }
    }

    /// Shuts down within `limit` and ends the process with `code`: `std::process::exit` alone drops no guard, and the last
    /// lines with it.
    pub fn exit(self, code: i32, limit: Duration) -> ! {
        self.shutdown(limit);
        process::exit(code)
    }

    /// Where the lines of each sink are.
    pub fn accounts(&self) -> Vec<SinkAccount> {
        self.core.sinks.iter().map(|sink| sink.queue.account()).collect()
    }

    /// Changes levels while the program runs.
    pub fn levels(&self) -> Levels {
        self.levels.clone()
    }

    /// A tower layer that gives each request an id and, at its end, a line.
    #[cfg(feature = "http")]
    pub fn http_layer(&self) -> crate::RequestLogLayer {
        let layer = crate::RequestLogLayer::new();
        #[cfg(feature = "otlp")]
        let layer = layer.naming_spans(self.core.exports_spans());
        layer
    }
}

impl Drop for LoggingGuard {
    fn drop(&mut self) {
        self.shutdown(self.drop_limit);
    }
}
