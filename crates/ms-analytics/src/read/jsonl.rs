//! One shift as a JSON object.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

use super::error::RowError;
use super::ids::Ids;
use super::roster::{FIELDS, unique};
use crate::shift::{FieldFault, Given, Limits, ShiftRef};

/// Reads one line and hands the shift on.
pub(super) fn shift<T>(
    line: u64,
    text: &[u8],
    ids: &mut Ids,
    limits: &Limits,
    each: impl FnOnce(ShiftRef<'_>) -> T,
) -> Result<T, RowError> {
    let text = std::str::from_utf8(text).map_err(|fault| not_utf8(line, text, fault.valid_up_to()))?;
    let mut row = Row::default();
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = reader.deserialize_map(RowVisitor(&mut row)).and_then(|()| reader.end());
    if let Err(fault) = read {
        let reason = format!("not a JSON object: {}", describe(&fault));
        // A line cut short is nobody's fault; NaN or a raw line feed is that of the field it stands in.
        let column = row.under_way.filter(|_| fault.is_syntax());
        return Err(RowError::new(line, column.map(str::to_owned), reason));
    }
    row.check(ids, limits).map(each).map_err(|fault| RowError::field(line, fault))
}

/// Names the key whose value was being read as the line grew too long.
pub(super) fn key_at_end(text: &[u8]) -> Option<&'static str> {
    let mut row = Row::default();
    let text = String::from_utf8_lossy(text);
    let mut reader = serde_json::Deserializer::from_str(&text);
    // Only where it stopped is of interest.
    let _ = reader.deserialize_map(RowVisitor(&mut row));
    row.under_way
}

/// Names the column whose value holds the byte, if what stands before it is enough to tell.
fn not_utf8(line: u64, text: &[u8], at: usize) -> RowError {
    let before = text.get(..at).unwrap_or_default();
    match key_at_end(before) {
        Some(column) => RowError::at(line, column, "not UTF-8"),
        None => RowError::row(line, "not UTF-8"),
    }
}

/// serde_json counts lines within the row, which would mislead.
fn describe(fault: &serde_json::Error) -> String {
    match fault.classify() {
        serde_json::error::Category::Eof => format!("it ends early, at character {}", fault.column()),
        serde_json::error::Category::Data => "another kind of value".to_owned(),
        _ => format!("syntax error at character {}", fault.column()),
    }
}

/// The fields as they came; the first fault of a field is kept until the whole row proved to be JSON.
#[derive(Debug, Default)]
struct Row<'de> {
    fields: [Option<Value<'de>>; FIELDS.len()],
    fault: Option<FieldFault>,
    /// The known key whose value is being read.
    under_way: Option<&'static str>,
}

#[derive(Debug)]
enum Value<'de> {
    Null,
    Text(Cow<'de, str>),
    Integer(String, f64),
    Float(f64),
    Other,
}

struct RowVisitor<'r, 'de>(&'r mut Row<'de>);

impl<'de> Visitor<'de> for RowVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let row = self.0;
        while let Some(Key(position)) = map.next_key()? {
            let slot =
                position.and_then(|position| Some((row.fields.get_mut(position)?, *FIELDS.get(position)?)));
            let Some((slot, name)) = slot else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            row.under_way = Some(name);
            if slot.replace(map.next_value()?).is_some() {
                row.fault.get_or_insert(FieldFault::new(name, "key given twice"));
            }
            row.under_way = None;
        }
        Ok(())
    }
}

/// A key's position in [`FIELDS`].
struct Key(Option<usize>);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(Key(FIELDS.iter().position(|field| *field == key)))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Value<'de>, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
                Ok(Value::Other)
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
                Ok(Value::Integer(number.to_string(), number as f64))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
                Ok(Value::Integer(number.to_string(), number as f64))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
                Ok(Value::Float(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
                Ok(Value::Text(text.to_owned().into()))
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
                Ok(Value::Text(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value<'de>, A::Error> {
                while values.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }
        }
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl Row<'_> {
    fn check(&self, ids: &mut Ids, limits: &Limits) -> Result<ShiftRef<'_>, FieldFault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let [id, employee, department, start, end, duration, role] = &self.fields;
        let role = match role {
            None | Some(Value::Null) => "",
            given => name("role", given)?,
        };
        let given = match duration {
            None | Some(Value::Null) => Given::Nothing,
            Some(Value::Integer(_, hours) | Value::Float(hours)) => Given::Hours(*hours),
            Some(Value::Text(_) | Value::Other) => Given::Wrong("not a number"),
        };
        let id = name("id", id)?;
        let texts = [
            id,
            name("employee", employee)?,
            name("department", department)?,
            text("start", start)?,
            text("end", end)?,
        ];
        unique(id, ids, || ShiftRef::check(texts, true, given, limits)?.with_role(role))
    }
}

/// A text, or an integer: people and wards are numbers in some rosters.
fn name<'r>(field: &'static str, value: &'r Option<Value<'_>>) -> Result<&'r str, FieldFault> {
    match value {
        Some(Value::Integer(number, _)) => Ok(number),
        other => text(field, other),
    }
}

fn text<'r>(field: &'static str, value: &'r Option<Value<'_>>) -> Result<&'r str, FieldFault> {
    match value {
        Some(Value::Text(text)) => Ok(text),
        None | Some(Value::Null) => Err(FieldFault::new(field, "missing")),
        Some(_) => Err(FieldFault::new(field, "not a text")),
    }
}
