//! The end by a signal, with the last lines written.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::guard::LoggingGuard;
use crate::queue::deadline;

impl LoggingGuard {
    /// Writes the last lines at SIGTERM, SIGINT and SIGHUP, for `limit` at most, and lets the signal end the process then as it
    /// would have without this. For programs that handle no signals themselves: those call
    /// [`shutdown`](Self::shutdown) when they are done.
    ///
    /// # Errors
    ///
    /// The system's, if it gives no thread or lets no handler be set.
    pub fn exit_on_signals(&self, limit: Duration) -> io::Result<()> {
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        let core = Arc::clone(self.core());
        let body = move || {
            for signal in signals.forever() {
                core.shutdown(deadline(limit));
                // Ends the process; if it cannot, the next signal tries again.
                let _ = emulate_default_handler(signal);
            }
        };
        thread::Builder::new().name("ms-logging-signals".to_owned()).spawn(body).map(drop)
    }
}
