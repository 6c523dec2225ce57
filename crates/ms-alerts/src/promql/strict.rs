//! What the parser takes, and a Prometheus server refuses or reads otherwise.
//!
//! The parser follows Prometheus 3; rules here load wherever they are taken to, so what version 2 refuses is refused.

use super::compat::Compat;
use super::load::Refused;
use super::plan::LONGEST;
use super::tokens::{Token, tokens};

/// Which servers are to read an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syntax {
    V2_42,
    V3,
    /// Both, but for names in quotes: those there is no other way to write.
    Files,
}

impl From<Compat> for Syntax {
    fn from(compat: Compat) -> Self {
        match compat {
            Compat::V2_42 => Self::V2_42,
            Compat::V3 => Self::V3,
        }
    }
}

/// Checks an expression that the parser has taken.
pub(super) fn check(expression: &str, written_for: Syntax) -> Result<(), Refused> {
    let mut place = Place::default();
    for token in tokens(expression) {
        let is_number =
            |token: &Token<'_>| token.text.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ':');
        // Since version 3 numbers are durations, and durations numbers.
        if written_for == Syntax::V3 && is_number(&token) && !is_too_large(token.text) {
            place.pass(token);
            continue;
        }
        if let Some(problem) = problem(token, &place, written_for) {
            return Err(Refused { at: token.at, message: problem.to_owned() });
        }
        place.pass(token);
    }
    Ok(())
}

/// Where a token stands.
#[derive(Default)]
pub(super) struct Place<'a> {
    before: &'a str,
    before_that: &'a str,
    /// The brackets around it, each with whether what stands in it are names of labels.
    brackets: Vec<(char, bool)>,
}

impl<'a> Place<'a> {
    pub(super) fn pass(&mut self, token: Token<'a>) {
        match token.text {
            "(" => self.brackets.push(('(', self.lists_labels())),
            "[" => self.brackets.push(('[', false)),
            "{" => self.brackets.push(('{', true)),
            ")" | "]" | "}" => drop(self.brackets.pop()),
            _ => {}
        }
        self.before_that = std::mem::replace(&mut self.before, token.text);
    }

    fn lists_labels(&self) -> bool {
        let words = ["by", "without", "on", "ignoring", "group_left", "group_right"];
        words.iter().any(|word| self.before.eq_ignore_ascii_case(word))
    }

    /// A string here is a name, which before version 3 has no quotes.
    fn wants_name(&self) -> bool {
        let matched = matches!(self.before, "=" | "!=" | "=~" | "!~");
        !matched && self.brackets.last().is_none_or(|(_, is_list)| *is_list)
    }

    /// Whether it is a number in the place of a duration, and so large, or none, that the parser would panic.
    pub(super) fn is_too_long(&self, token: &Token<'_>) -> bool {
        let in_brackets = matches!(self.brackets.last(), Some(('[', _)));
        let number = token.text.trim_start_matches(':').parse::<f64>();
        (in_brackets || self.wants_duration())
            && number.is_ok_and(|seconds| seconds.is_nan() || seconds * 1000.0 > LONGEST as f64)
    }

    fn wants_duration(&self) -> bool {
        let is_offset = |word: &str| word.eq_ignore_ascii_case("offset");
        matches!(self.before, "[" | ":")
            || is_offset(self.before)
            || matches!(self.before, "-" | "+") && is_offset(self.before_that)
    }
}

fn problem(token: Token<'_>, place: &Place<'_>, written_for: Syntax) -> Option<&'static str> {
    match token.text.chars().next()? {
        '"' | '\'' | '`' if place.wants_name() && written_for == Syntax::V2_42 => {
            Some("a name in quotes is one of version 3")
        }
        '"' | '\'' | '`' if place.wants_name() && token.text.len() == 2 => Some("a name is empty"),
        '"' | '\'' | '`' => of_string(token.text),
        '0'..='9' | '.' if place.wants_duration() => {
            (!is_duration(token.text)).then_some("a number is no duration")
        }
        // The step of a subquery.
        ':' if matches!(place.brackets.last(), Some(('[', _))) && token.text.len() > 1 => {
            (!is_duration(token.text.trim_start_matches(':'))).then_some("a number is no duration")
        }
        '0'..='9' | '.' if is_duration(token.text) => Some("a duration is no number"),
        '0'..='9' | '.' if is_too_large(token.text) => Some("the number is too large"),
        _ => None,
    }
}

fn is_too_large(number: &str) -> bool {
    number.parse().is_ok_and(f64::is_infinite)
}

fn is_duration(number: &str) -> bool {
    let is_hexadecimal = number.starts_with("0x") || number.starts_with("0X");
    !is_hexadecimal && number.contains(|c: char| c.is_ascii_alphabetic() && !c.eq_ignore_ascii_case(&'e'))
}

/// What is wrong with a string in quotes, if anything is.
pub(super) fn of_string(string: &str) -> Option<&'static str> {
    match string.starts_with('`') {
        false if !is_escaped_well(string) => Some("an unknown escape in a string"),
        false if has_high_byte(string) => Some("an escaped byte above 7f is not supported"),
        _ => None,
    }
}

