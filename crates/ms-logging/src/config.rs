//! The options of a logger and their defaults.

use std::path::PathBuf;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::builder::{Fallback, WhenFull};
use crate::redact::Redactor;
use crate::rotate::Every;
use crate::sample::Directive;

/// What the builder collects.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) name: String,
    pub(crate) file: Option<PathBuf>,
    pub(crate) json_file: Option<PathBuf>,
    pub(crate) console: bool,
    pub(crate) filter: String,
    /// Who has set it, for messages.
    pub(crate) filter_origin: &'static str,
    /// Targets with a level of their own, beside the filter.
    pub(crate) levels: Vec<(String, LevelFilter)>,
    pub(crate) rust_log: bool,
    pub(crate) max_bytes: u64,
    pub(crate) backups: u32,
    pub(crate) rotate_every: Option<Every>,
    pub(crate) max_total_bytes: Option<u64>,
    #[cfg(feature = "gzip")]
    pub(crate) gzip: bool,
    pub(crate) queue_bytes: usize,
    pub(crate) when_full: WhenFull,
    /// Lines a second and call site.
    pub(crate) rate_limit: Option<u32>,
    pub(crate) samples: Vec<Directive>,
    pub(crate) fallback: Option<Fallback>,
    #[cfg(feature = "otlp")]
    pub(crate) exports: bool,
    /// How, if so.
    #[cfg(feature = "otlp")]
    pub(crate) otlp: crate::otlp::Otlp,
    pub(crate) durable: bool,
    pub(crate) redact: bool,
    pub(crate) redactor: Redactor,
    pub(crate) panics: bool,
    pub(crate) drop_limit: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "medschedule".to_owned(),
            file: Some(PathBuf::from("logs/medschedule.log")),
            json_file: None,
            console: true,
            filter: "info".to_owned(),
            filter_origin: "filter()",
            levels: Vec::new(),
            rust_log: true,
            max_bytes: 10 * 1024 * 1024,
            backups: 10,
            rotate_every: None,
            max_total_bytes: None,
            #[cfg(feature = "gzip")]
            gzip: false,
            queue_bytes: 8 * 1024 * 1024,
            when_full: WhenFull::Drop,
            rate_limit: None,
            samples: Vec::new(),
            fallback: None,
            #[cfg(feature = "otlp")]
            exports: false,
            #[cfg(feature = "otlp")]
            otlp: crate::otlp::Otlp::new(),
            durable: false,
            redact: true,
            redactor: Redactor::default(),
            panics: false,
            drop_limit: Duration::from_secs(5),
        }
    }
}
