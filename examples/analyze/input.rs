//! Files and standard input, packed or not.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use flate2::read::MultiGzDecoder;
use ms_analytics::read::ReadError;

use crate::progress::{Progress, Unit};
use crate::refusals::At;
use crate::rules::with_cause;

/// How the rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Columns of Apache Parquet.
    Parquet,
}

/// Unpacked bytes of a file.
pub type Bytes = Box<dyn Read>;

/// Why there is no report.
#[derive(Debug)]
pub struct Failure {
    file: PathBuf,
    cause: ReadError,
}

impl Failure {
    pub fn new(file: &Path, cause: impl Into<ReadError>) -> Self {
        Self { file: file.to_owned(), cause: cause.into() }
    }
}

impl Failure {
    /// For what is wrong with a file as a whole.
    pub fn said(file: &Path, reason: &str) -> Self {
        Self::new(file, io::Error::other(reason))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            ReadError::Row(row) | ReadError::Unreadable(row) => At { file: &self.file, row }.fmt(f),
            ReadError::Io(error) => write!(f, "{}: {error}", self.file.display()),
            other => write!(f, "{}: {}", self.file.display(), with_cause(other)),
        }
    }
}

/// Opens a file, `-` for standard input, and unpacks it if it is gzip.
pub fn open(file: &Path, progress: &Progress) -> Result<Bytes, Failure> {
    let source = || -> io::Result<Bytes> {
        let (source, length): (Bytes, _) = if file == "-" {
            (Box::new(progress.of(io::stdin().lock())), None)
        } else {
            let source = File::open(file)?;
            let length = source.metadata().ok().filter(|about| about.is_file()).map(|about| about.len());
            (Box::new(progress.of(source)), length)
        };
        progress.start(&file.to_string_lossy(), length, Unit::Bytes);
        let (start, source) = peek(source, 2)?;
        Ok(if start == [0x1f, 0x8b] { Box::new(MultiGzDecoder::new(source)) } else { source })
    };
    source().map_err(|error| Failure::new(file, error))
}

/// Tells the format by the file's name, else by how it begins.
pub fn format(file: &Path, source: Bytes) -> Result<(Format, Bytes), Failure> {
    let name = file.to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(".gz");
    if name.ends_with(".csv") {
        return Ok((Format::Csv, source));
    }
    if [".jsonl", ".ndjson", ".json"].iter().any(|ending| name.ends_with(ending)) {
        return Ok((Format::Jsonl, source));
    }
    let (start, source) = peek(source, 64).map_err(|error| Failure::new(file, error))?;
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let format = if start.starts_with(b"PAR1") || name.ends_with(".parquet") {
        Format::Parquet
    } else if text.trim_ascii_start().starts_with(b"{") {
        Format::Jsonl
    } else {
        Format::Csv
    };
    Ok((format, source))
}

/// A file to read here and there in: the one that was named, or else, of a pipe or of what was unpacked, a copy.
#[cfg(feature = "parquet")]
pub fn seekable(file: &Path, mut source: Bytes, progress: &Progress) -> Result<File, Failure> {
    let mut copy = || -> io::Result<File> {
        if let Ok(mut named) = File::open(file)
            && named.metadata()?.is_file()
        {
            let mut start = [0; 2];
            let is_packed = named.read(&mut start)? == 2 && start == [0x1f, 0x8b];
            if !is_packed {
                progress.clear();
                return Ok(named);
            }
        }
        let mut copy = tempfile::tempfile()?;
        io::copy(&mut source, &mut copy)?;
        progress.clear();
        Ok(copy)
    };
    copy().map_err(|error| Failure::new(file, error))
}

/// Reads the first bytes, and puts them back.
fn peek(mut source: Bytes, length: u64) -> io::Result<(Vec<u8>, Bytes)> {
    let mut start = Vec::new();
    source.by_ref().take(length).read_to_end(&mut start)?;
    let whole = Cursor::new(start.clone()).chain(source);
    Ok((start, Box::new(whole)))
}
