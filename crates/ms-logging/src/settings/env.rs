//! Options in the environment.

use std::env;
use std::ffi::OsString;

use super::{KEYS, Value, otlp, set};
use crate::builder::LoggingBuilder;
use crate::error::BuildError;

const PREFIX: &str = "MS_LOG_";
/// A table fits into no variable; `MS_LOG_FILTER` says the same.
const NOT_HERE: &str = "levels";
/// What may hold a token, which no message may show.
const SECRET: [&str; 2] = ["otlp_endpoint", "otlp_headers"];

impl LoggingBuilder {
    /// Sets the options that variables `MS_LOG_*` name, such as `MS_LOG_MAX_BYTES`; each replaces what was set before, and is
    /// replaced by what is set later. Call it last to let the environment go before the program. An empty variable counts as
    /// unset; where both `MS_LOG_LEVEL` and `MS_LOG_FILTER` are set, the latter counts.
    ///
    /// The guide lists the keys: variables have the names of the keys of a file, in capitals. Switches are `true` or `false`, and
    /// names in a list are separated by commas, and a table is `name=value,name=value`, percent-encoded.
    ///
    /// # Errors
    ///
    /// - [`BuildError::Variable`]: a value does not fit, or no key has this name.
    /// - [`BuildError::NotUnicode`]: a value is no text.
    pub fn env(self) -> Result<Self, BuildError> {
        self.variables(env::vars_os())
    }

    pub(super) fn variables(
        mut self,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, BuildError> {
        let mut given: Vec<(String, OsString)> = variables
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        // By name, so that the same environment gives the same error; and the level before the filter.
        given.sort_by_key(|(name, _)| (name == "MS_LOG_FILTER", name.clone()));
        for (variable, value) in given {
            let key = KEYS.into_iter().find(|key| {
                *key != NOT_HERE
                    && variable.strip_prefix(PREFIX).is_some_and(|name| name == key.to_ascii_uppercase())
            });
            let Some(key) = key else {
                return Err(BuildError::Variable { variable, value: None, expected: "a known option" });
            };
            let Ok(value) = value.into_string() else { return Err(BuildError::NotUnicode { variable }) };
            if let Err(expected) = set(&mut self.config, key, read(key, &value)) {
                let value = Some(value).filter(|_| !SECRET.contains(&key));
                return Err(BuildError::Variable { variable, value, expected: expected.0 });
            }
            match key {
                "level" => self.config.filter_origin = "MS_LOG_LEVEL",
                "filter" => self.config.filter_origin = "MS_LOG_FILTER",
                _ => {}
            }
        }
        Ok(self)
    }
}

/// The environment has texts only; what a key is decides what they mean.
fn read(key: &str, value: &str) -> Value {
    let number = || value.parse().ok().filter(|_| value.bytes().all(|byte| byte.is_ascii_digit()));
    match (key, value) {
        ("sensitive_keys" | "sample", list) => Value::List(
            list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect(),
        ),
        ("otlp_headers" | "otlp_attributes", pairs) => otlp::pairs(pairs),
        (
            "console" | "gzip" | "durable" | "redact" | "log_panics" | "otlp" | "otlp_gzip" | "otlp_logs"
            | "otlp_traces",
            "true" | "false",
        ) => Value::Switch(value == "true"),
        (
            "max_bytes" | "backups" | "max_total_bytes" | "queue_bytes" | "block_ms" | "rate_limit"
            | "shutdown_ms" | "otlp_timeout_ms" | "otlp_retry_ms",
            _,
        ) => number().map_or(Value::Other, Value::Number),
        _ => Value::Text(value.to_owned()),
    }
}
