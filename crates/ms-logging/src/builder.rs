//! Options, and what is made of them.

use std::path::PathBuf;
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::Layer as _;
use tracing_subscriber::registry::LookupSpan;

use crate::config::Config;
use crate::error::BuildError;
use crate::guard::LoggingGuard;
use crate::layer::{EventLayer, LoggingLayer};
use crate::redact::Redactor;
use crate::rotate::Every;
use crate::sample::Directive;

/// What happens to a line when the queue of its sink is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhenFull {
    /// It is dropped and counted, at once. TRACE and DEBUG are dropped from half full on, INFO from three quarters, WARN
    /// from seven eighths; the last eighth is for ERROR.
    Drop,
    /// The caller waits for room, this long at most; then the line is dropped and counted.
    Block(Duration),
}

/// Where lines go that a file does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fallback {
    /// To stderr, as they are.
    Stderr,
    /// To a file of the same name in this directory, best on another disk. It is made when it is needed, and rotated in the
    /// same way.
    Directory(PathBuf),
}

/// Collects options; made by [`Logging::builder`](crate::Logging::builder), or read by serde from a file whose keys the guide
/// lists.
///
/// | option | default |
/// |---|---|
/// | [`name`](Self::name) | `medschedule` |
/// | [`level`](Self::level), [`filter`](Self::filter), [`target_level`](Self::target_level) | INFO; `RUST_LOG` goes before |
/// | [`file`](Self::file) | `logs/medschedule.log` |
/// | [`json_file`](Self::json_file) | none |
/// | [`console`](Self::console) | yes: readable on a terminal, JSON otherwise |
/// | [`max_bytes`](Self::max_bytes), [`backups`](Self::backups) | 10 MiB, 10 |
/// | [`rotate_every`](Self::rotate_every), [`max_total_bytes`](Self::max_total_bytes), `gzip` | never, no limit, no |
/// | [`queue_bytes`](Self::queue_bytes), [`when_full`](Self::when_full) | 8 MiB a sink, [`WhenFull::Drop`] |
/// | [`rate_limit`](Self::rate_limit), [`sample`](Self::sample) | none, all events |
/// | [`fallback`](Self::fallback), [`durable`](Self::durable) | none, no |
/// | `otlp` (feature `otlp`) | no export |
/// | [`redact`](Self::redact), [`redactor`](Self::redactor) | yes, the rules that are built in |
/// | [`log_panics`](Self::log_panics) | no |
/// | [`shutdown_limit`](Self::shutdown_limit) | 5 s |
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is logged until `install`"]
pub struct LoggingBuilder {
    pub(crate) config: Config,
}

