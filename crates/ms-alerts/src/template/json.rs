//! Values as JSON.

use std::fmt::Write as _;

use super::value::{Failed, Value};

/// As Go's `json.Marshal` writes it, but for `<`, `>` and `&`, which are left as they are.
pub(super) fn of(value: &Value<'_>) -> Result<String, Failed> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

/// Writes a text as it stands between the quotes of a string.
pub(super) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
}

fn write(value: &Value<'_>, out: &mut String) -> Result<(), Failed> {
    match value {
        Value::Nothing => out.push_str("null"),
        Value::Truth(_) | Value::Integer(_) => out.push_str(&value.plain()?),
        Value::Number(number) if number.is_finite() => out.push_str(&value.plain()?),
        Value::Number(number) => return Err(format!("JSON has no number {number}")),
        Value::Text(text) => string(text, out),
        Value::Moment(_) => string(&value.plain()?, out),
        Value::Json(text) => out.push_str(text),
        Value::Labels(labels) => {
            let members = labels.iter().map(|(name, value)| {
                let mut member = String::new();
                string(name, &mut member);
                member.push(':');
                string(value, &mut member);
                member
            });
            wrap('{', members.collect(), '}', out);
        }
        Value::List(list) => {
            let elements: Result<Vec<_>, _> = list.iter().map(of).collect();
            wrap('[', elements?, ']', out);
        }
        Value::Record(record) => {
            let members: Result<Vec<_>, _> = record
                .fields
                .iter()
                .map(|field| of(&field.value).map(|value| format!("\"{}\":{value}", field.key)))
                .collect();
            wrap('{', members?, '}', out);
        }
        Value::Series(_) | Value::Answer(_) | Value::Alert => {
            return Err(format!("{} cannot be JSON", value.kind()));
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

fn wrap(open: char, parts: Vec<String>, close: char, out: &mut String) {
    out.push(open);
    out.push_str(&parts.join(","));
    out.push(close);
}
