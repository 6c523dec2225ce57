//! The comparisons of Go's templates: a whole number and one with a point are not comparable there, nor here.

use std::cmp::Ordering;

use super::value::{Failed, Value};

const INCOMPATIBLE: &str = "incompatible types for comparison";

pub(super) fn equal<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let (first, others) = values.split_first().ok_or("missing argument for comparison")?;
    for other in others {
        if same(first, other)? {
            return Ok(Value::Truth(true));
        }
    }
    Ok(Value::Truth(false))
}

pub(super) fn not_equal<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    equal(values).map(|equal| Value::Truth(!equal.is_true()))
}

pub(super) fn less<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let [one, other] = values else { return Err("missing argument for comparison".to_owned()) };
    let order = match (one, other) {
        (Value::Integer(one), Value::Integer(other)) => Some(one.cmp(other)),
        (Value::Number(one), Value::Number(other)) => one.partial_cmp(other),
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Truth(_), Value::Truth(_)) => return Err("invalid type for comparison".to_owned()),
        _ => return Err(INCOMPATIBLE.to_owned()),
    };
    Ok(Value::Truth(order == Some(Ordering::Less)))
}

pub(super) fn at_most<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    let is_less = less(values)?.is_true();
    Ok(Value::Truth(is_less || equal(values)?.is_true()))
}

/// What is not at most: with NaN it holds, as in Go.
pub(super) fn greater<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    at_most(values).map(|holds| Value::Truth(!holds.is_true()))
}

pub(super) fn at_least<'s>(values: &[Value<'s>]) -> Result<Value<'s>, Failed> {
    less(values).map(|holds| Value::Truth(!holds.is_true()))
}

fn same(one: &Value<'_>, other: &Value<'_>) -> Result<bool, Failed> {
    match (one, other) {
        (Value::Truth(one), Value::Truth(other)) => Ok(one == other),
        (Value::Integer(one), Value::Integer(other)) => Ok(one == other),
        (Value::Number(one), Value::Number(other)) => Ok(one == other),
        (Value::Text(one), Value::Text(other)) => Ok(one == other),
        _ => Err(INCOMPATIBLE.to_owned()),
    }
}
