//! Options in a file of whatever format serde reads.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{KEYS, Value, set};
use crate::builder::LoggingBuilder;
use crate::config::Config;

impl<'de> Deserialize<'de> for LoggingBuilder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Options)
    }
}

struct Options;

impl<'de> Visitor<'de> for Options {
    type Value = LoggingBuilder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the options of a logger")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LoggingBuilder, A::Error> {
        let mut builder = LoggingBuilder::default();
        let mut seen: Vec<&str> = Vec::new();
        while let Some(key) = map.next_key::<Key>()? {
            if seen.contains(&key.0) {
                return Err(A::Error::duplicate_field(key.0));
            }
            seen.push(key.0);
            map.next_value_seed(Setting { key: key.0, config: &mut builder.config })?;
        }
        // The narrower key goes before, whichever comes first in the file.
        if seen.contains(&"level") && seen.contains(&"filter") {
            return Err(A::Error::custom("`level` and `filter` exclude each other"));
        }
        Ok(builder)
    }
}

/// One of the known keys. It is refused while it is read, so that the format knows its place.
struct Key(&'static str);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        match KEYS.into_iter().find(|known| *known == key) {
            Some(known) => Ok(Self(known)),
            None => Err(D::Error::unknown_field(&key, &KEYS)),
        }
    }
}

/// The value of a key, on its way to its option; refused while it is read, as keys are.
struct Setting<'a> {
    key: &'static str,
    config: &'a mut Config,
}

impl<'de> DeserializeSeed<'de> for Setting<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = deserializer.deserialize_any(AnyValue).map_err(|error| {
            // A list of numbers, say, fails before anybody has looked at the key.
            D::Error::custom(format_args!("`{}`: {error}", self.key))
        })?;
        let key = self.key;
        set(self.config, key, value).map_err(|expected| D::Error::custom(format_args!("`{key}`: {expected}")))
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list of texts or a table of texts")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Switch(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(u64::try_from(value).map_or(Value::Other, Value::Number))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(Value::List(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Value, A::Error> {
        let mut entries: Vec<(String, String)> = Vec::new();
        while let Some(key) = table.next_key::<String>()? {
            if entries.iter().any(|(known, _)| *known == key) {
                table.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom(format_args!("`{key}` is given twice")));
            }
            entries.push((key, table.next_value()?));
        }
        Ok(Value::Table(entries))
    }
}
