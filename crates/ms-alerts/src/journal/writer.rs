//! Writes what is handed in, on a thread for blocking work, and lets go what waits for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::disk::Disk;
use super::memory::{Audience, Memory};
use super::record::Record;
use super::text;
use crate::observe;

/// How long alerts wait for a disk that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long until what could not be written is tried again, if nothing else is written before.
const PAUSE: Duration = Duration::from_secs(30);
/// A journal that is this long, and four times as long as it need be, is written anew.
const LONG: usize = 1 << 20;
const MOST_AT_ONCE: usize = 1_000;

/// What is written before something happens.
pub(crate) struct Batch {
    /// Each is a line: its records hold together.
    pub(crate) lines: Vec<Vec<Record>>,
    /// Whether a loss of power may not undo it.
    pub(crate) durable: bool,
    pub(crate) then: Option<Box<dyn FnOnce() + Send>>,
}

pub(super) struct Writer<D> {
    pub(super) disk: Option<D>,
    /// A write that has not returned.
    pub(super) stuck: Option<JoinHandle<(D, io::Result<()>)>>,
    pub(super) memory: Memory,
    pub(super) audience: Audience,
    /// The file lacks something, so it must be written anew.
    pub(super) behind: bool,
    /// Of the file, and of the file when it was written anew.
    pub(super) length: usize,
    pub(super) shortest: usize,
    /// Batches that were handed in and not let go.
    pub(super) waiting: Arc<AtomicUsize>,
}

impl<D: Disk> Writer<D> {
    /// Until nobody can hand in any more.
    pub(super) async fn run(mut self, mut batches: UnboundedReceiver<Batch>, progress: impl Fn()) {
        loop {
            let first = if self.behind {
                match timeout(PAUSE, batches.recv()).await {
                    Ok(first) => first,
                    Err(_) => {
                        self.write(&[], true).await;
                        continue;
                    }
                }
            } else {
                batches.recv().await
            };
            let Some(first) = first else { return };
            let more = std::iter::from_fn(|| batches.try_recv().ok()).take(MOST_AT_ONCE);
            let mut batch: Vec<Batch> = [first].into_iter().chain(more).collect();
            let mut bytes = Vec::new();
            let durable = batch.iter().any(|batch| batch.durable);
            for line in batch.iter_mut().flat_map(|batch| std::mem::take(&mut batch.lines)) {
                text::write(&line, &mut bytes);
                line.into_iter().for_each(|record| self.memory.apply(record, &self.audience));
            }
            self.write(&bytes, durable).await;
            for batch in batch {
                if let Some(then) = batch.then {
                    then();
                }
                self.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            progress();
        }
    }

    /// Writes it, or notes that it is not written: alerts go out all the same.
    async fn write(&mut self, bytes: &[u8], durable: bool) {
        if let Some(stuck) = self.stuck.take() {
            if !stuck.is_finished() {
                self.stuck = Some(stuck);
                observe::journal_failed("slow");
                return;
            }
            // Whatever became of it, not all was written by then.
            self.disk = stuck.await.ok().map(|(disk, _)| disk);
        }
        let Some(mut disk) = self.disk.take() else { return };
        self.length += bytes.len();
        let anew = self.behind || self.length > LONG.max(4 * self.shortest);
        let task = if anew {
            let memory = self.memory.clone();
            spawn_blocking(move || {
                let whole = whole(&memory);
                let written = disk.replace(&whole);
                ((disk, written), whole.len())
            })
        } else {
            let (bytes, length) = (bytes.to_vec(), self.length);
            spawn_blocking(move || {
                let written = disk.append(&bytes, durable);
                ((disk, written), length)
            })
        };
        self.finish(task, anew).await;
    }

    async fn finish(&mut self, mut task: JoinHandle<((D, io::Result<()>), usize)>, anew: bool) {
        match timeout(PATIENCE, &mut task).await {
            Ok(Ok(((disk, written), length))) => {
                self.disk = Some(disk);
                self.length = length;
                if anew {
                    self.shortest = length;
                }
                self.tell(written.err());
            }
            // The end of the runtime.
            Ok(Err(_)) => {}
            Err(_) => {
                self.stuck = Some(tokio::spawn(async move {
                    match task.await {
                        Ok((done, _)) => done,
                        Err(error) => std::panic::resume_unwind(error.into_panic()),
                    }
                }));
                observe::journal_failed("slow");
                self.tell(Some(io::ErrorKind::TimedOut.into()));
            }
        }
    }

    /// The first failure is worth a line, and so is the end of them.
    fn tell(&mut self, error: Option<io::Error>) {
        match error {
            Some(error) => {
                if error.kind() != io::ErrorKind::TimedOut {
                    observe::journal_failed("write");
                }
                if !self.behind {
                    tracing::error!(%error, "the journal of alerts cannot be written; alerts are sent, and a restart may repeat them");
                }
                self.behind = true;
            }
            None => {
                if std::mem::take(&mut self.behind) {
                    tracing::info!("the journal of alerts is written again");
                }
            }
        }
    }
}

/// The content of a file that says what `memory` holds.
pub(super) fn whole(memory: &Memory) -> Vec<u8> {
    let mut bytes = text::head().into_bytes();
    memory.records().for_each(|record| text::write(&[record], &mut bytes));
    bytes
}
