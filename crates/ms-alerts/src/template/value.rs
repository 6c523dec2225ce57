//! What a template computes with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::format;

/// Why a template cannot be filled in.
pub(super) type Failed = String;

/// Labels by name.
pub(super) type LabelMap<'s> = BTreeMap<Cow<'s, str>, Cow<'s, str>>;

/// A series that a query has found.
#[derive(Debug, Clone)]
pub(super) struct Found<'s> {
    pub(super) labels: Rc<LabelMap<'s>>,
    pub(super) value: f64,
}

#[derive(Debug, Clone)]
pub(super) enum Value<'s> {
    Nothing,
    Truth(bool),
    Integer(i64),
    Number(f64),
    Text(Cow<'s, str>),
    Labels(Rc<LabelMap<'s>>),
    /// One of the series of a query, and all of them.
    Series(Found<'s>),
    #[cfg_attr(not(feature = "rules"), allow(dead_code, reason = "queries need an evaluator"))]
    Answer(Rc<[Found<'s>]>),
    /// In milliseconds since 1970.
    Moment(i64),
    /// Everything that is known of the alert: the dot and `$` at the beginning.
    Alert,
    /// A notification, one of its alerts, a label.
    Record(Rc<Record<'s>>),
    List(Rc<[Value<'s>]>),
    /// Text that is JSON already.
    Json(String),
}

/// What has fields.
#[derive(Debug)]
pub(super) struct Record<'s> {
    /// The name of its type in Go.
    pub(super) kind: &'static str,
    pub(super) fields: Vec<Field<'s>>,
}

#[derive(Debug)]
pub(super) struct Field<'s> {
    pub(super) name: &'static str,
    /// Its name in JSON.
    pub(super) key: &'static str,
    pub(super) value: Value<'s>,
}

impl<'s> Record<'s> {
    pub(super) fn get(&self, name: &str) -> Option<&Value<'s>> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }
}

impl<'s> Value<'s> {
    pub(super) fn text(text: impl Into<Cow<'s, str>>) -> Self {
        Self::Text(text.into())
    }

    /// As an `if` takes it.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Truth(truth) => *truth,
            Self::Integer(number) => *number != 0,
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Labels(labels) => !labels.is_empty(),
            Self::Answer(series) => !series.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Json(text) => !text.is_empty(),
            Self::Moment(_) | Self::Alert | Self::Series(_) | Self::Record(_) => true,
        }
    }

    /// As Go's `%v` prints it.
    pub(super) fn plain(&self) -> Result<String, Failed> {
        Ok(match self {
            Self::Nothing => "<nil>".to_owned(),
            Self::Truth(truth) => truth.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Number(number) => format::plain(*number),
            Self::Text(text) => text.clone().into_owned(),
            Self::Labels(labels) => {
                let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                format!("map[{}]", labels.join(" "))
            }
            Self::Moment(moment) => self::moment(*moment)?,
            Self::List(list) => {
                let list: Result<Vec<_>, _> = list.iter().map(Self::plain).collect();
                format!("[{}]", list?.join(" "))
            }
            Self::Json(text) => text.clone(),
            Self::Record(record) => {
                return Err(format!("the whole {} is printed; expected a field of it", record.kind));
            }
            Self::Alert => return Err("the whole alert is printed; expected a part of it".to_owned()),
            Self::Series(_) | Self::Answer(_) => {
                return Err("the answer of a query is printed; expected a part of it".to_owned());
            }
        })
    }

    /// The name of its type in Go.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "<nil>",
            Self::Truth(_) => "bool",
            Self::Integer(_) => "int",
            Self::Number(_) => "float64",
            Self::Text(_) => "string",
            Self::Labels(_) => "map[string]string",
            Self::Moment(_) => "*time.Time",
            Self::Alert => "struct",
            Self::Series(_) => "*template.sample",
            Self::Answer(_) => "template.queryResult",
            Self::Record(record) => record.kind,
            Self::List(_) => "list",
            Self::Json(_) => "json",
        }
    }

    /// Where a function takes nothing but text.
    pub(super) fn as_text(&self) -> Result<&str, Failed> {
        match self {
            Self::Text(text) => Ok(text),
            other => Err(format!("expected string; got {}", other.kind())),
        }
    }
}

/// As Go prints a time.
pub(super) fn moment(milliseconds: i64) -> Result<String, Failed> {
    let moment =
        Timestamp::from_millisecond(milliseconds).map_err(|_| "a time beyond the calendar".to_owned())?;
    let seconds = TimeZone::UTC.to_datetime(moment);
    let fraction = format!(".{:03}", milliseconds.rem_euclid(1000));
    let fraction = fraction.trim_end_matches('0').trim_end_matches('.');
    Ok(format!("{}{fraction} +0000 UTC", seconds.strftime("%Y-%m-%d %H:%M:%S")))
}