impl LoggingBuilder {
    /// The name that every line of text carries.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.config.name = name.into();
        self
    }

    /// Logs what is at least this severe. Replaces an earlier `filter`.
    pub fn level(mut self, level: impl Into<LevelFilter>) -> Self {
        self.config.filter = level.into().to_string();
        self.config.filter_origin = "filter()";
        self
    }

    /// Logs what these directives of `tracing`'s `EnvFilter` let pass, such as `info,hyper=warn`. Replaces an earlier
    /// `level`.
    pub fn filter(mut self, directives: impl Into<String>) -> Self {
        self.config.filter = directives.into();
        self.config.filter_origin = "filter()";
        self
    }

    /// Logs of this target, and what lies below it, what is at least this severe; as a directive of `filter` does. `RUST_LOG`
    /// replaces this too.
    pub fn target_level(mut self, target: impl Into<String>, level: impl Into<LevelFilter>) -> Self {
        self.config.levels.push((target.into(), level.into()));
        self
    }

    /// Whether the environment variable `RUST_LOG`, if it is set and not empty, replaces `level` and `filter`.
    pub fn rust_log(mut self, honoured: bool) -> Self {
        self.config.rust_log = honoured;
        self
    }

    /// Writes lines of text to this file. Its directory is made if it is missing.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.file = Some(path.into());
        self
    }

    /// Writes no file of text.
    pub fn no_file(mut self) -> Self {
        self.config.file = None;
        self
    }

    /// Writes JSON Lines to this file, rotated like the other one.
    pub fn json_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config.json_file = Some(path.into());
        self
    }

    /// Whether lines go to stdout as well: readable ones if it is a terminal (in colour unless `NO_COLOR` is set), JSON
    /// Lines if it is not.
    pub fn console(mut self, on: bool) -> Self {
        self.config.console = on;
        self
    }

    /// Rotates a file before it would reach `bytes`; 0 never rotates.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.config.max_bytes = bytes;
        self
    }

    /// How many rotated files are kept: `.1`, the newest, to `.N`.
    pub fn backups(mut self, count: u32) -> Self {
        self.config.backups = count;
        self
    }

    /// Rotates a file before the first line of a new hour or day of local time, beside what `max_bytes` does. A file left by
    /// an earlier process counts from its last change.
    pub fn rotate_every(mut self, every: Every) -> Self {
        self.config.rotate_every = Some(every);
        self
    }

    /// Deletes the oldest backups before a file and its backups together would pass `bytes`.
    pub fn max_total_bytes(mut self, bytes: u64) -> Self {
        self.config.max_total_bytes = Some(bytes);
        self
    }

    /// Whether backups are compressed, to `.1.gz` and so on, on a thread of their own. The next rotation waits for it, and a
    /// shutdown within its limit.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self, on: bool) -> Self {
        self.config.gzip = on;
        self
    }

    /// How many bytes of lines may wait for each sink, those that are just being written included. At least 1 MiB.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.config.queue_bytes = bytes;
        self
    }

    /// What happens when that many bytes wait.
    pub fn when_full(mut self, policy: WhenFull) -> Self {
        self.config.when_full = policy;
        self
    }

    /// Writes at most so many lines a second of each call site of `tracing`'s macros and `log_event!`; 0 sets no limit. What is
    /// suppressed is counted as [`RateLimited`](crate::Reason::RateLimited), and a line in the log tells how many, within a
    /// second and before a `flush` or `shutdown` returns.
    pub fn rate_limit(mut self, lines_a_second: u32) -> Self {
        self.config.rate_limit = Some(lines_a_second).filter(|lines| *lines > 0);
        self
    }

    /// Writes only this share, from 0 to 1, of the events of `target`, and what lies below it, that are as severe as `level` or
    /// less. An empty target stands for all. Of several the longest target counts, and then the nearest level.
    ///
    /// Events within a request are all written or none of them, by the id of its trace, in every process that keeps the same
    /// share. Who makes a trace id up decides with it. ERROR, `log_event!`, `StructuredLogger` and changes of levels are never left
    /// out. What is left out is counted as [`Sampled`](crate::Reason::Sampled).
    ///
    /// ```
    /// # use ms_logging::Logging;
    /// use tracing::Level;
    ///
    /// let builder = Logging::builder().filter("info,sqlx=debug").sample("sqlx", Level::DEBUG, 0.01);
    /// ```
    pub fn sample(mut self, target: impl Into<String>, level: Level, ratio: f64) -> Self {
        self.config.samples.push(Directive { target: target.into(), level, ratio });
        self
    }

    /// Where lines go while a file cannot be written; the file is tried again with each batch of lines. They are counted as
    /// [`diverted`](crate::SinkAccount::diverted).
    pub fn fallback(mut self, fallback: Fallback) -> Self {
        self.config.fallback = Some(fallback);
        self
    }

    /// Whether the disk has to keep each ERROR within half a second, and all lines before a `flush` or `shutdown` returns,
    /// also if the power fails (`fdatasync`).
    pub fn durable(mut self, on: bool) -> Self {
        self.config.durable = on;
        self
    }

    /// Sends events and spans to a receiver of OTLP as well, after the filter and redaction like any other sink. In accounts
    /// and metrics the sinks are `otlp` and `otlp_traces`.
    #[cfg(feature = "otlp")]
    pub fn otlp(mut self, otlp: crate::Otlp) -> Self {
        self.config.exports = true;
        self.config.otlp = otlp;
        self
    }

    /// Whether secrets and personal data are taken out of the values.
    pub fn redact(mut self, on: bool) -> Self {
        self.config.redact = on;
        self
    }

    /// Redacts fields of this name too. Case, `_`, `-` and `.` make no difference. The same as [`Redactor::key`].
    pub fn sensitive_key(mut self, name: impl AsRef<str>) -> Self {
        self.config.redactor = self.config.redactor.key(name);
        self
    }

    /// Redacts as this redactor does: with its names, its rules and its mode. Replaces names that were added before.
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.config.redactor = redactor;
        self
    }

    /// Whether `install` adds a panic hook that logs each panic at ERROR and waits up to 2 s for the line to be taken and
    /// written, whatever `when_full` says, before the hook that was there. That of the standard library still prints the text of
    /// the panic as it is, to stderr: set a hook of your own before `install` where somebody keeps that.
    pub fn log_panics(mut self, on: bool) -> Self {
        self.config.panics = on;
        self
    }

    /// How long a guard that is dropped waits for the last lines.
    pub fn shutdown_limit(mut self, limit: Duration) -> Self {
        self.config.drop_limit = limit;
        self
    }

    /// Makes a layer for a subscriber of one's own, and installs nothing.
    ///
    /// The layer has the level filter with it. `log` records come only if the program bridges them.
    ///
    /// ```
    /// use ms_logging::Logging;
    /// use tracing_subscriber::layer::SubscriberExt as _;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("events.jsonl");
    /// let (layer, guard) = Logging::builder().no_file().json_file(&path).console(false).layer()?;
    /// let subscriber = tracing_subscriber::registry().with(layer);
    /// tracing::subscriber::with_default(subscriber, || tracing::info!(shift = 7, "planned"));
    /// drop(guard);
    /// assert!(std::fs::read_to_string(&path)?.contains(r#""message":"planned","fields":{"shift":7}"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`BuildError::Open`]: a file or its directory cannot be opened or made.
    /// - [`BuildError::NoBackups`], [`TotalTooSmall`](BuildError::TotalTooSmall), [`SameFile`](BuildError::SameFile), [`Name`](BuildError::Name): the options do not
    ///   make sense.
    /// - [`BuildError::Sample`]: a share of ERROR, or one that is not from 0 to 1.
    /// - [`BuildError::Target`]: `target_level` has what is no target.
    /// - [`BuildError::Filter`], [`NotUnicode`](BuildError::NotUnicode): `RUST_LOG` or `filter` does not parse.
    /// - [`BuildError::Thread`]: the machine has no thread left.
    pub fn layer<S>(self) -> Result<(LoggingLayer<S>, LoggingGuard), BuildError>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        let levels = self.config.levels()?;
        let (core, guard) = self.config.start(levels.clone())?;
        Ok((EventLayer::new(core, levels.clone()).with_filter(levels.filter()), guard))
    }
}
