//! What Prometheus's functions take for a number.

use super::value::{Failed, Value};

pub(super) fn float(value: &Value<'_>) -> Result<f64, Failed> {
    match value {
        Value::Number(number) => Ok(*number),
        Value::Integer(number) => Ok(*number as f64),
        Value::Text(text) => {
            crate::samples::parse_number(text).ok_or_else(|| format!("parsing {text:?}: invalid syntax"))
        }
        other => Err(format!("can't convert {} to float", other.kind())),
    }
}

/// Milliseconds of seconds since 1970; `None` if the number is none.
pub(super) fn moment(seconds: f64) -> Result<Option<i64>, Failed> {
    if !seconds.is_finite() {
        return Ok(None);
    }
    let nanoseconds = seconds * 1e9;
    if nanoseconds.abs() >= i64::MAX as f64 {
        return Err("a time that does not fit into 64 bits of nanoseconds".to_owned());
    }
    Ok(Some(nanoseconds as i64 / 1_000_000))
}
