//! Backups compressed on a thread of their own.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::open;
use super::share::{self, Hold};
use crate::notice::notice;

/// The thread that compresses the newest backup, if there is one.
#[derive(Debug, Default)]
pub(super) struct Gzip {
    thread: Option<JoinHandle<()>>,
}

impl Gzip {
    /// Compresses `path` into `path.gz` and removes it. If that does not work it stays as it is. Until then no process
    /// gives it another name: `lock` is its lock.
    pub(super) fn start(&mut self, path: PathBuf, lock: Hold) {
        let body = move || {
            let _lock = lock;
            if let Err(error) = compress(&path) {
                notice(format_args!("cannot compress {}: {error}", path.display()));
            }
        };
        match thread::Builder::new().name("ms-logging-gzip".to_owned()).spawn(body) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => notice(format_args!("no thread to compress a log file: {error}")),
        }
    }

    /// Waits for the end of the compression under way.
    pub(super) fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            // Whatever became of it, the backup is there in one form.
            let _ = thread.join();
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends what a killed process has begun with the newest backup.
    pub(super) fn recover(&mut self, newest: &Path) {
        let held = hold(newest);
        if matches!(held, Ok(Held::Elsewhere)) {
            return;
        }
        // It is of no use without its end.
        let _ = fs::remove_file(unfinished(newest));
        if let Ok(Held::Here(file)) = held {
            self.start(newest.to_owned(), file);
        }
    }
}

/// Who has the lock of a backup.
pub(super) enum Held {
    Here(Hold),
    Elsewhere,
    /// There is no such file.
    Nothing,
}

/// Keeps other processes from compressing or renaming a backup.
pub(super) fn hold(path: &Path) -> io::Result<Held> {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(Held::Nothing);
    }
    match File::open(path) {
        Ok(file) if share::is_free(&file) => Ok(Held::Here(Hold::new(file))),
        Ok(_) => Ok(Held::Elsewhere),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Held::Nothing),
        Err(error) => Err(error),
    }
}

fn compress(path: &Path) -> io::Result<()> {
    let (part, done) = (unfinished(path), finished(path));
    // Left by a process that was killed; with the lock nobody else is at it.
    let _ = fs::remove_file(&part);
    let result = write_all_of(path, &part).and_then(|()| fs::rename(&part, done));
    if result.is_err() {
        // The error that there was is the one to tell of.
        let _ = fs::remove_file(&part);
        return result;
    }
    fs::remove_file(path)
}

/// Again if the file has grown meanwhile: another process may still be writing what it had found under the old name.
fn write_all_of(path: &Path, part: &Path) -> io::Result<()> {
    while write(path, part)? < fs::metadata(path)?.len() {
        fs::remove_file(part)?;
    }
    Ok(())
}

/// Returns how much of the file was read.
fn write(path: &Path, part: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut encoder = GzEncoder::new(open::create(part)?, Compression::fast());
    let copied = io::copy(&mut file, &mut encoder)?;
    encoder.finish()?.sync_data()?;
    Ok(copied)
}

fn finished(path: &Path) -> PathBuf {
    with(path, ".gz")
}

fn unfinished(path: &Path) -> PathBuf {
    with(path, ".gz.part")
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
