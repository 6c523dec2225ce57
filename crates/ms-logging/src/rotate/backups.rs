//! The files that were rotated away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Rotation;
#[cfg(feature = "gzip")]
use super::gzip::{self, Gzip, Held};
use super::share::Hold;

/// What may follow the number. Without compression `.gz` files are somebody else's.
const PLAIN: &[&str] = &[""];
#[cfg(feature = "gzip")]
const COMPRESSED: &[&str] = &["", ".gz"];

/// `app.log.1`, the newest, to `app.log.N`, each as it is or with `.gz`.
#[derive(Debug)]
pub(super) struct Backups {
    path: PathBuf,
    keep: u32,
    max_total_bytes: Option<u64>,
    /// Of all backups, when they were last looked at.
    bytes: u64,
    #[cfg(feature = "gzip")]
    gzip: Option<Gzip>,
}

impl Backups {
    pub(super) fn new(path: PathBuf, rotation: &Rotation) -> Self {
        Self {
            path,
            keep: rotation.backups,
            max_total_bytes: rotation.max_total_bytes,
            bytes: 0,
            #[cfg(feature = "gzip")]
            gzip: rotation.gzip.then(Gzip::default),
        }
    }

    /// Clears up behind a process that was killed while it compressed.
    pub(super) fn recover(&mut self) {
        #[cfg(feature = "gzip")]
        {
            let newest = self.name(1, "");
            self.gzip.iter_mut().for_each(|gzip| gzip.recover(&newest));
        }
        self.measure();
    }

    /// Makes room for a new `.1`; `false` if another process compresses the one that is there.
    pub(super) fn shift(&mut self) -> io::Result<bool> {
        // Or it would compress one file and delete another. Held until all names are new.
        #[cfg(feature = "gzip")]
        let newest = self.name(1, "");
        #[cfg(feature = "gzip")]
        let _held = match &mut self.gzip {
            Some(gzip) => {
                gzip.wait();
                match gzip::hold(&newest)? {
                    Held::Here(file) => Some(file),
                    Held::Nothing => None,
                    Held::Elsewhere => return Ok(false),
                }
            }
            None => None,
        };
        for number in (1..self.keep).rev() {
            for kind in self.kinds() {
                let from = self.name(number, kind);
                if fs::symlink_metadata(&from).is_ok() {
                    fs::rename(from, self.name(number + 1, kind))?;
                    // Of the number that it has now there is one.
                    self.remove_other(number + 1, kind)?;
                }
            }
        }
        // The place of the file that comes is taken from whichever is there.
        self.remove_other(1, "")?;
        Ok(true)
    }

    fn remove_other(&self, number: u32, kind: &str) -> io::Result<()> {
        for other in self.kinds().iter().filter(|other| **other != kind) {
            match fs::remove_file(self.name(number, other)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Makes `path` the newest backup.
    pub(super) fn take(&mut self, path: &Path) -> io::Result<()> {
        fs::rename(path, self.name(1, ""))?;
        self.measure();
        Ok(())
    }

    /// Compresses the newest backup, whose lock is held.
    #[cfg(feature = "gzip")]
    pub(super) fn compress(&mut self, lock: Hold) {
        let newest = self.name(1, "");
        if let Some(gzip) = &mut self.gzip {
            gzip.start(newest, lock);
        }
    }

    #[cfg(not(feature = "gzip"))]
    pub(super) fn compress(&mut self, _: Hold) {}

    /// Waits for the compression under way.
    pub(super) fn finish(&mut self) {
        #[cfg(feature = "gzip")]
        self.gzip.iter_mut().for_each(Gzip::wait);
    }

    /// Deletes the oldest backups until they and a current file of `current` bytes are within the limit.
    pub(super) fn prune(&mut self, current: u64) {
        let Some(most) = self.max_total_bytes else { return };
        let is_over = |bytes: u64| bytes.saturating_add(current) > most;
        if !is_over(self.bytes) {
            return;
        }
        // One may have become smaller by now.
        self.measure();
        // What is being compressed would come back.
        let first = if self.is_busy() { 2 } else { 1 };
        for name in self.names(first).into_iter().rev() {
            if is_over(self.bytes)
                && let Ok(metadata) = fs::symlink_metadata(&name)
                && fs::remove_file(&name).is_ok()
            {
                self.bytes = self.bytes.saturating_sub(metadata.len());
            }
        }
    }

    fn measure(&mut self) {
        if self.max_total_bytes.is_some() {
            let sizes = self.names(1).into_iter().filter_map(|name| fs::symlink_metadata(name).ok());
            self.bytes = sizes.map(|found| found.len()).sum();
        }
    }

    /// All backups that there may be from a number on, the newest first.
    fn names(&self, first: u32) -> Vec<PathBuf> {
        let of_number = |number| self.kinds().iter().map(move |kind| (number, *kind));
        (first..=self.keep).flat_map(of_number).map(|(number, kind)| self.name(number, kind)).collect()
    }

    #[cfg(feature = "gzip")]
    fn kinds(&self) -> &'static [&'static str] {
        if self.gzip.is_some() { COMPRESSED } else { PLAIN }
    }

    #[cfg(not(feature = "gzip"))]
    fn kinds(&self) -> &'static [&'static str] {
        PLAIN
    }

    #[cfg(feature = "gzip")]
    fn is_busy(&self) -> bool {
        self.gzip.as_ref().is_some_and(Gzip::is_busy)
    }

    #[cfg(not(feature = "gzip"))]
    fn is_busy(&self) -> bool {
        false
    }

    fn name(&self, number: u32, kind: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{number}{kind}"));
        PathBuf::from(name)
    }
}
