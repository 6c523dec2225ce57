//! What the parser takes, and a Prometheus server refuses or reads otherwise.
//!
//! The parser follows Prometheus 3; rules here load wherever they are taken to, so what version 2 refuses is refused.

use super::load::Refused;
use super::tokens::{Token, tokens};

/// Checks an expression that the parser has taken.
pub(super) fn check(expression: &str) -> Result<(), Refused> {
    let mut before = "";
    for token in tokens(expression) {
        if let Some(problem) = problem(token, before) {
            return Err(Refused { at: token.at, message: problem.to_owned() });
        }
        before = token.text;
    }
    Ok(())
}

fn problem(token: Token<'_>, before: &str) -> Option<&'static str> {
    match token.text.chars().next()? {
        '"' | '\'' | '`' if !matches!(before, "=" | "!=" | "=~" | "!~") => {
            Some("a name in quotes is not supported")
        }
        '"' | '\'' if has_high_byte(token.text) => Some("an escaped byte above 7f is not supported"),
        '0'..='9' | '.' if before == "[" || before.eq_ignore_ascii_case("offset") => {
            (!is_duration(token.text)).then_some("a number is no duration")
        }
        '0'..='9' | '.' if is_duration(token.text) => Some("a duration is no number"),
        '0'..='9' | '.' if token.text.parse().is_ok_and(f64::is_infinite) => Some("the number is too large"),
        _ => None,
    }
}

fn is_duration(number: &str) -> bool {
    let is_hexadecimal = number.starts_with("0x") || number.starts_with("0X");
    !is_hexadecimal && number.contains(|c: char| c.is_ascii_alphabetic() && !c.eq_ignore_ascii_case(&'e'))
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
    use super::super::Query;

    fn refused(expression: &str) -> Option<(usize, String)> {
        Query::parse(expression).err().map(|refused| (refused.at, refused.message))
    }

    #[test]
    fn what_only_prometheus_3_reads_is_refused_where_it_stands() {
        for (expression, at, message) in [
            ("m{\"a\"=\"b\"}", 2, "a name in quotes is not supported"),
            ("{\"m\"} > 1", 1, "a name in quotes is not supported"),
            ("{a='b', 'm'}", 8, "a name in quotes is not supported"),
            ("m > 5m", 4, "a duration is no number"),
            ("rate(m[300]) > 1", 7, "a number is no duration"),
            ("m offset 300 > 1", 9, "a number is no duration"),
            ("1h30m < m", 0, "a duration is no number"),
            ("m > -(1s)", 6, "a duration is no number"),
            ("m > 1e400", 4, "the number is too large"),
            ("m < -1e+400", 5, "the number is too large"),
            ("m{a='\\xc3\\xbc'}", 4, "an escaped byte above 7f is not supported"),
            ("m{a=\"\\303\\274\"}", 4, "an escaped byte above 7f is not supported"),
        ] {
            assert_eq!(refused(expression), Some((at, message.to_owned())), "{expression}");
        }
    }

    #[test]
    fn what_every_version_reads_is_read() {
        for expression in [
            "m{a=\"5m\", b='1e400', c!=`\\t`}",
            "rate(m[5m]) > 1",
            "m OFFSET 1h30m > 1",
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
