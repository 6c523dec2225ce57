//! One column of a batch, whatever its type.

use std::fmt::Write as _;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, BinaryArray, BinaryViewArray, LargeBinaryArray, LargeStringArray, StringArray, StringViewArray,
};
use arrow_schema::{DataType, TimeUnit};

use super::clock::Clock;
use crate::instant::days_from_civil;

const DAY: i64 = 86_400_000_000;
const HOUR_SECONDS: f64 = 3600.0;

/// What a column should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::read) enum Expected {
    Name,
    Time,
    /// Numbers, or texts of them.
    Hours,
    #[cfg(feature = "parquet")]
    Number,
}

impl Expected {
    fn instead_of(self, found: &DataType) -> String {
        let expected = match self {
            Self::Name => "texts or whole numbers",
            Self::Time => "timestamps, dates or texts",
            Self::Hours => "numbers",
            #[cfg(feature = "parquet")]
            Self::Number => "numbers",
        };
        format!("holds {found}, where {expected} are expected")
    }
}

/// The values of a column, ready to be asked row by row.
#[derive(Debug, Default)]
pub(in crate::read) struct Values<'b> {
    /// Tells which are missing.
    array: Option<&'b dyn Array>,
    kind: Kind<'b>,
}

#[derive(Debug, Default)]
enum Kind<'b> {
    /// All are missing.
    #[default]
    Nothing,
    Text(&'b StringArray),
    LargeText(&'b LargeStringArray),
    TextView(&'b StringViewArray),
    // Old writers do not say that bytes are text.
    Bytes(&'b BinaryArray),
    LargeBytes(&'b LargeBinaryArray),
    BytesView(&'b BinaryViewArray),
    Integers(Vec<i128>),
    Numbers(Vec<f64>),
    /// Time spans, in seconds.
    Spans(Vec<f64>),
    /// Microseconds since 1970, where they fit.
    Times(Vec<Option<i64>>, Box<Clock>),
    /// For each row its place among the values.
    Dictionary(Vec<usize>, Box<Values<'b>>),
}

/// What a row of a column of timestamps or dates holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Time {
    Missing,
    OutOfRange,
    At(i64),
    Local(i64),
}

impl<'b> Values<'b> {
    /// Looks at a column; an error says what it holds instead of what is expected.
    pub(in crate::read) fn of(array: &'b dyn Array, expected: Expected) -> Result<Self, String> {
        let is_name = expected == Expected::Name;
        let is_time = expected == Expected::Time;
        let is_number = !is_name && !is_time;
        let kind = match array.data_type() {
            DataType::Null => Kind::Nothing,
            #[cfg(feature = "parquet")]
            text if expected == Expected::Number && is_text(text) => return Err(expected.instead_of(text)),
            DataType::Utf8 => Kind::Text(array.as_string()),
            DataType::LargeUtf8 => Kind::LargeText(array.as_string()),
            DataType::Utf8View => Kind::TextView(array.as_string_view()),
            DataType::Binary => Kind::Bytes(array.as_binary()),
            DataType::LargeBinary => Kind::LargeBytes(array.as_binary()),
            DataType::BinaryView => Kind::BytesView(array.as_binary_view()),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let keys = if dictionary.values().is_empty() {
                    // Every key is missing then; which place it names does not matter.
                    vec![0; array.len()]
                } else {
                    dictionary.normalized_keys()
                };
                Kind::Dictionary(keys, Box::new(Self::of(dictionary.values().as_ref(), expected)?))
            }
            DataType::Timestamp(unit, zone) if is_time => {
                let clock = Clock::of(zone.as_deref());
                let clock = clock.ok_or_else(|| {
                    format!(
                        "its time zone `{}` is not known",
                        zone.as_deref().unwrap_or_default().escape_debug()
                    )
                })?;
                Kind::Times(timestamps(array, *unit), Box::new(clock))
            }
            DataType::Date32 | DataType::Date64 if is_time => {
                // A date has no zone.
                Clock::of(None).map_or(Kind::Nothing, |clock| Kind::Times(dates(array), Box::new(clock)))
            }
            DataType::Float32 if is_number => Kind::Numbers(collect::<Float32Type, _>(array, f64::from)),
            DataType::Float64 if is_number => Kind::Numbers(collect::<Float64Type, _>(array, |hours| hours)),
            DataType::Decimal128(_, scale) if is_number => {
                let unit = 10_f64.powi(i32::from(*scale));
                Kind::Numbers(collect::<Decimal128Type, _>(array, |value| value as f64 / unit))
            }
            DataType::Decimal128(_, 0) if is_name => {
                Kind::Integers(collect::<Decimal128Type, _>(array, |value| value))
            }
            DataType::Duration(unit) if is_number => Kind::Spans(spans(array, *unit)),
            other if is_number || is_name => match integers(array) {
                Some(integers) if is_number => {
                    Kind::Numbers(integers.into_iter().map(|hours| hours as f64).collect())
                }
                Some(integers) => Kind::Integers(integers),
                None => return Err(expected.instead_of(other)),
            },
            other => return Err(expected.instead_of(other)),
        };
        Ok(Self { array: Some(array), kind })
    }

    fn is_missing(&self, row: usize) -> bool {
        matches!(self.kind, Kind::Nothing)
            || self.array.is_none_or(|array| row >= array.len() || array.is_null(row))
    }

    /// The row's text, which is in the column or written to `text`; `None` if it is missing.
    pub(super) fn text<'t>(
        &'t self,
        row: usize,
        text: &'t mut String,
    ) -> Result<Option<&'t str>, &'static str> {
        if self.is_missing(row) {
            return Ok(None);
        }
        let bytes = match &self.kind {
            Kind::Text(array) => return Ok(Some(array.value(row))),
            Kind::LargeText(array) => return Ok(Some(array.value(row))),
            Kind::TextView(array) => return Ok(Some(array.value(row))),
            Kind::Bytes(array) => array.value(row),
            Kind::LargeBytes(array) => array.value(row),
            Kind::BytesView(array) => array.value(row),
            Kind::Integers(numbers) => {
                text.clear();
                let _ = write!(text, "{}", numbers.get(row).copied().unwrap_or_default());
                return Ok(Some(text));
            }
            Kind::Dictionary(keys, values) => {
                return keys.get(row).map_or(Ok(None), |key| values.text(*key, text));
            }
            Kind::Nothing | Kind::Numbers(_) | Kind::Spans(_) | Kind::Times(..) => return Ok(None),
        };
        std::str::from_utf8(bytes).map(Some).map_err(|_| "not UTF-8")
    }

    /// The row's hours, if the column holds numbers or time spans.
    pub(super) fn hours(&self, row: usize) -> Option<f64> {
        match &self.kind {
            Kind::Spans(_) => self.number(row).map(|seconds| seconds / HOUR_SECONDS),
            Kind::Dictionary(keys, values) if !self.is_missing(row) => values.hours(*keys.get(row)?),
            _ => self.number(row),
        }
    }

    /// The row's number, or the seconds of its time span.
    pub(in crate::read) fn number(&self, row: usize) -> Option<f64> {
        match &self.kind {
            _ if self.is_missing(row) => None,
            Kind::Numbers(numbers) | Kind::Spans(numbers) => numbers.get(row).copied(),
            Kind::Dictionary(keys, values) => values.number(*keys.get(row)?),
            _ => None,
        }
    }

    /// The row's time, which is written to `text` as well; `None` if the column holds texts.
    pub(super) fn time(&mut self, row: usize, text: &mut String) -> Option<Time> {
        let is_missing = self.is_missing(row);
        match &mut self.kind {
            Kind::Times(_, _) if is_missing => Some(Time::Missing),
            Kind::Times(times, clock) => {
                let Some(at) = times.get(row).copied().flatten().filter(|at| YEARS.contains(at)) else {
                    "out of range".clone_into(text);
                    return Some(Time::OutOfRange);
                };
                clock.write(at, text);
                Some(if clock.is_local() { Time::Local(at) } else { Time::At(at) })
            }
            Kind::Dictionary(keys, values) if !is_missing => values.time(*keys.get(row)?, text),
            _ => None,
        }
    }
}

/// The years 1 to 9998.
const YEARS: Range<i64> = days_from_civil(1, 1, 1) * DAY..days_from_civil(9999, 1, 1) * DAY;

#[cfg(feature = "parquet")]
fn is_text(found: &DataType) -> bool {
    matches!(
        found,
        DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
    )
}

fn collect<T: ArrowPrimitiveType, V>(array: &dyn Array, convert: impl Fn(T::Native) -> V) -> Vec<V> {
    array.as_primitive::<T>().values().iter().map(|value| convert(*value)).collect()
}

fn integers(array: &dyn Array) -> Option<Vec<i128>> {
    Some(match array.data_type() {
        DataType::Int8 => collect::<Int8Type, _>(array, i128::from),
        DataType::Int16 => collect::<Int16Type, _>(array, i128::from),
        DataType::Int32 => collect::<Int32Type, _>(array, i128::from),
        DataType::Int64 => collect::<Int64Type, _>(array, i128::from),
        DataType::UInt8 => collect::<UInt8Type, _>(array, i128::from),
        DataType::UInt16 => collect::<UInt16Type, _>(array, i128::from),
        DataType::UInt32 => collect::<UInt32Type, _>(array, i128::from),
        DataType::UInt64 => collect::<UInt64Type, _>(array, i128::from),
        _ => return None,
    })
}

fn timestamps(array: &dyn Array, unit: TimeUnit) -> Vec<Option<i64>> {
    match unit {
        TimeUnit::Second => collect::<TimestampSecondType, _>(array, |at| at.checked_mul(1_000_000)),
        TimeUnit::Millisecond => collect::<TimestampMillisecondType, _>(array, |at| at.checked_mul(1000)),
        TimeUnit::Microsecond => collect::<TimestampMicrosecondType, _>(array, Some),
        TimeUnit::Nanosecond => collect::<TimestampNanosecondType, _>(array, |at| Some(at.div_euclid(1000))),
    }
}

fn dates(array: &dyn Array) -> Vec<Option<i64>> {
    match array.data_type() {
        DataType::Date32 => collect::<Date32Type, _>(array, |day| i64::from(day).checked_mul(DAY)),
        _ => collect::<Date64Type, _>(array, |at| at.checked_mul(1000)),
    }
}

fn spans(array: &dyn Array, unit: TimeUnit) -> Vec<f64> {
    let seconds = |per_second: f64| move |span: i64| span as f64 / per_second;
    match unit {
        TimeUnit::Second => collect::<DurationSecondType, _>(array, seconds(1.0)),
        TimeUnit::Millisecond => collect::<DurationMillisecondType, _>(array, seconds(1e3)),
        TimeUnit::Microsecond => collect::<DurationMicrosecondType, _>(array, seconds(1e6)),
        TimeUnit::Nanosecond => collect::<DurationNanosecondType, _>(array, seconds(1e9)),
    }
}
