//! A roster from a file, at the start.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use tokio::time::MissedTickBehavior;

use crate::import::{Format, LoadError, Outcome, load};
use crate::service::Service;

/// Why nothing was loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeedError {
    /// The name of the file says nothing.
    #[error("--seed {}: name it .csv or .jsonl, or either with .gz", .0.display())]
    Name(PathBuf),
    /// The file could not be opened.
    #[error("--seed {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The roster could not be loaded.
    #[error("--seed {}", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        source: LoadError,
    },
}

/// Loads a roster and tells on `out` how far it is, which lines were refused, and how it ended.
///
/// # Errors
///
/// [`SeedError`]; nothing was kept.
pub async fn seed(service: &Service, path: &Path, out: &mut impl Write) -> Result<(), SeedError> {
    let (format, packed) = format(path).ok_or_else(|| SeedError::Name(path.to_owned()))?;
    // Not on this thread: a pipe is open only once somebody writes to it, and others are served meanwhile.
    let open = async {
        let file = tokio::fs::File::open(path).await?;
        let length = file.metadata().await?.len();
        io::Result::Ok((file.into_std().await, length))
    };
    let (file, length) = open.await.map_err(|source| SeedError::Open { path: path.to_owned(), source })?;
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted { file, read: Arc::clone(&read) };
    let source: Box<dyn Read + Send> =
        if packed { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };

    let mut loading = std::pin::pin!(load(service, format, source));
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    seconds.tick().await;
    let outcome = loop {
        tokio::select! {
            outcome = &mut loading => break outcome,
            _ = seconds.tick() => {
                let percent = read.load(Ordering::Relaxed).saturating_mul(100) / length.max(1);
                // A pipe has no length, and a file may grow.
                let percent = percent.min(100);
                // Whether anybody reads along is not what the seed depends on.
                let _ = writeln!(out, "seeding from {}: {percent} %", path.display());
            }
        }
    };
    let outcome = outcome.map_err(|source| SeedError::Load { path: path.to_owned(), source })?;
    let _ = tell(&outcome, path, out);
    Ok(())
}

fn tell(outcome: &Outcome, path: &Path, out: &mut impl Write) -> io::Result<()> {
    let all_known = outcome.known == outcome.refused();
    if !all_known {
        for fault in &outcome.rejected {
            let column = fault.column.as_deref().map(|column| format!("{}: ", column.escape_debug()));
            writeln!(
                out,
                "{}:{}: {}{}",
                path.display(),
                fault.line,
                column.unwrap_or_default(),
                fault.reason
            )?;
        }
        if outcome.rejected_more > 0 {
            writeln!(out, "{}: and {} more", path.display(), outcome.rejected_more)?;
        }
    }
    write!(out, "seeded {} shifts from {}", outcome.accepted, path.display())?;
    match (outcome.refused(), all_known) {
        (0, _) => writeln!(out),
        // The usual case of a second start.
        (known, true) => writeln!(out, "; {known} were there already"),
        (refused, false) => writeln!(out, "; {refused} lines rejected"),
    }
}

/// Tells by the file's name how it is written, and whether it is packed.
fn format(path: &Path) -> Option<(Format, bool)> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let unpacked = name.strip_suffix(".gz");
    let format = match unpacked.unwrap_or(&name).rsplit_once('.')?.1 {
        "csv" => Format::Csv,
        "jsonl" | "ndjson" => Format::JsonLines,
        _ => return None,
    };
    Some((format, unpacked.is_some()))
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::store::Store;

    async fn seeded(service: &Service, path: &Path) -> Result<String, SeedError> {
        let mut out = Vec::new();
        seed(service, path, &mut out).await?;
        Ok(String::from_utf8(out).expect("UTF-8"))
    }

    #[tokio::test]
    async fn a_seed_tells_what_it_took_and_what_it_refused() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let store = Store::sqlite(&dir.path().join("db")).await.expect("opens");
        let metrics = ms_metrics::Metrics::builder().build().expect("builds");
        let service = Service::new(store, Cache::memory(), metrics.business(), dir.path());

        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("medschedule/roster.csv");
        let told = seeded(&service, &own).await.expect("loads");
        assert!(told.starts_with("seeded 60 shifts from ") && told.lines().count() == 1, "{told}");
        let again = seeded(&service, &own).await.expect("loads");
        assert!(again.ends_with("; 60 were there already\n"), "{again}");

        let faulty = dir.path().join("faulty.jsonl");
        std::fs::write(&faulty, "{}\n").expect("writes");
        let told = seeded(&service, &faulty).await.expect("loads");
        assert!(
            told.contains("faulty.jsonl:1: id: missing\n") && told.contains("1 lines rejected"),
            "{told}"
        );

        let packed = dir.path().join("ROSTER.CSV.gz");
        let mut encoder =
            flate2::write::GzEncoder::new(File::create(&packed).expect("creates"), Default::default());
        encoder.write_all(b"id,employee,department,start,end\n").expect("packs");
        encoder.finish().expect("packs");
        let told = seeded(&service, &packed).await.expect("loads");
        assert!(told.starts_with("seeded 0 shifts"), "{told}");

        for (name, text) in
            [("x.txt", ""), ("missing.csv", ""), ("empty.csv", ""), ("a.csv.gz", "not packed")]
        {
            let path = dir.path().join(name);
            if name != "missing.csv" {
                std::fs::write(&path, text).expect("writes");
            }
            let error = seeded(&service, &path).await.expect_err(name);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
