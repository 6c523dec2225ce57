//! From options to a running logger.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use tracing_subscriber::filter::EnvFilter;

use crate::config::Config;
use crate::console::Console;
use crate::error::BuildError;
use crate::format::{Style, escape};
use crate::guard::LoggingGuard;
use crate::layer::{Core, Sink};
use crate::levels::{self, Levels};
use crate::limit::Limits;
use crate::queue::{LINGER, LossLine, Options, Outlet, Queue, Target};
use crate::rotate::{RotatingFile, Rotation};
use crate::sample::Sampling;
use crate::sink::SinkKind;

impl Config {
    /// What passes.
    pub(crate) fn levels(&self) -> Result<Levels, BuildError> {
        let (filter, origin) = match self.rust_log.then(|| variable("RUST_LOG")).transpose()?.flatten() {
            Some(value) => (value, "RUST_LOG"),
            None => (self.filter.clone(), self.filter_origin),
        };
        match EnvFilter::builder().parse(&filter) {
            // Only a directive that names a span has a bracket.
            Ok(parsed) => Ok(Levels::new(self.with_targets(parsed, origin)?, filter.contains('['))),
            Err(source) => {
                let is_bad = |directive: &&str| EnvFilter::builder().parse(directive).is_err();
                let directive = filter.split(',').find(is_bad).unwrap_or(&filter).to_owned();
                Err(BuildError::Filter { filter, directive, origin, source })
            }
        }
    }

    /// `RUST_LOG` says everything there is to say.
    fn with_targets(&self, filter: EnvFilter, origin: &str) -> Result<EnvFilter, BuildError> {
        let mut filter = filter;
        for (target, level) in self.levels.iter().filter(|_| origin != "RUST_LOG") {
            let directive =
                levels::directive(target, *level).map_err(|source| BuildError::Target { source })?;
            filter = filter.add_directive(directive);
        }
        Ok(filter)
    }

    /// Opens the sinks and starts their threads.
    pub(crate) fn start(self, levels: Levels) -> Result<(Arc<Core>, LoggingGuard), BuildError> {
        static LOGGERS: AtomicU64 = AtomicU64::new(1);
        self.check()?;
        let targets = self.targets()?;
        let mut name = Vec::new();
        escape::plain(&mut name, &self.name);
        let zone = TimeZone::system();
        let mut sinks = Vec::new();
        let options = Options {
            capacity: self.queue_bytes,
            when_full: self.when_full,
            durable: self.durable,
            counts_events: false,
            linger: LINGER,
        };
        for Opened { sink, style, kind, target, fallback } in targets {
            let loss_line = LossLine { style, name: name.clone(), zone: zone.clone() };
            let counts_events =
                kind.takes_events() && !sinks.iter().any(|sink: &Sink| sink.kind.takes_events());
            let options = kind.options(Options { counts_events, ..options });
            match Queue::start(sink, options, Outlet { target, fallback, loss_line }) {
                Ok(queue) => sinks.push(Sink { style, kind, queue }),
                Err(source) => {
                    close(&sinks);
                    return Err(BuildError::Thread { sink, source });
                }
            }
        }
        let core = Arc::new(Core {
            id: LOGGERS.fetch_add(1, Ordering::Relaxed),
            name,
            zone,
            redactor: self.redactor.off(!self.redact),
            sinks,
            limits: self.rate_limit.map(Limits::new),
            sampling: Sampling::new(&self.samples),
        });
        if let Err(source) = core.tell_of_suppressed_lines() {
            close(&core.sinks);
            return Err(BuildError::Thread { sink: "limits", source });
        }
        let guard = LoggingGuard::new(Arc::clone(&core), levels, self.drop_limit);
        Ok((core, guard))
    }

    fn check(&self) -> Result<(), BuildError> {
        let Config { name, file, json_file, max_bytes, backups, .. } = self;
        let has_file = file.is_some() || json_file.is_some();
        let rotates = *max_bytes > 0 || self.rotate_every.is_some();
        if has_file && rotates && *backups == 0 {
            return Err(BuildError::NoBackups { max_bytes: *max_bytes });
        }
        match self.max_total_bytes {
            Some(total) if has_file && (*max_bytes == 0 || total < *max_bytes) => {
                return Err(BuildError::TotalTooSmall { max_total_bytes: total, max_bytes: *max_bytes });
            }
            _ => {}
        }
        if let Some(sample) = self.samples.iter().find(|sample| !sample.is_possible()) {
            return Err(BuildError::Sample { level: sample.level, ratio: sample.ratio });
        }
        if name.chars().any(|character| character.is_control()) {
            return Err(BuildError::Name { name: name.clone() });
        }
        match file {
            Some(path) if file == json_file => Err(BuildError::SameFile { path: path.clone() }),
            _ => Ok(()),
        }
    }

    /// Opens every file before the first thread is started.
    fn targets(&self) -> Result<Vec<Opened>, BuildError> {
        let mut targets: Vec<Opened> = Vec::new();
        if let Some(path) = &self.file {
            targets.push(self.open("file", Style::Text, path)?);
        }
        if let Some(path) = &self.json_file {
            targets.push(self.open("json", Style::Json, path)?);
        }
        if self.console {
            let target = Box::new(Console::default());
            let kind = SinkKind::Lines;
            targets.push(Opened { sink: "console", style: console_style(), kind, target, fallback: None });
        }
        #[cfg(feature = "otlp")]
        if self.exports {
            for (signal, settings) in crate::otlp::Settings::all(&self.otlp)? {
                let target = Box::new(crate::otlp::Exporter::new(signal, settings)?);
                let kind = SinkKind::of(signal);
                targets.push(Opened {
                    sink: signal.sink(),
                    style: Style::Json,
                    kind,
                    target,
                    fallback: None,
                });
            }
        }
        Ok(targets)
    }

    fn open(&self, sink: &'static str, style: Style, path: &Path) -> Result<Opened, BuildError> {
        let rotation = Rotation {
            max_bytes: self.max_bytes,
            every: self.rotate_every,
            zone: TimeZone::system(),
            backups: self.backups,
            max_total_bytes: self.max_total_bytes,
            durable: self.durable,
            #[cfg(feature = "gzip")]
            gzip: self.gzip,
        };
        let fallback = self.fallback.as_ref().map(|fallback| fallback.target(path, &rotation));
        match RotatingFile::open(path.to_owned(), rotation) {
            Ok(file) => Ok(Opened { sink, style, kind: SinkKind::Lines, target: Box::new(file), fallback }),
            Err(source) => Err(BuildError::Open { path: path.to_owned(), source }),
        }
    }
}

/// The value of a variable of the environment, unless it is unset or empty.
pub(crate) fn variable(name: &str) -> Result<Option<String>, BuildError> {
    match env::var_os(name).filter(|value| !value.is_empty()).map(OsString::into_string) {
        Some(Err(_)) => Err(BuildError::NotUnicode { variable: name.to_owned() }),
        Some(Ok(value)) => Ok(Some(value)),
        None => Ok(None),
    }
}

/// A sink that is open, but has no thread yet.
struct Opened {
    sink: &'static str,
    style: Style,
    kind: SinkKind,
    target: Box<dyn Target>,
    fallback: Option<Box<dyn Target>>,
}

fn console_style() -> Style {
    if !io::stdout().is_terminal() {
        return Style::Json;
    }
    let color = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Style::Pretty { color }
}

fn close(sinks: &[Sink]) {
    for sink in sinks {
        sink.queue.close();
        sink.queue.join(std::time::Instant::now() + Duration::from_secs(1));
    }
}
