//! What a restart takes up: states of alerts, what the sinks were told and have yet to be told.
//!
//! Whatever is told is written first, by a thread for blocking work; no lock is held meanwhile. What was written and what was
//! sent can so differ by repeats alone, which have the same id.

mod disk;
mod memory;
mod record;
mod text;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::observe;
use crate::state::Now;
use disk::{Disk as _, FileDisk};
pub(crate) use memory::{Audience, Memory};
pub(crate) use record::{About, Live, Moment, Record, Saved, Waiting};
#[cfg(feature = "rules")]
pub(crate) use record::{Place, SavedGroup, SavedSilence, Told};
use text::Damage;
pub(crate) use writer::Batch;
use writer::Writer;

pub(crate) struct Journal {
    batches: UnboundedSender<Batch>,
    waiting: Arc<AtomicUsize>,
    /// Taken by the task that writes.
    rest: Mutex<Option<(Writer<FileDisk>, UnboundedReceiver<Batch>)>>,
}

impl Journal {
    /// Reads a journal and begins it anew. Never fails: what cannot be read is kept aside and told, and what cannot be written
    /// is tried again.
    pub(crate) fn open(path: PathBuf, audience: Audience) -> (Self, Memory) {
        observe::introduce_journal();
        let mut disk = FileDisk::new(path.clone());
        let (mut memory, damage) = match disk.read() {
            Ok(bytes) => text::read(&bytes, &audience),
            Err(error) => {
                observe::journal_failed("load");
                tracing::error!(path = %path.display(), %error, "the journal of alerts cannot be read");
                (Memory::default(), Some(Damage::Foreign))
            }
        };
        if let Some(damage) = damage {
            observe::journal_failed("load");
            let aside = disk.keep_aside(Timestamp::now().as_second());
            let aside = aside.map_or_else(|error| error.to_string(), |aside| aside.display().to_string());
            tracing::error!(
                path = %path.display(), %damage, aside,
                "the journal of alerts is damaged; it is used as far as it is whole, and kept aside"
            );
        }
        memory.keep_for(&audience);
        let whole = writer::whole(&memory);
        let written = disk.replace(&whole);
        if let Err(error) = &written {
            observe::journal_failed("write");
            tracing::error!(
                path = %path.display(), %error,
                "the journal of alerts cannot be written; alerts are sent, and a restart may repeat them"
            );
        }
        let (batches, rest) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Writer {
            disk: Some(disk),
            stuck: None,
            memory: memory.clone(),
            audience,
            behind: written.is_err(),
            length: whole.len(),
            shortest: whole.len(),
            waiting: Arc::clone(&waiting),
        };
        (Self { batches, waiting, rest: Mutex::new(Some((writer, rest))) }, memory)
    }

    /// Gives the task that writes, once.
    pub(crate) fn task<P>(&self, progress: P) -> Option<impl Future<Output = ()> + Send + use<P>>
    where
        P: Fn() + Send + 'static,
    {
        let (writer, batches) = self.rest.lock().take()?;
        Some(writer.run(batches, progress))
    }

    /// Hands in what is to be written, in order.
    pub(crate) fn hand_in(&self, batch: Batch) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(lost) = self.batches.send(batch) {
            // The task has ended, and with it the runtime or the manager.
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            lost.0.then.into_iter().for_each(|then| then());
        }
    }

    /// How many batches are not written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// The moment at which something was, as the clock of this process would have shown it. One that lies ahead is now.
pub(crate) fn moment_of(moment: Moment, now: Now) -> Now {
    let ago = Duration::try_from(now.wall.duration_since(moment.0)).unwrap_or_default();
    // Not every machine's clock can tell a time before it was switched on.
    Now { at: now.at.checked_sub(ago).unwrap_or(now.at), wall: moment.0 }
}

#[cfg(test)]
mod tests;
