//! Rosters into the database, from HTTP and from files alike.

mod parse;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use ms_analytics::read::RowError;
use ms_logging::log_event;
use serde::Serialize;
use tokio::sync::mpsc;

use self::parse::{Batch, parse};
use crate::service::Service;
use crate::store::StoreError;

/// Faults told one by one; a file of nothing else must not fill the memory.
const TOLD: usize = 10_000;

/// How a roster is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// What became of the rows of a roster.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    /// Rows kept.
    pub accepted: u64,
    /// Rows refused, by line: the first 10,000.
    pub rejected: Vec<RowError>,
    /// Rows refused that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub rejected_more: u64,
    /// How many rows were refused because a shift in the database has their id; they are among the others.
    #[serde(skip)]
    pub known: u64,
}

/// Why nothing of a roster was kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The header or the encoding makes the whole file unreadable.
    #[error(transparent)]
    Unreadable(RowError),
    /// The source failed.
    #[error("cannot read the roster")]
    Read(#[source] io::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a roster and keeps its sound rows, all of them or none. Memory is bounded, whatever its size.
///
/// # Errors
///
/// [`LoadError`]; nothing was kept.
///
/// # Cancel safety
///
/// Dropped before it ends, it keeps nothing or everything.
pub async fn load(
    service: &Service,
    format: Format,
    source: impl Read + Send + 'static,
) -> Result<Outcome, LoadError> {
    let (sender, mut batches) = mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || parse(format, source, &sender));
    let (mut outcome, mut import) = (Outcome::default(), None);
    while let Some(Batch { rows, lines, refused }) = batches.recv().await {
        refused.into_iter().for_each(|fault| outcome.reject(fault));
        if rows.is_empty() {
            continue;
        }
        let import = match &mut import {
            Some(import) => import,
            // Not before the first sound row: until then the roster needs no lock.
            None => import.insert(service.store.import().await?),
        };
        for position in import.add(&rows).await? {
            outcome.known += 1;
            let line = lines.get(position).copied().unwrap_or_default();
            outcome.reject(RowError::new(line, Some("id".to_owned()), "a shift in the database has it"));
        }
    }
    reading.await.map_err(|_| StoreError::Interrupted)??;
    if let Some(import) = import {
        let imported = import.finish().await?;
        outcome.accepted = imported.accepted();
        for (department, shifts) in &imported.by_department {
            service.business.shifts_scheduled(department, *shifts);
        }
        service.business.shift_conflicts(imported.conflicts);
        service.roster_changed().await;
    }
    outcome.rejected.sort_by_key(|fault| fault.line);
    let told = serde_json::json!({ "accepted": outcome.accepted, "rejected": outcome.refused() });
    service.audit.record("roster_imported", told);
    log_event!("roster_imported", accepted = outcome.accepted, rejected = outcome.refused());
    Ok(outcome)
}

impl Outcome {
    /// Counts the rows refused.
    pub fn refused(&self) -> u64 {
        self.rejected.len() as u64 + self.rejected_more
    }

    fn reject(&mut self, fault: RowError) {
        if self.rejected.len() < TOLD {
            self.rejected.push(fault);
        } else {
            self.rejected_more += 1;
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
