//! Who changed what: a trail beside the log that can only grow, and what of it the page shows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ms_logging::{AuditError, AuditLog};
use serde::Deserialize;
use serde_json::Value;

/// Services that share a data directory, as while one takes over from another, have a file each.
const FILES: u32 = 8;
/// So much of the file's end is read for the page.
const TAIL: u64 = 16 << 10;

/// The trail. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Audit(Option<Arc<Trail>>);

#[derive(Debug)]
struct Trail {
    log: AuditLog,
    path: PathBuf,
}

/// A record, as the page shows it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) timestamp: String,
    pub(crate) event_type: String,
    pub(crate) data: Value,
}

impl Audit {
    /// Opens `audit.jsonl` in the directory, or `audit-2.jsonl` and so on where another service writes that one.
    ///
    /// # Errors
    ///
    /// [`AuditError`]; a file that was tampered with is refused, too.
    pub fn open(directory: &Path) -> Result<Self, AuditError> {
        let mut number = 1;
        loop {
            let name = if number == 1 { "audit.jsonl".to_owned() } else { format!("audit-{number}.jsonl") };
            let path = directory.join(name);
            match AuditLog::builder(&path).open() {
                Err(AuditError::Locked { .. }) if number < FILES => number += 1,
                opened => return opened.map(|log| Self(Some(Arc::new(Trail { log, path })))),
            }
        }
    }

    /// Records a change. It is on disk moments later; the change does not wait for that.
    pub(crate) fn record(&self, event_type: &str, data: Value) {
        if let Some(trail) = &self.0 {
            drop(trail.log.record(event_type, data));
        }
    }

    /// The last records, the youngest first; none where the file cannot be read.
    pub(crate) async fn last(&self, most: usize) -> Vec<Entry> {
        let Some(trail) = self.0.clone() else { return Vec::new() };
        let read = tokio::task::spawn_blocking(move || tail(&trail.path)).await;
        let Ok(Ok(text)) = read else { return Vec::new() };
        // The first line may be half a one, and is then no JSON.
        let entries = text.lines().rev().filter_map(|line| serde_json::from_str(line).ok());
        entries.take(most).collect()
    }
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut text = Vec::new();
    file.take(TAIL).read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn the_last_records_are_told_and_a_second_service_has_its_own() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let audit = Audit::open(dir.path()).expect("opens");
        let second = Audit::open(dir.path()).expect("opens another");
        for number in 0..200 {
            audit.record("shift_planned", json!({ "number": number, "padding": "x".repeat(200) }));
        }
        // Records are written in their order: once this one is there, all are.
        let receipt = audit.0.as_ref().expect("a trail").log.record("last", json!({}));
        receipt.await.expect("on disk");
        let last = audit.last(3).await;
        assert_eq!(
            last.iter().map(|entry| entry.event_type.as_str()).collect::<Vec<_>>()[..2],
            ["last", "shift_planned"]
        );
        assert_eq!((&last[1].data["number"], last.len()), (&json!(199), 3));
        assert!(second.last(3).await.is_empty() && dir.path().join("audit-2.jsonl").is_file());
        assert!(Audit::default().last(3).await.is_empty());
    }
}
