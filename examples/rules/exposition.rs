//! Expositions as files.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use jiff::Timestamp;
use ms_alerts::{Samples, SeriesStore, parse_exposition_bytes};

use crate::output::Failure;

/// Reads a file, or standard input if it is `-`.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    read.map_err(|source| Failure::read(path, source))
}

/// Reads what a file held.
pub fn samples<'b>(path: &Path, bytes: &'b [u8]) -> Result<Samples<'b>, Failure> {
    parse_exposition_bytes(bytes).map_err(|source| Failure::Exposition { path: path.to_owned(), source })
}

/// Adds what a file holds; a sample without a time is one of `at`.
pub fn read_into(store: &mut SeriesStore, path: &Path, at: Timestamp) -> Result<(), Failure> {
    let bytes = read(path)?;
    store.push_samples(&samples(path, &bytes)?, at);
    Ok(())
}

/// Reads seconds since 1970, or a date with a time.
pub fn time(text: &str) -> Result<Timestamp, Failure> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    let moment = match seconds {
        Some(seconds) => Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok(),
        None => text.parse().ok(),
    };
    moment.ok_or_else(|| Failure::Time { text: text.to_owned() })
}
