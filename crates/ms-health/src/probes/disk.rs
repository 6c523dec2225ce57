//! Is there room, and can it be written to?

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::finding::Finding;
use crate::probe::BlockingProbe;

/// The file a write test makes and removes; one a process, so that two do not meet.
const PREFIX: &str = ".ms-health-";

/// Looks at the file system of a folder: how many bytes are free, and whether a file can be written.
///
/// ```
/// use ms_health::{Check, DiskProbe};
///
/// let uploads = DiskProbe::new("/var/lib/app/uploads").min_free_bytes(1 << 30).write_test();
/// let check = Check::of_blocking("uploads", uploads);
/// ```
#[derive(Debug, Clone)]
pub struct DiskProbe {
    folder: PathBuf,
    min_free: u64,
    write: bool,
}

impl DiskProbe {
    /// Looks at the file system that holds `folder`. By default it must merely be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), min_free: 0, write: false }
    }

    /// Degrades when fewer bytes than this are free to users other than root. Default 0.
    pub fn min_free_bytes(mut self, bytes: u64) -> Self {
        self.min_free = bytes;
        self
    }

    /// Writes a page to a file in the folder, forces it to the disk and removes it, for every run. Default no.
    pub fn write_test(mut self) -> Self {
        self.write = true;
        self
    }

    fn look(&self) -> io::Result<Finding> {
        let free = free_bytes(&self.folder)?;
        if self.write {
            write(&self.folder)?;
        }
        let found = if free < self.min_free {
            Finding::degraded(format!("{} MiB are free, of {} MiB at least", free >> 20, self.min_free >> 20))
        } else {
            Finding::healthy()
        };
        #[expect(clippy::cast_precision_loss, reason = "2^53 bytes are 8 PiB")]
        Ok(found.reading("free_bytes", free as f64))
    }
}

impl BlockingProbe for DiskProbe {
    fn probe(&self) -> Finding {
        self.look().unwrap_or_else(|error| Finding::unhealthy(error.to_string()))
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> io::Result<u64> {
    let seen = rustix::fs::statvfs(folder)?;
    Ok(seen.f_bavail.saturating_mul(seen.f_frsize))
}

/// Without a portable call the room is not known; that there is some is for the write test to find.
#[cfg(not(unix))]
fn free_bytes(folder: &Path) -> io::Result<u64> {
    std::fs::metadata(folder).map(|_| u64::MAX)
}

fn write(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!("{PREFIX}{}", std::process::id()));
    // What a crash left is removed; `create_new` follows no link that somebody put there.
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = std::fs::File::options().write(true).create_new(true).open(&path)?;
    let written = file.write_all(&[0; 4096]).and_then(|()| file.sync_data());
    // Removed even if it could not be written: a full disk needs every page.
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}
