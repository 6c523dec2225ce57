//! One column of numbers out of JSON Lines.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::column::Column;
use super::error::{ReadError, RowError};
use super::lines::{Line, Lines};
use super::pull::next_chunk;

const CHUNK: usize = 64 << 10;

/// Reads a column of numbers out of JSON Lines, as [`numbers`](super::numbers) does of CSV, calling `each` with the
/// number of every line that is not blank.
///
/// A line is an object with the number at the column's name, its first key for [`Column::First`]. For that a line may be
/// the bare number, too.
///
/// # Errors
///
/// [`ReadError::Io`] if the source fails. What was read before has been passed on.
///
/// # Examples
///
/// ```
/// use ms_analytics::read::{Column, json_numbers};
///
/// let (lines, mut seconds) = ("{\"latency_s\":0.25}\n0.5\n{\"latency_s\":\"slow\"}\n", Vec::new());
/// json_numbers(lines.as_bytes(), &Column::First, |line, row| seconds.push((line, row.ok())))?;
/// assert_eq!(seconds, [(1, Some(0.25)), (2, Some(0.5)), (3, None)]);
/// # Ok::<(), ms_analytics::read::ReadError>(())
/// ```
pub fn json_numbers(
    mut source: impl Read,
    column: &Column,
    mut each: impl FnMut(u64, Result<f64, RowError>),
) -> Result<(), ReadError> {
    let (mut lines, mut line_number) = (Lines::default(), 0);
    let mut on_line = |line: Line<'_>| {
        line_number += 1;
        match line {
            Line::Whole(text) => {
                let text =
                    if line_number == 1 { text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text) } else { text };
                if !text.trim_ascii().is_empty() {
                    each(
                        line_number,
                        number(text, column).map_err(|reason| fault(line_number, column, reason)),
                    );
                }
            }
            Line::TooLong(_) => each(line_number, Err(RowError::row(line_number, "longer than 1 MiB"))),
        }
        Ok(())
    };
    let mut chunk = vec![0; CHUNK];
    while let Some(bytes) = next_chunk(&mut source, &mut chunk)? {
        lines.push(bytes, &mut on_line).map_err(ReadError::Unreadable)?;
    }
    lines.finish(&mut on_line).map_err(ReadError::Unreadable)
}

fn fault(line: u64, column: &Column, reason: &str) -> RowError {
    match column {
        Column::Named(name) => RowError::at(line, name.as_str(), reason),
        Column::First => RowError::row(line, reason),
    }
}

fn number(line: &[u8], column: &Column) -> Result<f64, &'static str> {
    let text = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let found = reader.deserialize_any(Finder(column)).and_then(|found| reader.end().map(|()| found));
    match found {
        Ok(Found::Number(number)) if number.is_finite() => Ok(number),
        Ok(Found::Number(_) | Found::Other) => Err("not a finite number"),
        Ok(Found::Nothing) => Err("missing"),
        Ok(Found::Twice) => Err("key given twice"),
        Err(_) => Err("not JSON"),
    }
}

#[derive(Clone, Copy, Debug)]
enum Found {
    Nothing,
    Number(f64),
    Twice,
    Other,
}

struct Finder<'c>(&'c Column);

impl Finder<'_> {
    fn bare(&self, number: f64) -> Found {
        if *self.0 == Column::First { Found::Number(number) } else { Found::Nothing }
    }
}

impl<'de> Visitor<'de> for Finder<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a number")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Found, E> {
        Ok(self.bare(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found, E> {
        Ok(self.bare(number as f64))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Found, E> {
        Ok(self.bare(number as f64))
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Found, E> {
        Ok(Found::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Found, A::Error> {
        while values.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut name = match self.0 {
            Column::Named(name) => Some(Cow::Borrowed(name.as_str())),
            Column::First => None,
        };
        let mut found = Found::Nothing;
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if *name.get_or_insert_with(|| Cow::Owned(key.clone())) == key {
                found = match (found, value) {
                    (Found::Nothing, Value::Null) => Found::Other,
                    (Found::Nothing, value) => value.as_f64().map_or(Found::Other, Found::Number),
                    _ => Found::Twice,
                };
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_its_number_or_what_is_wrong() {
        let named = Column::Named("s".to_owned());
        for (line, first, at_name) in [
            (r#"{"s":0.5,"t":1}"#, Ok(0.5), Ok(0.5)),
            (r#"{"t":1,"s":0.5}"#, Ok(1.0), Ok(0.5)),
            ("0.25", Ok(0.25), Err("missing")),
            ("-3", Ok(-3.0), Err("missing")),
            (r#"{"t":[1,{"s":2}]}"#, Err("not a finite number"), Err("missing")),
            (r#"{"s":null}"#, Err("not a finite number"), Err("not a finite number")),
            (r#"{"s":"0.5"}"#, Err("not a finite number"), Err("not a finite number")),
            (r#"{"s":1,"s":2}"#, Err("key given twice"), Err("key given twice")),
            ("{}", Err("missing"), Err("missing")),
            ("null", Err("missing"), Err("missing")),
            ("[1]", Err("not a finite number"), Err("not a finite number")),
            ("NaN", Err("not JSON"), Err("not JSON")),
            (r#"{"s":1e999}"#, Err("not JSON"), Err("not JSON")),
            (r#"{"s":1}}"#, Err("not JSON"), Err("not JSON")),
        ] {
            assert_eq!(number(line.as_bytes(), &Column::First), first, "{line}");
            assert_eq!(number(line.as_bytes(), &named), at_name, "{line}");
        }
    }
}
