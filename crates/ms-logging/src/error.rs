//! What can go wrong before the first line is written.

use std::io;
use std::path::PathBuf;

use crate::levels::LevelError;

/// Why no logger was made. No file is left open and no thread is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The log file, or the directory it is to lie in, could not be opened.
    #[error("cannot open log file {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Rotation without a backup would delete every line as soon as the file is full or old.
    #[error(
        "a file is to be rotated, but no backup is to be kept: set backups(1), or max_bytes(0) and no rotate_every"
    )]
    NoBackups {
        /// The size that was asked for; 0 if it is rotated by age alone.
        max_bytes: u64,
    },
    /// The files together may not be smaller than one of them.
    #[error("max_total_bytes is {max_total_bytes}, but a single file may have {max_bytes} (0: any number)")]
    TotalTooSmall {
        /// The limit for all files.
        max_total_bytes: u64,
        /// The limit for one.
        max_bytes: u64,
    },
    /// Two sinks cannot rotate one file.
    #[error("log file {} is given twice", path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// A level filter does not parse.
    #[error("cannot parse `{directive}` in the level filter `{filter}` from {origin}")]
    Filter {
        /// The whole text.
        filter: String,
        /// The first part of it that does not parse.
        directive: String,
        /// `RUST_LOG`, `MS_LOG_FILTER` or `filter()`.
        origin: &'static str,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// A variable of the environment is set to what is no text.
    #[error("the environment variable {variable} is not UTF-8")]
    NotUnicode {
        /// Its name.
        variable: String,
    },
    /// A variable of the environment does not fit.
    #[error("the environment variable {variable}{}: expected {expected}", of(value.as_deref()))]
    Variable {
        /// Its name.
        variable: String,
        /// What it is set to; `None` where the name is the fault, or the value may hold a token.
        value: Option<String>,
        /// What fits.
        expected: &'static str,
    },
    /// A level is set for what is no target.
    #[error("cannot set a level of its own")]
    Target {
        /// Why.
        source: LevelError,
    },
    /// Of such events no such share can be written.
    #[error("cannot sample {ratio} of {level}: expected {}", crate::sample::EXPECTED)]
    Sample {
        /// The level; ERROR is never sampled.
        level: tracing::Level,
        /// The share.
        ratio: f64,
    },
    /// The logger's name is written into every line and may not hold control characters.
    #[error("the logger's name {name:?} holds a control character")]
    Name {
        /// The name.
        name: String,
    },
    /// Export over OTLP cannot be set up.
    #[cfg(feature = "otlp")]
    #[error("cannot set up the export over OTLP")]
    Otlp {
        /// What does not fit.
        #[from]
        source: crate::otlp::OtlpError,
    },
    /// A thread could not be started.
    #[error("cannot start the thread of `{sink}`")]
    Thread {
        /// `file`, `json`, `console`, `otlp` or `otlp_traces`, whose writer it is, or `limits`.
        sink: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

fn of(value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!("={value:?}"))
}

/// Why logging was not installed for the whole process. What was installed before keeps working.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// This crate is installed already.
    #[error("logging is installed already")]
    AlreadyInstalled,
    /// Another subscriber of `tracing` is installed; use [`layer`](crate::LoggingBuilder::layer) to join it.
    #[error("another tracing subscriber is installed already")]
    OtherSubscriber,
    /// Another logger of the crate `log` is installed, so its records cannot be bridged.
    #[error("another logger of the `log` crate is installed already")]
    OtherLogger,
    /// The logger could not be made.
    #[error(transparent)]
    Build(#[from] BuildError),
}
