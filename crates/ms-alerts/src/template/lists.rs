//! Functions of lists of texts.

use super::functions::LONGEST;
use super::value::{Failed, Value};

pub(super) fn texts<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    values.iter().try_for_each(|value| value.as_text().map(drop))?;
    Ok(Value::List(values.into()))
}

pub(super) fn join<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [separator, Value::List(list)] = values else {
        return Err("expected a separator and a list of texts".to_owned());
    };
    let separator = separator.as_text()?;
    let mut joined = String::new();
    for (place, text) in list.iter().enumerate() {
        joined.push_str(if place == 0 { "" } else { separator });
        joined.push_str(text.as_text()?);
        if joined.len() > LONGEST {
            return Err(format!("the text is longer than {LONGEST} bytes"));
        }
    }
    Ok(Value::text(joined))
}
