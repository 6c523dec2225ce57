//! The data of a structured event: JSON text of our own making, read again so that each name and value can be redacted
//! before it is escaped.

use std::collections::HashSet;
use std::fmt;
use std::io;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::ser::Formatter;

use crate::format::{Style, escape, json, text};
use crate::plan::{json_key, text_key};
use crate::redact::{KeyKind, REDACTED, Redactor};

/// The data of an event as JSON, or the reason why there is none.
pub(crate) fn to_json(data: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(128);
    let result = data.serialize(&mut serde_json::Serializer::with_formatter(&mut json, Numbers));
    let text =
        result.map_err(|error| error.to_string()).map(|()| String::from_utf8(json).unwrap_or_default());
    text.unwrap_or_else(|error| serde_json::json!({ "not_serializable": error }).to_string())
}

/// Writes integers beyond 64 bits as text: as numbers, readers would round them.
struct Numbers;

impl Formatter for Numbers {
    fn write_i128<W: io::Write + ?Sized>(&mut self, out: &mut W, value: i128) -> io::Result<()> {
        let small = i64::try_from(value).is_ok() || u64::try_from(value).is_ok();
        if small { write!(out, "{value}") } else { write!(out, "\"{value}\"") }
    }

    fn write_u128<W: io::Write + ?Sized>(&mut self, out: &mut W, value: u128) -> io::Result<()> {
        if u64::try_from(value).is_ok() { write!(out, "{value}") } else { write!(out, "\"{value}\"") }
    }
}

/// Writes `data` as a JSON value, or as `key=value` pairs of its top level.
///
/// # Errors
///
/// Those of serde_json, if `data` is no JSON or nested more than 128 deep.
pub(crate) fn write(
    out: &mut Vec<u8>,
    data: &str,
    style: Style,
    redactor: &Redactor,
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(data);
    if style.is_json() {
        Value { out, redactor, secret: false, vague: None, bare: false }.deserialize(&mut reader)?;
    } else {
        reader.deserialize_any(Pairs { out, redactor })?;
    }
    reader.end()
}

/// Copies one value.
struct Value<'a> {
    out: &'a mut Vec<u8>,
    redactor: &'a Redactor,
    /// Its name tells of a secret.
    secret: bool,
    /// What it is if it looks like that.
    vague: Option<KeyKind>,
    /// It stands in no JSON.
    bare: bool,
}

impl<'a> Value<'a> {
    /// The value behind this name.
    fn named(name: &str, out: &'a mut Vec<u8>, redactor: &'a Redactor) -> Self {
        let (secret, vague) = (redactor.is_sensitive_key(name), redactor.vague_key(name));
        Self { out, redactor, secret, vague, bare: false }
    }

    fn redacted(self) {
        if self.bare {
            self.out.extend_from_slice(REDACTED.as_bytes());
        } else {
            text::string(self.out, REDACTED);
        }
    }

    fn number(self, digits: &str) {
        let hidden = self.secret || self.redactor.hides_number(digits);
        if hidden || self.redactor.hides(self.vague, digits) {
            self.redacted();
        } else {
            self.out.extend_from_slice(digits.as_bytes());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    // That there is a secret or none is no secret.
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.number(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.number(itoa::Buffer::new().format(value));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        if self.secret || self.redactor.hides_float(value) {
            self.redacted();
        } else {
            json::float(self.out, value);
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        if self.secret || self.redactor.hides(self.vague, value) {
            self.redacted();
            return Ok(());
        }
        self.out.push(b'"');
        escape::json(self.out, &self.redactor.redact(value));
        self.out.push(b'"');
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        if self.secret {
            while values.next_element::<IgnoredAny>()?.is_some() {}
            self.redacted();
            return Ok(());
        }
        self.out.push(b'[');
        let mut first = true;
        loop {
            let mark = self.out.len();
            if !first {
                self.out.push(b',');
            }
            if values.next_element_seed(Value { out: self.out, bare: false, ..self })?.is_none() {
                self.out.truncate(mark);
                break;
            }
            first = false;
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if self.secret {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.redacted();
            return Ok(());
        }
        self.out.push(b'{');
        let mut names = HashSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            // Names may be data too: a map from numbers of patients to their wards.
            let shown = unused(self.redactor.redact(&name).into_owned(), &names);
            if !names.is_empty() {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&json_key(&shown));
            entries.next_value_seed(Value::named(&name, self.out, self.redactor))?;
            names.insert(shown);
        }
        self.out.push(b'}');
        Ok(())
    }
}

/// Copies the top level as `key=value`; what is nested stays JSON.
struct Pairs<'a> {
    out: &'a mut Vec<u8>,
    redactor: &'a Redactor,
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = entries.next_key::<String>()? {
            let shown = unused(self.redactor.redact(&name).into_owned(), &names);
            if !names.is_empty() {
                self.out.push(b' ');
            }
            self.out.extend_from_slice(&text_key(&shown));
            let value = Value::named(&name, self.out, self.redactor);
            entries.next_value_seed(Value { bare: true, ..value })?;
            names.insert(shown);
        }
        Ok(())
    }
}

fn unused(name: String, used: &HashSet<String>) -> String {
    if !used.contains(&name) {
        return name;
    }
    (2..).map(|number: u64| format!("{name}_{number}")).find(|name| !used.contains(name)).unwrap_or(name)
}
