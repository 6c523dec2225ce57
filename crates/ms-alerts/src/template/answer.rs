//! Functions of what a query gave.

use super::value::{Failed, Found, Value};

pub(super) fn first<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [answer] = values else { return Err("expected the answer of a query".to_owned()) };
    let found = all(answer)?.first().cloned();
    found.map(Value::Series).ok_or_else(|| "first() called on vector with no elements".to_owned())
}

pub(super) fn value<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [found] = values else { return Err("expected a series".to_owned()) };
    one(found).map(|found| Value::Number(found.value))
}

pub(super) fn label<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [name, found] = values else { return Err("expected a name and a series".to_owned()) };
    let name = name.as_text()?;
    Ok(Value::text(one(found)?.labels.get(name).cloned().unwrap_or_default()))
}

/// The label `__value__`, for which some series have a text.
pub(super) fn text_value<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [found] = values else { return Err("expected a series".to_owned()) };
    Ok(Value::text(one(found)?.labels.get("__value__").cloned().unwrap_or_default()))
}

pub(super) fn sort_by_label<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [name, answer] = values else { return Err("expected a name and the answer of a query".to_owned()) };
    let name = name.as_text()?;
    let mut sorted = all(answer)?.to_vec();
    sorted.sort_by(|one, other| one.labels.get(name).cmp(&other.labels.get(name)));
    Ok(Value::Answer(sorted.into()))
}

fn all<'v, 's>(value: &'v Value<'s>) -> Result<&'v [Found<'s>], Failed> {
    match value {
        Value::Answer(series) => Ok(series),
        other => Err(format!("expected template.queryResult; got {}", other.kind())),
    }
}

fn one<'v, 's>(value: &'v Value<'s>) -> Result<&'v Found<'s>, Failed> {
    match value {
        Value::Series(found) => Ok(found),
        other => Err(format!("expected *template.sample; got {}", other.kind())),
    }
}
