//! A change of status, for whoever wants to be told.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use crate::report::Reason;
use crate::status::Status;

/// A check has another status than before, thresholds applied.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Change<'a> {
    /// The name of the check.
    pub check: &'a str,
    /// Whether the service cannot do without it.
    pub critical: bool,
    /// What it was; `None` before its first run.
    pub from: Option<Status>,
    /// What it is now.
    pub to: Status,
    /// What was wrong with the last run.
    pub reason: Option<Reason>,
    /// Its redacted error.
    pub error: Option<&'a str>,
}

/// Somebody else's closure: it may panic, and it is called outside every lock.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<Called>>);

type Called = dyn Fn(&Change<'_>) + Send + Sync;

impl Listener {
    pub(crate) fn new(listener: impl Fn(&Change<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn tell(&self, change: &Change<'_>) {
        let Some(listener) = &self.0 else { return };
        if std::panic::catch_unwind(AssertUnwindSafe(|| listener(change))).is_err() {
            tracing::error!(check = change.check, "the listener for changes of health panicked");
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.0.is_some()).finish()
    }
}
