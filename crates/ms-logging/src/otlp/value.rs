//! JSON values as those of OTLP.

use serde_json::{Map, Value};

use super::message::{Any, AnyValue, ArrayValue, KeyValue, KeyValueList};

impl KeyValue {
    pub(super) fn text(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: key.into(), value: Some(text(value)) }
    }
}

pub(super) fn text(value: impl Into<String>) -> AnyValue {
    AnyValue { value: Some(Any::String(value.into())) }
}

/// Adds what is not there yet under its name: names of attributes are unique.
pub(super) fn extend(attributes: &mut Vec<KeyValue>, more: Map<String, Value>) {
    for (key, value) in more {
        if attributes.iter().all(|known| known.key != key) {
            attributes.push(KeyValue { key, value: Some(any(value)) });
        }
    }
}

pub(super) fn any(value: Value) -> AnyValue {
    let value = match value {
        Value::Null => return AnyValue { value: None },
        Value::Bool(value) => Any::Bool(value),
        Value::String(text) => Any::String(text),
        // An integer that int64 cannot hold would be rounded as a double.
        Value::Number(number) => match (number.as_i64(), number.is_u64()) {
            (Some(value), _) => Any::Int(value),
            (None, true) => Any::String(number.to_string()),
            (None, false) => number.as_f64().map_or_else(|| Any::String(number.to_string()), Any::Double),
        },
        Value::Array(values) => Any::Array(ArrayValue { values: values.into_iter().map(any).collect() }),
        Value::Object(map) => {
            let pair = |(key, value)| KeyValue { key, value: Some(any(value)) };
            Any::List(KeyValueList { values: map.into_iter().map(pair).collect() })
        }
    };
    AnyValue { value: Some(value) }
}

/// Bytes from hexadecimal digits; none from anything else.
pub(super) fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect::<Option<_>>().unwrap_or_default()
}
