//! Faults of a log have no log to go to: at most one line to stderr in ten seconds.

use std::fmt::Arguments;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const PERIOD: Duration = Duration::from_secs(10);

/// For the whole process: three sinks on one full disk are one fault.
static LAST: Mutex<Option<Instant>> = Mutex::new(None);

/// Writes one line to stderr unless one was written within the last ten seconds.
pub(crate) fn notice(text: Arguments<'_>) {
    let now = Instant::now();
    {
        let mut last = LAST.lock();
        if last.is_some_and(|last| now.duration_since(last) < PERIOD) {
            return;
        }
        *last = Some(now);
    }
    // Nobody is left to tell if this fails too.
    let _ = writeln!(io::stderr(), "ms-logging: {text}");
}
