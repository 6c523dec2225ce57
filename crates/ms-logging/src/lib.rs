//! A log writer for `tracing` that accounts for every line: rotation, JSON events, redaction.
//!
//! - [`setup_logging`] and [`Logging::builder`] write `logs/medschedule.log` in the shape of Python's `logging`, rotated
//!   as its `RotatingFileHandler` does, and the console; `json_file` adds a file of JSON lines.
//! - [`log_event!`] and [`StructuredLogger`] write events `{timestamp, event_type, data}`; ordinary `tracing` events and
//!   `log` records go the same way.
//! - Values are redacted before they are written: [`Sensitive`] values, fields whose names tell of secrets or patients,
//!   and what looks like an identity number, a phone, a card, a token or a password anywhere in a text.
//! - What passed the level filter is on disk or counted in `ms_logging_dropped_total{sink,reason}`, exactly, whatever
//!   the disk does; [`LoggingGuard::accounts`] reads the same figures.
//!
//! ```
//! use ms_logging::{Logging, log_event};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("medschedule.log");
//! let log = Logging::builder().file(&path).console(false).install()?;
//! log_event!("shift_planned", department = "Acil Servis", hours = 8);
//! tracing::info!(tckn = "10000000146", "patient moved");
//!
//! assert_eq!(log.shutdown(Duration::from_secs(5)).abandoned, 0);
//! let text = std::fs::read_to_string(&path)?;
//! assert!(text.contains(" - medschedule - INFO - {\"timestamp\":"));
//! assert!(text.contains("\"event_type\":\"shift_planned\",\"data\":{\"department\":\"Acil Servis\",\"hours\":8}}"));
//! assert!(text.contains(" - medschedule - INFO - patient moved tckn=[redacted]"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        missing_docs,
        reason = "tests assert by panicking"
    )
)]

mod account;
mod audit;
mod builder;
mod causes;
mod config;
mod console;
mod error;
mod event;
mod fallback;
mod fit;
mod fork;
mod format;
mod guard;
#[cfg(feature = "http")]
mod ids;
mod install;
mod layer;
mod levels;
mod limit;
mod line;
mod mac;
mod notice;
#[cfg(feature = "otlp")]
mod otlp;
mod panics;
mod plan;
mod publish;
mod queue;
mod redact;
#[cfg(feature = "http")]
mod request;
mod rotate;
mod sample;
mod sensitive;
mod settings;
#[cfg(all(unix, feature = "signals"))]
mod signals;
mod sink;
mod span;
mod start;
mod structured;
mod visit;

pub use account::{Reason, SinkAccount};
pub use audit::{
    AuditError, AuditKey, AuditLog, AuditLogBuilder, Break, Receipt, Recorded, Verified, VerifyError,
    verify_audit, verify_audit_since,
};
pub use builder::{Fallback, LoggingBuilder, WhenFull};
pub use error::{BuildError, InstallError};
pub use event::StructuredLogger;
pub use guard::{Logging, LoggingGuard, Shutdown};
pub use install::setup_logging;
pub use layer::{EventLayer, LoggingLayer};
pub use levels::{LevelChange, LevelError, Levels, LevelsFilter};
#[cfg(feature = "level-service")]
pub use levels::{LevelService, ShortToken};
#[cfg(feature = "otlp")]
pub use otlp::{Otlp, OtlpError};
pub use redact::{HashKey, Kind, RedactMode, RedactRule, Redactor, Span};
#[cfg(feature = "http")]
pub use request::{
    ClientAddress, RequestLog, RequestLogLayer, ResponseBody, ResponseFuture, TraceContext, TraceId,
};
pub use rotate::Every;
pub use sensitive::Sensitive;

/// What [`log_event!`] expands to needs; no part of the API.
#[doc(hidden)]
pub mod __private {
    pub use serde_json;
    pub use tracing;
}

/// The guide's examples.
#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../../../docs/logging.md")]
struct Guide;
