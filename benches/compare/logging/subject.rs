//! Loggers that write the same event, each alone in its process, since a process has one global logger.

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use ms_logging::{Logging, LoggingBuilder, WhenFull};
use tracing::span::EnteredSpan;
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

use super::floor::Floor;
use super::peers;

const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// A bare layer that writes the JSON by hand.
    Floor,
    Ours,
    /// With redaction off.
    Unredacted,
    /// Events that look as if something might have to be redacted.
    Busy,
    BusyUnredacted,
    /// With a file of text besides.
    Both,
    /// tracing-subscriber's JSON over tracing-appender, without loss.
    Appender,
    /// The same over logroller, which rotates.
    Logroller,
    /// slog-json over slog-async, without loss.
    Slog,
    /// spdlog-rs, its JSON.
    Spdlog,
    /// spdlog-rs, its text.
    SpdlogText,
    /// logforth, its JSON.
    Logforth,
    /// flexi_logger, its JSON, in buffers.
    Flexi,
    /// log4rs, its JSON.
    Log4rs,
}

/// A logger at work.
pub struct Running {
    /// Logs so many events.
    pub emit: Box<dyn Fn(u64) + Sync>,
    /// Writes what waits, and ends.
    pub finish: Box<dyn FnOnce()>,
}

impl Subject {
    pub fn name(self) -> String {
        self.to_possible_value().expect("none is skipped").get_name().to_owned()
    }

    /// Makes it the logger of this process, with its files in `dir`.
    pub fn start(self, dir: &Path) -> Running {
        let path = dir.join("events.jsonl");
        match self {
            Self::Floor => floor(&path),
            Self::Ours => ours(builder().no_file().json_file(&path)),
            Self::Unredacted => ours(builder().no_file().json_file(&path).redact(false)),
            Self::Busy => Running { emit: Box::new(emit_busy), ..ours(builder().no_file().json_file(&path)) },
            Self::BusyUnredacted => Running {
                emit: Box::new(emit_busy),
                ..ours(builder().no_file().json_file(&path).redact(false))
            },
            Self::Both => ours(builder().file(dir.join("events.log")).json_file(&path)),
            Self::Appender => peers::appender(dir),
            Self::Logroller => peers::logroller(dir),
            Self::Slog => peers::slog(&path),
            Self::Spdlog => peers::spdlog_json(path),
            Self::SpdlogText => peers::spdlog_text(path),
            Self::Logforth => peers::logforth(dir),
            Self::Flexi => peers::flexi(dir),
            Self::Log4rs => peers::log4rs(dir),
        }
    }

    /// Whether it takes records of the crate `log`.
    pub fn is_of_log(self) -> bool {
        matches!(self, Self::Flexi | Self::Log4rs | Self::Logforth)
    }

    pub fn files(self) -> u64 {
        if self == Self::Both { 2 } else { 1 }
    }
}

/// Of a file before it is rotated, and how many backups are kept.
pub const MAX_BYTES: u64 = 10 << 20;
pub const BACKUPS: u32 = 20;

fn builder() -> LoggingBuilder {
    Logging::builder()
        .console(false)
        .rust_log(false)
        .max_bytes(MAX_BYTES)
        .backups(BACKUPS)
        .when_full(WhenFull::Block(LONG))
}

fn ours(builder: LoggingBuilder) -> Running {
    let guard = builder.install().expect("nothing else is installed");
    let finish = move || assert_eq!(guard.shutdown(LONG).abandoned, 0, "everything is written");
    Running { emit: Box::new(emit), finish: Box::new(finish) }
}

fn floor(path: &Path) -> Running {
    let floor = Floor::create(path);
    let subscriber = tracing_subscriber::registry().with(floor.clone());
    tracing::subscriber::set_global_default(subscriber).expect("nothing else is installed");
    Running { emit: Box::new(emit), finish: Box::new(move || floor.flush()) }
}

pub fn emit(events: u64) {
    for id in 0..events {
        info!(
            shift = id,
            department = "Acil Servis",
            hours = 8.5,
            night = false,
            attempt = 1,
            "shift planned"
        );
    }
}

/// Five fields and a message full of digits and signs that stand for nothing secret.
fn emit_busy(events: u64) {
    for id in 0..events {
        info!(
            method = "GET",
            route = "/wards/{ward}/shifts",
            status = 200,
            latency_ms = 12.75,
            request_id = "0193e6a4-7b2c-7d5e-9f10-3c5a8b1d2e4f",
            "request {id} finished: ward=7 rows=31, took 12.75 ms (cache: hit)"
        );
    }
}

/// Spans without events.
pub fn open_spans(spans: u64) {
    for id in 0..spans {
        let _entered = info_span!("request", id, route = "/shifts").entered();
    }
}

/// The span that events are within.
pub fn enter_span() -> EnteredSpan {
    info_span!("request", id = 7, route = "/shifts").entered()
}