/// The parser ends the process at some escapes that Go does not know.
pub(super) fn is_escaped_well(string: &str) -> bool {
    let mut rest = string.chars();
    let Some(quote) = rest.next().filter(|quote| matches!(quote, '"' | '\'')) else { return true };
    while let Some(character) = rest.next() {
        let (more, base) = match if character == '\\' { rest.next() } else { Some('\\') } {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => continue,
            Some(other) if other == quote => continue,
            Some('0'..='7') => (2, 8),
            Some('x') => (2, 16),
            Some('u') => (4, 16),
            Some('U') => (8, 16),
            _ => return false,
        };
        if !(0..more).all(|_| rest.next().is_some_and(|digit| digit.is_digit(base))) {
            return false;
        }
    }
    true
}

/// Go's `\xff` and `\377` are bytes, the parser's are characters.
fn has_high_byte(string: &str) -> bool {
    let mut rest = string.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            continue;
        }
        let number = match rest.next() {
            Some('x') => u32::from_str_radix(rest.as_str().get(..2).unwrap_or_default(), 16),
            Some('0'..='1') | None => continue,
            Some('2'..='7') => return true,
            Some(_) => continue,
        };
        if number.is_ok_and(|number| number > 0x7f) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::{Compat, Query};

    fn refused(expression: &str) -> Option<(usize, String)> {
        Query::parse(expression, Compat::V2_42).err().map(|refused| (refused.at, refused.message))
    }

    #[test]
    fn what_only_prometheus_3_reads_is_refused_where_it_stands() {
        for (expression, at, message) in [
            ("m{\"a\"=\"b\"}", 2, "a name in quotes is one of version 3"),
            ("{\"m\"} > 1", 1, "a name in quotes is one of version 3"),
            ("{a='b', 'm'}", 8, "a name in quotes is one of version 3"),
            ("m > 5m", 4, "a duration is no number"),
            ("rate(m[300]) > 1", 7, "a number is no duration"),
            ("m offset 300 > 1", 9, "a number is no duration"),
            ("rate(m[1h:300]) > 1", 9, "a number is no duration"),
            ("sum by (\"a\") (m)", 8, "a name in quotes is one of version 3"),
            ("1h30m < m", 0, "a duration is no number"),
            ("m > -(1s)", 6, "a duration is no number"),
            ("m > 1e400", 4, "the number is too large"),
            ("m < -1e+400", 5, "the number is too large"),
            ("m{a='\\xc3\\xbc'}", 4, "an escaped byte above 7f is not supported"),
            ("m{a=\"\\303\\274\"}", 4, "an escaped byte above 7f is not supported"),
            ("m{a=\"\\é\"}", 4, "not valid PromQL: an unknown escape in a string"),
            ("m{a='x', b='\\u12é'}", 11, "not valid PromQL: an unknown escape in a string"),
            ("m{a=\"\\'\"}", 4, "not valid PromQL: an unknown escape in a string"),
        ] {
            assert_eq!(refused(expression), Some((at, message.to_owned())), "{expression}");
        }
    }

    #[test]
    fn version_3_reads_numbers_as_durations_and_the_other_way_round() {
        for expression in
            ["m > 5m", "rate(m[300]) > 1", "m offset -300 > 1", "max_over_time(m[1h:300] @ 2m) > 1"]
        {
            assert!(Query::parse(expression, Compat::V3).is_ok(), "{expression}");
            assert!(refused(expression).is_some(), "{expression}");
        }
        assert!(Query::parse("m > 1e400", Compat::V3).is_err());
    }

    #[test]
    fn files_may_have_names_in_quotes() {
        for expression in [
            "{\"foo.bar\", 'label x'=\"y\"} > 1",
            "sum by (\"a.b\", c) (m)",
            "m + on ('ü') group_left (`x-y`) n",
        ] {
            assert!(Query::parse(expression, Compat::V3).is_ok(), "{expression}");
            assert!(Query::parse(expression, super::Syntax::Files).is_ok(), "{expression}");
        }
        for expression in ["{\"m\", \"\"='1'}", "sum by ('') (m)", "m{'x'='1','x'='2'} > 5m"] {
            assert!(Query::parse(expression, super::Syntax::Files).is_err(), "{expression}");
        }
    }

    #[test]
    fn what_every_version_reads_is_read() {
        for expression in [
            "m{a=\"5m\", b='1e400', c!=`\\t`}",
            "rate(m[5m]) > 1",
            "m OFFSET 1h30m > 1",
            "m offset -5m > 1",
            "max_over_time(m[1h:5m]) > 1",
            "max_over_time(m[1h : 5m]) > 1",
            "max_over_time((m > 1)[1h:]) > m @ 1609746000.5",
            "count_values(\"v\", m) > label_join(m, 'a', '-', 'b', `c`)",
            "m > 0x1F",
            "m > 1e3",
            "m > 1E-3",
            "m > Inf",
            "-Inf < m",
            "m > .5",
            "m{a=\"\\x7f\\177\\u00fc\\\\xff\\\\377\"}",
        ] {
            assert_eq!(refused(expression), None, "{expression}");
        }
    }
}
