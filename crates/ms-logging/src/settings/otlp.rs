//! The options of an export over OTLP.

use super::{Expected, Value};
use crate::config::Config;

/// Sets what `otlp` and `key` name together.
#[cfg(feature = "otlp")]
pub(super) fn set(config: &mut Config, key: &str, value: Value) -> Result<(), Expected> {
    use std::mem;
    use std::time::Duration;

    use super::{MILLISECONDS, number, switch, text};
    use crate::otlp;

    if key.is_empty() {
        config.exports = switch(value)?;
        return Ok(());
    }
    let options = mem::take(&mut config.otlp);
    config.otlp = match key {
        "_endpoint" => {
            let endpoint = text(value, ENDPOINT)?;
            otlp::is_endpoint(&endpoint).then_some(()).ok_or(Expected(ENDPOINT))?;
            options.endpoint(endpoint)
        }
        "_headers" => {
            let headers = table(value, HEADERS)?;
            let all_are_headers = headers.iter().all(|(name, value)| otlp::is_header(name, value));
            all_are_headers.then_some(()).ok_or(Expected(HEADERS))?;
            headers.into_iter().fold(options, |options, (name, value)| options.header(name, value))
        }
        "_timeout_ms" => options.timeout(Duration::from_millis(number(value, MILLISECONDS)?)),
        "_retry_ms" => options.retry_limit(Duration::from_millis(number(value, MILLISECONDS)?)),
        "_gzip" => options.gzip(switch(value)?),
        "_logs" => options.logs(switch(value)?),
        "_traces" => options.traces(switch(value)?),
        "_service_name" => options.service_name(text(value, "a text")?),
        "_attributes" => {
            let attributes = table(value, ATTRIBUTES)?;
            attributes.into_iter().fold(options, |options, (name, value)| options.attribute(name, value))
        }
        _ => return Err(Expected("a known key")),
    };
    Ok(())
}

/// All but what asks for nothing is refused: an export that somebody counts on must not be missing silently.
#[cfg(not(feature = "otlp"))]
pub(super) fn set(_: &mut Config, key: &str, value: Value) -> Result<(), Expected> {
    match (key, value) {
        ("", Value::Switch(false)) => Ok(()),
        ("", _) => Err(Expected("`false`, since ms-logging is built without its feature `otlp`")),
        _ => Err(Expected("nothing, since ms-logging is built without its feature `otlp`")),
    }
}

#[cfg(feature = "otlp")]
const ENDPOINT: &str = "an http or https URL with a host";
#[cfg(feature = "otlp")]
const HEADERS: &str = "names and values of HTTP headers";
#[cfg(feature = "otlp")]
const ATTRIBUTES: &str = "names and values of attributes";

#[cfg(feature = "otlp")]
fn table(value: Value, expected: &'static str) -> Result<Vec<(String, String)>, Expected> {
    match value {
        Value::Table(entries) => Ok(entries),
        _ => Err(Expected(expected)),
    }
}

/// A table as a variable has it: `name=value,name=value`, percent-encoded, as OpenTelemetry's own variables.
#[cfg(feature = "otlp")]
pub(super) fn pairs(text: &str) -> Value {
    crate::otlp::pairs(text).map_or(Value::Other, Value::Table)
}

#[cfg(not(feature = "otlp"))]
pub(super) fn pairs(_: &str) -> Value {
    Value::Other
}
