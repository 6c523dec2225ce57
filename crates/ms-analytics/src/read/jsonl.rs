//! One shift as a JSON object.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::error::RowError;
use crate::shift::{FieldFault, Shift};

const FIELDS: [&str; 6] = ["id", "employee", "department", "start", "end", "duration"];

pub(super) fn shift(line: u64, text: &[u8]) -> Result<Shift, RowError> {
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(fault) => return Err(not_utf8(line, text, fault.valid_up_to())),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let row = reader.deserialize_map(RowVisitor).and_then(|row| reader.end().map(|()| row));
    let row = row.map_err(|fault| RowError::row(line, format!("not a JSON object: {}", describe(&fault))))?;
    row.check().map_err(|fault| RowError::field(line, fault))
}

/// Names the column whose value holds the byte, if what stands before it is enough to tell.
fn not_utf8(line: u64, text: &[u8], at: usize) -> RowError {
    let before = String::from_utf8_lossy(text.get(..at).unwrap_or_default());
    let last_key = |field: &&&str| before.rfind(&format!("\"{field}\""));
    let column = FIELDS.iter().filter(|field| last_key(field).is_some()).max_by_key(last_key);
    let reason = "not UTF-8";
    column.map_or_else(|| RowError::row(line, reason), |column| RowError::at(line, *column, reason))
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
struct Row {
    fields: [Option<Value>; FIELDS.len()],
    fault: Option<FieldFault>,
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let mut row = Row::default();
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            let Some(position) = FIELDS.iter().position(|field| *field == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: Value = map.next_value()?;
            if let (Some(slot), Some(name)) = (row.fields.get_mut(position), FIELDS.get(position))
                && slot.replace(value).is_some()
            {
                row.fault.get_or_insert(FieldFault::new(name, "key given twice"));
            }
        }
        Ok(row)
    }
}

impl Row {
    fn check(self) -> Result<Shift, FieldFault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let [id, employee, department, start, end, duration] = self.fields;
        let id = match id {
            Some(Value::Number(number)) if !number.is_f64() => number.to_string(),
            other => text("id", other)?,
        };
        let (employee, department) = (text("employee", employee)?, text("department", department)?);
        let (start, end) = (text("start", start)?, text("end", end)?);
        let duration = match duration {
            None | Some(Value::Null) => None,
            Some(Value::Number(number)) => Some(number.as_f64().unwrap_or(f64::NAN)),
            Some(_) => return Err(FieldFault::new("duration", "not a number")),
        };
        Shift::new(&id, &employee, &department, &start, &end, duration)
    }
}

fn text(field: &'static str, value: Option<Value>) -> Result<String, FieldFault> {
    match value {
        Some(Value::String(text)) => Ok(text),
        None => Err(FieldFault::new(field, "missing")),
        Some(_) => Err(FieldFault::new(field, "not a text")),
    }
}
