//! The file, and how it is replaced so that there is always a whole one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where lines go.
pub(crate) trait Disk: Send + 'static {
    /// Adds to the end; after an error there may be any part of it.
    fn append(&mut self, bytes: &[u8], sync: bool) -> io::Result<()>;

    /// Puts a new content in place of the old one, all or nothing.
    fn replace(&mut self, bytes: &[u8]) -> io::Result<()>;
}

#[derive(Debug)]
pub(crate) struct FileDisk {
    path: PathBuf,
    /// Open for appending, once it was replaced.
    file: Option<File>,
    /// Locked for as long as this one writes: a journal with two writers would be that of the last alone.
    lock: Option<File>,
}

impl FileDisk {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, file: None, lock: None }
    }

    /// Reads all there is; nothing if there is no file.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    /// Keeps the file beside the new one that will be in its place; gives where.
    pub(crate) fn keep_aside(&self, second: i64) -> io::Result<PathBuf> {
        let name = |number: u32| self.beside(&format!(".corrupt-{second}-{number}"));
        let free = (0..).map(name).find(|aside| !aside.exists()).unwrap_or_else(|| name(0));
        // A link, so that there is no moment without a journal.
        let kept = fs::hard_link(&self.path, &free).or_else(|_| fs::copy(&self.path, &free).map(drop));
        let is_file = || fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_file());
        // A rename needs no right to the file itself.
        kept.or_else(|error| if is_file() { fs::rename(&self.path, &free) } else { Err(error) })?;
        Ok(free)
    }

    /// Keeps others from writing, or says that one does.
    fn hold(&mut self) -> io::Result<()> {
        if self.lock.is_none() {
            let mut options = OpenOptions::new();
            options.append(true).create(true);
            let lock = private(options, &self.beside(".lock"))?;
            lock.try_lock().map_err(|error| match error {
                TryLockError::WouldBlock => {
                    io::Error::new(io::ErrorKind::ResourceBusy, "somebody else writes it")
                }
                TryLockError::Error(error) => error,
            })?;
            self.lock = Some(lock);
        }
        Ok(())
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }
}

impl Disk for FileDisk {
    fn append(&mut self, bytes: &[u8], sync: bool) -> io::Result<()> {
        let file = self.file.as_mut().ok_or_else(|| io::Error::other("there is no journal to append to"))?;
        file.write_all(bytes)?;
        if sync { file.sync_data() } else { Ok(()) }
    }

    fn replace(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hold()?;
        let new = self.beside(".new");
        // One that a crash left behind, or a link that somebody laid there.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.append(true).create_new(true);
        let mut file = private(options, &new)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        let replaced = written.and_then(|()| fs::rename(&new, &self.path));
        if let Err(error) = replaced {
            // On a full disk it takes the room of what could be written.
            let _ = fs::remove_file(&new);
            return Err(error);
        }
        self.file = Some(file);
        sync_folder(&self.path)
    }
}

/// Makes a file that nobody else may read: the labels of alerts may tell of people.
fn private(mut options: OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A rename lasts once its folder is written.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
