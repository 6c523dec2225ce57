//! Expositions as files.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use jiff::Timestamp;
use ms_alerts::{SeriesStore, parse_exposition_bytes};

use crate::output::Failure;

/// Adds what a file holds, or standard input if it is `-`; a sample without a time is one of `at`.
pub fn read_into(store: &mut SeriesStore, path: &Path, at: Timestamp) -> Result<(), Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|source| Failure::read(path, source))?;
    let samples = parse_exposition_bytes(&bytes)
        .map_err(|source| Failure::Exposition { path: path.to_owned(), source })?;
    store.push_samples(&samples, at);
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
