//! Opening the log file, and knowing it again.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use jiff::Timestamp;

/// Logs of a hospital are not for every user of the machine.
#[cfg(unix)]
const FILE_MODE: u32 = 0o640;
#[cfg(unix)]
const DIRECTORY_MODE: u32 = 0o750;

#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) identity: Identity,
    pub(crate) length: u64,
    /// Devices and pipes are neither rotated nor cut.
    pub(crate) regular: bool,
}

/// Whether a path that is a symbolic link is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Links {
    Followed,
    Refused,
}

/// Opens `path` for appending; makes the file and its directory if they are missing.
pub(crate) fn append(path: &Path, links: Links) -> io::Result<Opened> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        make_directory(directory)?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(FILE_MODE);
        if links == Links::Refused {
            options.custom_flags(libc::O_NOFOLLOW);
        }
    }
    #[cfg(not(unix))]
    let _ = links;
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    Ok(Opened {
        file,
        identity: Identity::of(&metadata),
        length: if metadata.is_file() { metadata.len() } else { 0 },
        regular: metadata.is_file(),
    })
}

/// Makes an empty file for what this crate writes beside the log.
#[cfg(feature = "gzip")]
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, FILE_MODE);
    options.open(path)
}

/// Has the disk keep the names in the directory of `path`.
#[cfg(unix)]
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

fn make_directory(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, DIRECTORY_MODE);
    builder.create(directory)
}

impl Opened {
    /// Whether an earlier process was killed in the middle of a line.
    pub(crate) fn ends_within_a_line(&self, path: &Path) -> bool {
        if !self.regular || self.length == 0 {
            return false;
        }
        let mut last = [0];
        let read = File::open(path).and_then(|mut file| {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)
        });
        read.is_ok() && last != *b"\n"
    }

    /// When its first line was written, as far as that can be told: nothing for a file without lines.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        let metadata = self.file.metadata().ok().filter(|metadata| metadata.len() > 0)?;
        Timestamp::try_from(metadata.modified().ok()?).ok()
    }

    /// Whether the file still has a name.
    #[cfg(unix)]
    pub(crate) fn is_linked(&self) -> bool {
        let links = self.file.metadata().map(|now| std::os::unix::fs::MetadataExt::nlink(&now));
        links.is_ok_and(|links| links > 0)
    }

    #[cfg(not(unix))]
    pub(crate) fn is_linked(&self) -> bool {
        true
    }
}

/// Tells one file from another that has its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}
