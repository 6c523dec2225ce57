//! Series as tests of rules write them: `up{job="a"} 1 2+1x3 _ stale`.

use std::collections::BTreeMap;

use promql_parser::util::unquote_string;

use super::compat::Compat;
use super::load::Refused;
use super::strict;
use super::tokens::{Token, tokens};

/// So that a line of a test cannot fill the memory.
const MOST_SAMPLES: u64 = 10_000_000;

/// Names and values, the metric's name among them; those that are empty too.
pub(crate) type Named = BTreeMap<String, String>;

/// What a series is at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Missing,
    Stale,
    Value(f64),
}

/// Reads a metric: `name{label="value"}`. No text is one without labels.
pub(crate) fn metric(text: &str, compat: Compat) -> Result<Named, Refused> {
    let mut reader = Reader { text, at: 0, compat, has_values: false };
    let named = reader.metric()?;
    reader.blanks();
    if reader.rest().is_empty() { Ok(named) } else { Err(reader.unexpected("the end")) }
}

/// Reads a metric and its values.
pub(crate) fn series(text: &str, compat: Compat) -> Result<(Named, Vec<Step>), Refused> {
    let mut reader = Reader { text, at: 0, compat, has_values: true };
    let named = reader.metric()?;
    Ok((named, reader.steps()?))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    compat: Compat,
    /// They begin at the first blank behind the name.
    has_values: bool,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.at += length;
        length > 0
    }

    fn take(&mut self, sign: &str) -> bool {
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there
    }

    fn token(&self) -> Token<'t> {
        let next = tokens(self.rest()).next();
        next.map_or(Token { at: self.text.len(), text: "" }, |token| Token {
            at: token.at + self.at,
            text: token.text,
        })
    }

    fn unexpected(&self, wanted: &str) -> Refused {
        let Token { at, text } = self.token();
        let found = if text.is_empty() { "the end".to_owned() } else { format!("`{text}`") };
        Refused { at, message: format!("expected {wanted}, not {found}") }
    }

    fn metric(&mut self) -> Result<Named, Refused> {
        let mut named = Named::new();
        let first = self.token();
        let is_name = first.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':');
        if is_name {
            self.at = first.at + first.text.len();
            named.insert("__name__".to_owned(), first.text.to_owned());
            if self.has_values && !self.rest().starts_with('{') {
                return Ok(named);
            }
        }
        let Token { at, text: "{" } = self.token() else {
            return if is_name || self.rest().trim().is_empty() {
                Ok(named)
            } else {
                Err(self.unexpected("a metric"))
            };
        };
        self.at = at + 1;
        while self.token().text != "}" {
            self.label(&mut named)?;
            match self.token() {
                Token { text: "}", .. } => {}
                Token { at, text: "," } => self.at = at + 1,
                _ => return Err(self.unexpected("`,` or `}`")),
            }
        }
        self.at = self.token().at + 1;
        Ok(named)
    }

    fn label(&mut self, named: &mut Named) -> Result<(), Refused> {
        let first = self.token();
        let is_quoted = first.text.starts_with(['"', '\'', '`']);
        let name = match is_quoted {
            true if self.compat == Compat::V3 => self.string()?,
            false if crate::labels::is_label_name(first.text) => {
                self.at = first.at + first.text.len();
                first.text.to_owned()
            }
            _ => return Err(self.unexpected("the name of a label")),
        };
        let (name, value) = match self.token() {
            Token { at, text: "=" } => {
                self.at = at + 1;
                (name, self.string()?)
            }
            // The metric's own.
            _ if is_quoted => ("__name__".to_owned(), name),
            _ => return Err(self.unexpected("`=`")),
        };
        if named.contains_key(&name) {
            return Err(Refused { at: first.at, message: format!("label `{name}` stands twice") });
        }
        named.insert(name, value);
        Ok(())
    }

    fn string(&mut self) -> Result<String, Refused> {
        let token = self.token();
        if !token.text.starts_with(['"', '\'', '`']) {
            return Err(self.unexpected("a string"));
        }
        if let Some(problem) = strict::of_string(token.text) {
            return Err(Refused { at: token.at, message: problem.to_owned() });
        }
        self.at = token.at + token.text.len();
        unquote_string(token.text)
            .map_err(|_| Refused { at: token.at, message: format!("{} is no string", token.text) })
    }

    fn steps(&mut self) -> Result<Vec<Step>, Refused> {
        let mut steps = Vec::new();
        while !self.rest().is_empty() {
            if !self.blanks() {
                return Err(self.unexpected("a blank"));
            }
            if !self.rest().is_empty() {
                self.item(&mut steps)?;
            }
        }
        Ok(steps)
    }

    /// `1`, `_`, `stale`, `1x3`, `_x3`, `1+2x3`, `1-2x3`.
    fn item(&mut self, steps: &mut Vec<Step>) -> Result<(), Refused> {
        if self.rest().starts_with("{{") {
            let message = "native histograms are not supported".to_owned();
            return Err(Refused { at: self.at, message });
        }
        if self.take("_") {
            let times = if self.take("x") { self.times(steps.len())? } else { 1 };
            steps.extend((0..times).map(|_| Step::Missing));
            return Ok(());
        }
        let (first, is_stale) = match self.signed()? {
            Some(value) => (value, false),
            None if self.take("stale") => (f64::NAN, true),
            None => return Err(self.unexpected("a value")),
        };
        let delta = if self.rest().starts_with(['+', '-']) { self.signed()? } else { None };
        if !self.take("x") {
            return match delta {
                None => {
                    steps.push(if is_stale { Step::Stale } else { Step::Value(first) });
                    Ok(())
                }
                Some(_) => Err(self.unexpected("`x` and how many times")),
            };
        }
        let (mut value, times) = (first, self.times(steps.len())?);
        for _ in 0..=times {
            steps.push(if is_stale { Step::Stale } else { Step::Value(value) });
            value += delta.unwrap_or(0.0);
        }
        Ok(())
    }

    fn times(&mut self, already: usize) -> Result<u64, Refused> {
        let rest = self.rest();
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number = rest.get(..digits).and_then(|digits| digits.parse::<u64>().ok());
        let Some(times) = number else { return Err(self.unexpected("how many times")) };
        if times.saturating_add(already as u64) > MOST_SAMPLES {
            let message = "more than 10 million values are not supported".to_owned();
            return Err(Refused { at: self.at, message });
        }
        self.at += digits;
        Ok(times)
    }

    /// A number with or without a sign, if there is one.
    fn signed(&mut self) -> Result<Option<f64>, Refused> {
        let sign = if self.take("-") {
            -1.0
        } else if self.take("+") {
            1.0
        } else {
            return self.number();
        };
        match self.number()? {
            Some(value) => Ok(Some(sign * value)),
            None => Err(self.unexpected("a number")),
        }
    }

    /// As Go reads it: a whole number that begins with 0 is one of base 8, if it can be; of base 16 there is none, for `0x3` are
    /// zeros.
    fn number(&mut self) -> Result<Option<f64>, Refused> {
        let rest = self.rest();
        if let Some(word) = ["inf", "nan"].into_iter().find(|word| begins_with(rest, word)) {
            self.at += word.len();
            return Ok(word.parse().ok());
        }
        if !rest.trim_start_matches('.').starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(None);
        }
        let length = number_length(rest);
        let digits = rest.get(..length).unwrap_or_default();
        let behind = rest.get(length..).unwrap_or_default();
        if !behind.starts_with('x') && behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return Err(self.unexpected("a number"));
        }
        let octal = digits.strip_prefix('0').and_then(|digits| i64::from_str_radix(digits, 8).ok());
        let value = octal.map(|number| number as f64).or_else(|| digits.parse().ok());
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                self.at += length;
                Ok(Some(value))
            }
            None => Err(self.unexpected("a number")),
        }
    }
}

/// In any case, and as a word of its own.
fn begins_with(text: &str, word: &str) -> bool {
    let (head, behind) = text.split_at_checked(word.len()).unwrap_or(("", ""));
    head.eq_ignore_ascii_case(word)
        && !behind.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// Digits, a point, digits, and an exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits =
        |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count() + from;
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        end += 1;
        end += usize::from(matches!(bytes.get(end), Some(b'+' | b'-')));
        end = digits(end);
    }
    end
}

#[cfg(test)]
#[path = "notation/tests.rs"]
mod tests;
