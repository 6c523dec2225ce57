//! Reads the Prometheus text format 0.0.4 as strictly as a Prometheus server does.

mod comment;
mod label_set;
mod labels;

use std::ops::Range;

use super::{Samples, number};

/// Why an exposition was refused. None of its samples counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ExpositionError {
    line: usize,
    problem: Problem,
}

impl ExpositionError {
    /// Gives the line at fault, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("expected {0}")]
    Expected(&'static str),
    #[error("invalid metric type {0:?}")]
    Type(String),
    #[error("invalid number {0:?}")]
    Number(String),
    #[error("invalid time stamp {0:?}")]
    Timestamp(String),
    #[error("label {0:?} is not unique")]
    Duplicate(String),
    #[error("{0} is not UTF-8")]
    Encoding(&'static str),
}

/// Reads an exposition in the text format 0.0.4.
///
/// What a Prometheus server of version 2.42 refuses is refused, what it accepts is accepted and read as it reads it: a
/// sample must not be indented, and a NUL byte where a line begins ends the text.
///
/// # Errors
///
/// [`ExpositionError`] names the first line at fault.
///
/// # Examples
///
/// ```
/// let samples = ms_alerts::parse_exposition("cpu_usage_percent 12.5\nhits_total{path=\"/\"} 3\n")?;
/// assert_eq!(samples.named("cpu_usage_percent").next().map(|sample| sample.value()), Some(12.5));
/// assert_eq!(ms_alerts::parse_exposition("a 1\nb 1e999\n").unwrap_err().line(), 2);
/// # Ok::<(), ms_alerts::ExpositionError>(())
/// ```
pub fn parse_exposition(text: &str) -> Result<Samples<'_>, ExpositionError> {
    Reader::new(text.as_bytes(), Some(text)).samples()
}

/// Reads an exposition as [`parse_exposition`] does, from bytes that may not be UTF-8.
///
/// A comment may hold any bytes; names, labels and HELP may not.
///
/// # Errors
///
/// [`ExpositionError`] names the first line at fault.
///
/// # Examples
///
/// ```
/// let samples = ms_alerts::parse_exposition_bytes(b"# \xff\nup 1\n")?;
/// assert_eq!(samples.len(), 1);
/// assert!(ms_alerts::parse_exposition_bytes(b"up{job=\"\xff\"} 1\n").is_err());
/// # Ok::<(), ms_alerts::ExpositionError>(())
/// ```
pub fn parse_exposition_bytes(bytes: &[u8]) -> Result<Samples<'_>, ExpositionError> {
    Reader::new(bytes, std::str::from_utf8(bytes).ok()).samples()
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The same, if all of it is UTF-8.
    text: Option<&'a str>,
    at: usize,
    samples: Samples<'a>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8], text: Option<&'a str>) -> Self {
        Self { bytes, text, at: 0, samples: Samples::for_bytes(bytes.len()) }
    }

    fn samples(mut self) -> Result<Samples<'a>, ExpositionError> {
        match self.read() {
            Ok(()) => Ok(self.samples.index()),
            Err(problem) => {
                let seen = self.bytes.iter().take(self.at);
                Err(ExpositionError { line: 1 + seen.filter(|byte| **byte == b'\n').count(), problem })
            }
        }
    }

    fn read(&mut self) -> Result<(), Problem> {
        loop {
            let start = self.at;
            self.skip_blanks();
            match self.peek() {
                // The server's lexer takes a NUL for the end.
                None | Some(0) => return Ok(()),
                Some(b'\n') => self.at += 1,
                Some(b'#') => {
                    if comment::read(self)?.is_break() {
                        return Ok(());
                    }
                }
                Some(_) if self.at > start => return Err(Problem::Expected("no blank before a metric name")),
                Some(_) => self.sample()?,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes bytes while `wanted` holds; it must hold for ASCII only.
    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.iter().position(|byte| !wanted(*byte)).unwrap_or(rest.len());
        self.take(length)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = self.slice(self.at..self.at + length).unwrap_or_default();
        self.at += length;
        taken
    }

    /// The text of a range; `None` where it is not UTF-8.
    fn slice(&self, range: Range<usize>) -> Option<&'a str> {
        match self.text {
            Some(text) => text.get(range),
            None => std::str::from_utf8(self.bytes.get(range)?).ok(),
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn name(&mut self) -> Option<&'a str> {
        self.peek().filter(|first| is_name(*first) && !first.is_ascii_digit())?;
        Some(self.take_while(is_name))
    }

    /// The name, if it is that of the row before, as most are.
    fn name_of_last(&mut self) -> Option<&'a str> {
        let name = self.samples.rows.last()?.name;
        let behind = self.rest().strip_prefix(name.as_bytes())?;
        matches!(behind.first(), Some(b'{' | b' ')).then(|| self.at += name.len())?;
        Some(name)
    }

    fn sample(&mut self) -> Result<(), Problem> {
        let name = match self.name_of_last() {
            Some(name) => name,
            None => self.name().ok_or(Problem::Expected("a metric name, a comment or an empty line"))?,
        };
        let first_label = self.samples.next_labels();
        self.skip_blanks();
        if self.peek() == Some(b'{') {
            self.at += 1;
            self.labels(first_label)?;
            self.skip_blanks();
        }
        let value = self.take_word();
        if value.is_empty() {
            return Err(Problem::Expected("a value"));
        }
        let value = number::parse(value).ok_or_else(|| Problem::Number(shorten(value)))?;
        let timestamp = self.timestamp()?;
        self.samples.push_row(name, first_label, value, timestamp);
        Ok(())
    }

    /// Takes a value: anything up to a blank, a brace or the end of the line.
    fn take_word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'{'));
        self.take(end.unwrap_or(rest.len()))
    }

    fn timestamp(&mut self) -> Result<Option<i64>, Problem> {
        if self.peek() == Some(b'\n') {
            self.at += 1;
            return Ok(None);
        }
        self.skip_blanks();
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        self.skip_blanks();
        match self.peek() {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(_) if digits.is_empty() => {
                return Err(Problem::Expected("a time stamp or the end of the line"));
            }
            Some(_) => return Err(Problem::Expected("the end of the line")),
        }
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| {
            self.at -= 1;
            Problem::Timestamp(shorten(digits))
        })
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Problem> {
        if self.peek() != Some(byte) {
            return Err(Problem::Expected(what));
        }
        self.at += 1;
        Ok(())
    }
}

/// Digits and colons too: what may stand behind the first character of a metric's name.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')
}

/// What an error quotes stays readable.
fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
#[path = "exposition/tests.rs"]
mod tests;
