//! Options by name: from a file that serde reads, and from the environment.

mod env;
mod file;
mod otlp;

use std::path::PathBuf;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use crate::builder::{Fallback, WhenFull};
use crate::config::Config;
use crate::levels::directive;
use crate::rotate::Every;
use crate::sample::{Directive, EXPECTED as SAMPLE};

/// Every key. `levels` is a table of its own, so the environment has no variable for it.
const KEYS: [&str; 32] = [
    "name",
    "level",
    "filter",
    "levels",
    "file",
    "json_file",
    "console",
    "max_bytes",
    "backups",
    "rotate_every",
    "max_total_bytes",
    "gzip",
    "queue_bytes",
    "block_ms",
    "rate_limit",
    "sample",
    "fallback",
    "durable",
    "redact",
    "sensitive_keys",
    "log_panics",
    "shutdown_ms",
    "otlp",
    "otlp_endpoint",
    "otlp_headers",
    "otlp_timeout_ms",
    "otlp_retry_ms",
    "otlp_gzip",
    "otlp_logs",
    "otlp_traces",
    "otlp_service_name",
    "otlp_attributes",
];

/// What a value may be before anybody knows what it is for.
#[derive(Debug)]
enum Value {
    Switch(bool),
    Number(u64),
    Text(String),
    List(Vec<String>),
    Table(Vec<(String, String)>),
    /// A number below zero, with a fraction, or too great.
    Other,
}

/// Why a value does not fit; told beside its key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected {0}")]
struct Expected(&'static str);

fn set(config: &mut Config, key: &str, value: Value) -> Result<(), Expected> {
    match key {
        "name" => config.name = text(value, "a text")?,
        "level" => {
            config.filter = level(&text(value, LEVEL)?)?.to_string();
            config.filter_origin = "level";
        }
        "filter" => {
            config.filter = text(value, "directives such as `info,hyper=warn`")?;
            config.filter_origin = "filter";
        }
        "levels" => {
            let Value::Table(targets) = value else { return Err(Expected("a table of targets and levels")) };
            for (target, name) in targets {
                let level = level(&name)?;
                directive(&target, level).map_err(|_| Expected("targets such as `crate::module`"))?;
                config.levels.push((target, level));
            }
        }
        "file" => config.file = path(value)?,
        "json_file" => config.json_file = path(value)?,
        "console" => config.console = switch(value)?,
        "max_bytes" => config.max_bytes = number(value, BYTES)?,
        "backups" => config.backups = number(value, "a whole number")?,
        "rotate_every" => {
            config.rotate_every = match text(value, AGE)?.as_str() {
                "hour" => Some(Every::Hour),
                "day" => Some(Every::Day),
                "never" => None,
                _ => return Err(Expected(AGE)),
            };
        }
        "max_total_bytes" => config.max_total_bytes = Some(number(value, BYTES)?),
        #[cfg(feature = "gzip")]
        "gzip" => config.gzip = switch(value)?,
        #[cfg(not(feature = "gzip"))]
        "gzip" => {
            if switch(value)? {
                return Err(Expected("`false`, since ms-logging is built without its feature `gzip`"));
            }
        }
        "queue_bytes" => config.queue_bytes = number(value, BYTES)?,
        "block_ms" => {
            config.when_full = match number(value, MILLISECONDS)? {
                0 => WhenFull::Drop,
                limit => WhenFull::Block(Duration::from_millis(limit)),
            };
        }
        "rate_limit" => {
            config.rate_limit =
                Some(number(value, "a whole number of lines a second")?).filter(|lines| *lines > 0);
        }
        "sample" => {
            let Value::List(directives) = value else { return Err(Expected(SAMPLE)) };
            for directive in directives {
                config.samples.push(Directive::parse(&directive).ok_or(Expected(SAMPLE))?);
            }
        }
        "fallback" => {
            config.fallback = match text(value, "`none`, `stderr` or a directory")?.as_str() {
                "none" => None,
                "stderr" => Some(Fallback::Stderr),
                directory => Some(Fallback::Directory(directory.into())),
            };
        }
        "durable" => config.durable = switch(value)?,
        "redact" => config.redact = switch(value)?,
        "sensitive_keys" => {
            let names = list(value)?;
            config.redactor =
                names.into_iter().fold(config.redactor.clone(), |redactor, name| redactor.key(name));
        }
        "log_panics" => config.panics = switch(value)?,
        "shutdown_ms" => config.drop_limit = Duration::from_millis(number(value, MILLISECONDS)?),
        key => match key.strip_prefix("otlp") {
            Some(key) => otlp::set(config, key, value)?,
            None => return Err(Expected("a known key")),
        },
    }
    Ok(())
}

const LEVEL: &str = "`off`, `error`, `warn`, `info`, `debug` or `trace`";
const AGE: &str = "`hour`, `day` or `never`";
const BYTES: &str = "a whole number of bytes";
const MILLISECONDS: &str = "a whole number of milliseconds";

fn text(value: Value, expected: &'static str) -> Result<String, Expected> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(Expected(expected)),
    }
}

fn level(name: &str) -> Result<LevelFilter, Expected> {
    // By name alone: whether 1 is much or little nobody remembers.
    let known = name.chars().all(|character| character.is_ascii_alphabetic());
    name.parse().ok().filter(|_| known && !name.is_empty()).ok_or(Expected(LEVEL))
}

fn path(value: Value) -> Result<Option<PathBuf>, Expected> {
    match value {
        Value::Switch(false) => Ok(None),
        Value::Text(text) if text == "none" => Ok(None),
        Value::Text(text) if !text.is_empty() => Ok(Some(text.into())),
        _ => Err(Expected("a path or `none`")),
    }
}

fn switch(value: Value) -> Result<bool, Expected> {
    match value {
        Value::Switch(on) => Ok(on),
        _ => Err(Expected("`true` or `false`")),
    }
}

fn number<N: TryFrom<u64>>(value: Value, expected: &'static str) -> Result<N, Expected> {
    match value {
        Value::Number(number) => N::try_from(number).map_err(|_| Expected(expected)),
        _ => Err(Expected(expected)),
    }
}

fn list(value: Value) -> Result<Vec<String>, Expected> {
    match value {
        Value::List(names) => Ok(names),
        _ => Err(Expected("a list of names")),
    }
}

#[cfg(test)]
mod tests;
