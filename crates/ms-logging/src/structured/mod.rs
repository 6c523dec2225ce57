//! The data of a structured event: JSON text of our own making, read again so that each name and value can be redacted
//! before it is escaped.

mod object;

use std::fmt;
use std::io;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::ser::Formatter;

use crate::fit::cut;
use crate::format::{Style, escape, json, text};
use crate::line::LONGEST;
use crate::redact::{KeyKind, Kind, Redactor, Within};
use object::Object;

/// The data of an event as JSON, or the reason why there is none.
pub(crate) fn to_json(data: &impl Serialize) -> String {
    let mut json = CappedJson { out: Vec::with_capacity(128), full: false };
    let result = data.serialize(&mut serde_json::Serializer::with_formatter(&mut json, Numbers));
    let CappedJson { out: json, full } = json;
    if full {
        // Longer than any line, so that it is cut and says so.
        return String::from_utf8_lossy(&json).into_owned();
    }
    let text =
        result.map_err(|error| error.to_string()).map(|()| String::from_utf8(json).unwrap_or_default());
    text.unwrap_or_else(|error| serde_json::json!({ "not_serializable": error }).to_string())
}

/// Data that is longer than a line, as the beginning of its JSON.
pub(crate) fn cut_json(out: &mut Vec<u8>, json: &str, redactor: &Redactor) {
    out.extend_from_slice(b"{\"json\":\"");
    escape::json(out, &redactor.redact(cut(json, LONGEST / 2)));
    out.extend_from_slice(b"\",\"truncated\":true}");
}

/// Whether that has to be.
pub(crate) fn is_too_long(json: &str) -> bool {
    json.len() > LONGEST
}

/// Ends the serialisation when there is more than a line holds.
struct CappedJson {
    out: Vec<u8>,
    full: bool,
}

impl io::Write for CappedJson {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (LONGEST + 1).saturating_sub(self.out.len());
        self.out.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.full = self.out.len() > LONGEST;
        if self.full { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
        Value::unnamed(out, redactor).deserialize(&mut reader)?;
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
    secret: Option<Kind>,
    /// What it is if it looks like that.
    vague: Option<KeyKind>,
    /// What the objects in it are.
    within: Within,
    /// Where the text is kept that the value is, for what is told of it later.
    kept: Option<&'a mut Option<String>>,
    /// It stands in no JSON.
    bare: bool,
}

impl<'a> Value<'a> {
    fn unnamed(out: &'a mut Vec<u8>, redactor: &'a Redactor) -> Self {
        Self { out, redactor, secret: None, vague: None, within: Within::Nothing, kept: None, bare: false }
    }

    /// What the value is by its name.
    fn hidden(&self, value: &str) -> Option<Kind> {
        let vague = || self.vague.filter(|_| self.redactor.hides(self.vague, value));
        self.secret.or_else(|| vague().map(KeyKind::found))
    }

    fn redacted(self, kind: Kind, value: &str) {
        let shown = self.redactor.replacement(kind, value);
        if self.redactor.drops() {
            self.out.extend_from_slice(b"null");
        } else if self.bare {
            self.out.extend_from_slice(shown.as_bytes());
        } else {
            text::string(self.out, &shown);
        }
    }

    fn number(self, digits: &str) {
        match self.hidden(digits).or_else(|| self.redactor.number(digits)) {
            Some(kind) => self.redacted(kind, digits),
            None => self.out.extend_from_slice(digits.as_bytes()),
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
        match self.secret.or_else(|| self.redactor.float(value)) {
            Some(kind) => self.redacted(kind, zmij::Buffer::new().format(value)),
            None => json::float(self.out, value),
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn visit_str<E>(mut self, value: &str) -> Result<(), E> {
        if let Some(kept) = self.kept.take() {
            *kept = Some(value.to_owned());
        }
        if let Some(kind) = self.hidden(value) {
            self.redacted(kind, value);
            return Ok(());
        }
        self.out.push(b'"');
        escape::json(self.out, &self.redactor.redact(value));
        self.out.push(b'"');
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        if self.secret.is_some() {
            while values.next_element::<IgnoredAny>()?.is_some() {}
            // Many values are nobody's alone.
            self.redacted(Kind::Failed, "");
            return Ok(());
        }
        self.out.push(b'[');
        let mut first = true;
        loop {
            let mark = self.out.len();
            if !first {
                self.out.push(b',');
            }
            let value =
                Value { vague: self.vague, within: self.within, ..Value::unnamed(self.out, self.redactor) };
            if values.next_element_seed(value)?.is_none() {
                self.out.truncate(mark);
                break;
            }
            first = false;
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        if self.secret.is_some() {
            while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            // Many values are nobody's alone.
            self.redacted(Kind::Failed, "");
            return Ok(());
        }
        self.out.push(b'{');
        let mut object = Object::new(self.within, Style::Json);
        while object.copy(&mut entries, self.out, self.redactor)? {}
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
        let mut object = Object::new(Within::Nothing, Style::Pretty { color: false });
        while object.copy(&mut entries, self.out, self.redactor)? {}
        Ok(())
    }
}
