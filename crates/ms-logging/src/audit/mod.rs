//! A trail of who did what: append-only, each record bound to the one before, on disk before it is confirmed.

mod chain;
mod error;
mod receipt;
mod verify;
mod writer;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use parking_lot::{Condvar, Mutex};
use serde::Serialize;

use crate::fork::Home;
use crate::format::Style;
use crate::queue::deadline;
use crate::redact::Redactor;
use crate::structured;
use chain::Chain;
pub use error::{AuditError, Break, VerifyError};
pub use receipt::{Receipt, Recorded};
pub use verify::{Verified, verify_audit, verify_audit_since};
use writer::{Entry, Writer};

/// Records that may wait for the disk. More than a few is a disk that hangs.
const MOST_WAITING: usize = 10_000;
/// The longest type of an event, in bytes.
const LONGEST_TYPE: usize = 256;
/// How long a dropped log waits for its last records.
const LIMIT: Duration = Duration::from_secs(5);

/// A secret that the records are bound together with.
///
/// Without one, whoever can write the file can also make a new chain that verifies; with one, only who knows it.
#[derive(Clone)]
pub struct AuditKey(Arc<[u8]>);

impl AuditKey {
    /// Takes the bytes of a secret: at least 32 of them, random.
    pub fn new(secret: impl Into<Arc<[u8]>>) -> Self {
        Self(secret.into())
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditKey").finish_non_exhaustive()
    }
}

/// Opens an [`AuditLog`]; made by [`AuditLog::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing is recorded until `open`"]
pub struct AuditLogBuilder {
    path: PathBuf,
    key: Option<AuditKey>,
    redactor: Redactor,
}

impl AuditLogBuilder {
    /// Binds the records together with a secret (HMAC-SHA-256) instead of SHA-256 alone. Default none.
    pub fn key(mut self, key: AuditKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Redacts the data of records with these rules. Default those of [`Redactor::default`].
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Opens the file, makes it and its directory if they are missing, and goes on behind its last record. What a crash has
    /// left of an unconfirmed record is cut off and told of in a record `audit_recovered`.
    ///
    /// # Errors
    ///
    /// - [`AuditError::Io`]: the file cannot be opened, read or locked, is a symbolic link, or there is no thread.
    /// - [`AuditError::Locked`]: another process, or another log of this one, writes the file.
    /// - [`AuditError::Broken`]: its last line is no record bound with this key.
    pub fn open(self) -> Result<AuditLog, AuditError> {
        let (writer, removed) = Writer::open(self.path, Chain::new(self.key))?;
        let shared = Arc::new(Shared::default());
        let running = Arc::clone(&shared);
        let body = move || writer.run(&running);
        let thread = thread::Builder::new().name("ms-logging-audit".to_owned()).spawn(body)?;
        let log = AuditLog { shared, home: Home::here(), redactor: self.redactor, thread: Some(thread) };
        if removed > 0 {
            log.record("audit_recovered", serde_json::json!({ "bytes_removed": removed })).wait()?;
        }
        Ok(log)
    }
}

/// An audit trail in a file of JSON Lines.
///
/// Each record is `{"timestamp":…,"event_type":…,"data":{…},"seq":…,"prev":"…","hash":"…"}`: numbered from 1, with the hash of
/// the record before and one of its own line up to there. [`verify_audit`] names the first line that was changed, removed or put
/// in. That the last records were cut off, or all of them made anew, shows only beside a [`Recorded`] that was kept elsewhere:
/// [`verify_audit_since`].
///
/// ```
/// use ms_logging::{AuditLog, audit_event, verify_audit};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("audit.jsonl");
/// let audit = AuditLog::builder(&path).open()?;
/// let recorded = audit_event!(audit, "shift_cancelled", actor = "planner-4", roster = "icu-2026-11", shift = 7).wait()?;
/// assert_eq!(recorded.seq, 1);
/// # drop(audit);
/// assert_eq!(verify_audit(&path, None)?.last, Some(recorded));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AuditLog {
    shared: Arc<Shared>,
    /// The process that has the thread.
    home: Home,
    redactor: Redactor,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    work: Condvar,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Entry>,
    closing: bool,
    ended: bool,
}

impl AuditLog {
    /// Starts from the defaults.
    pub fn builder(path: impl Into<PathBuf>) -> AuditLogBuilder {
        AuditLogBuilder { path: path.into(), key: None, redactor: Redactor::default() }
    }

    /// Records an event. It is on disk (`fdatasync`) when the [`Receipt`] says so, which can be awaited or
    /// [waited](Receipt::wait) for; records that come meanwhile share one write. Dropping the receipt cancels nothing.
    ///
    /// Data that cannot be serialised is replaced by the reason, and data of more than 64 KiB by `{"json":"…","truncated":true}`
    /// with the beginning of it; a type is cut at 256 bytes.
    pub fn record(&self, event_type: &str, data: impl Serialize) -> Receipt {
        let (receipt, confirm) = Receipt::pair();
        if self.home.is_elsewhere() {
            confirm.tell(Err(AuditError::Forked));
            return receipt;
        }
        let json = structured::to_json(&data);
        let mut data = Vec::with_capacity(json.len());
        if structured::is_too_long(&json) {
            structured::cut_json(&mut data, &json, &self.redactor);
        } else if let Err(error) = structured::write(&mut data, &json, Style::Json, &self.redactor) {
            data = serde_json::json!({ "not_serializable": error.to_string() }).to_string().into_bytes();
        }
        let event_type = event_type.get(..event_type.floor_char_boundary(LONGEST_TYPE)).unwrap_or_default();
        let event_type = self.redactor.redact(event_type).into_owned();
        let mut state = self.shared.state.lock();
        if state.waiting.len() >= MOST_WAITING {
            drop(state);
            confirm.tell(Err(AuditError::Backlog));
            return receipt;
        }
        // Under the lock, so that times are in the order of the records.
        state.waiting.push(Entry { time: SystemTime::now(), event_type, data, confirm });
        drop(state);
        self.shared.work.notify_one();
        receipt
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // In a process forked from it there is no thread to wait for, and what waits is the parent's to write.
        if self.home.is_elsewhere() {
            return;
        }
        let deadline = deadline(LIMIT);
        let mut state = self.shared.state.lock();
        state.closing = true;
        self.shared.work.notify_one();
        while !state.ended && !self.shared.ended.wait_until(&mut state, deadline).timed_out() {}
        let ended = state.ended;
        drop(state);
        if let Some(thread) = self.thread.take().filter(|_| ended) {
            let _ = thread.join();
        }
    }
}

/// Records an event in an [`AuditLog`]: `audit_event!(log, "type", name = value, …)`, the values anything that serialises.
/// Gives the [`Receipt`].
#[macro_export]
macro_rules! audit_event {
    ($log:expr, $event_type:expr $(, $name:ident = $value:expr)* $(,)?) => {
        $log.record($event_type, $crate::__private::serde_json::json!({ $(stringify!($name): $value),* }))
    };
}
