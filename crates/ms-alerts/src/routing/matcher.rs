//! Matchers of labels, in Alertmanager's own syntax.

use std::fmt;

use ::regex::Regex;

use crate::labels::Labels;
use crate::promql::regex;

/// What one label of an alert must be; a label that an alert does not have is empty.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    name: String,
    kind: Kind,
    /// As Alertmanager shows it.
    value: String,
    /// Of the kinds that have an expression.
    pattern: Option<Regex>,
}

/// In Alertmanager's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Equal,
    NotEqual,
    Matches,
    MatchesNot,
}

/// The signs, the longer of two that begin alike first.
const SIGNS: [&str; 4] = ["=~", "!=", "!~", "="];

impl Matcher {
    pub(crate) fn new(name: &str, kind: Kind, value: &str) -> Result<Self, String> {
        let is_expression = matches!(kind, Kind::Matches | Kind::MatchesNot);
        let pattern = is_expression.then(|| compile(value)).transpose()?;
        Ok(Self { name: name.to_owned(), kind, value: value.to_owned(), pattern })
    }

    /// One of `match_re`, which Alertmanager shows as it anchors it.
    pub(super) fn anchored(name: &str, pattern: &str) -> Result<Self, String> {
        let value = format!("^(?:{pattern})$");
        Ok(Self { value, ..Self::new(name, Kind::Matches, pattern)? })
    }

    /// Reads a list as `{a="b", c=~"d|e"}`; the braces may be left out.
    pub(crate) fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let text = text.strip_prefix('{').unwrap_or(text);
        let text = text.strip_suffix('}').unwrap_or(text);
        split(text).into_iter().map(Self::parse).collect()
    }

    fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("{text:?} is no matcher; expected one like `name=\"value\"` or `name=~\"a|b\"`");
        let rest = text.trim_start_matches(is_space);
        let (name, rest) = rest.split_at(rest.find(|c| !is_name(c)).ok_or_else(bad)?);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(bad());
        }
        let rest = rest.trim_start_matches(is_space);
        let (sign, value) =
            SIGNS.iter().find_map(|sign| Some((*sign, rest.strip_prefix(sign)?))).ok_or_else(bad)?;
        let value = unquote(value.trim_matches(is_space))
            .ok_or_else(|| format!("{text:?} has a double quote that is not escaped"))?;
        let kind = match sign {
            "=" => Kind::Equal,
            "!=" => Kind::NotEqual,
            "=~" => Kind::Matches,
            _ => Kind::MatchesNot,
        };
        Self::new(name, kind, &value)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }

    pub(crate) fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.name).unwrap_or_default();
        let holds = self.pattern.as_ref().map_or(value == self.value, |pattern| pattern.is_match(value));
        holds == matches!(self.kind, Kind::Equal | Kind::Matches)
    }
}

/// As Alertmanager writes it.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            Kind::Equal => "=",
            Kind::NotEqual => "!=",
            Kind::Matches => "=~",
            Kind::MatchesNot => "!~",
        };
        let value = self.value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        write!(f, "{}{sign}\"{value}\"", self.name)
    }
}

/// Whether labels meet all; they meet none at all too.
pub(crate) fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

fn compile(pattern: &str) -> Result<Regex, String> {
    // Unlike that of Prometheus 3 a dot of Alertmanager matches no line break.
    regex::compile_lines(pattern).map_err(|problem| format!("regular expression {pattern:?}: {problem}"))
}

/// The white space of Go's expressions.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':')
}

/// Splits at commas outside double quotes. Nothing behind the last comma is no matcher.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            ',' if !quoted => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' => escaped = !escaped,
            ',' => {}
            _ => escaped = false,
        }
    }
    parts.extend(text.get(start..).map(str::trim).filter(|last| !last.is_empty()));
    parts
}

/// Reads a value with or without quotes. A backslash that escapes nothing is one.
fn unquote(text: &str) -> Option<String> {
    let (mut rest, mut open) = (text, false);
    if let Some(behind) = text.strip_prefix('"') {
        (rest, open) = (behind, true);
    }
    let mut value = String::with_capacity(rest.len());
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                other => {
                    value.push('\\');
                    value.extend(other);
                }
            },
            '"' if open && characters.as_str().is_empty() => open = false,
            '"' => return None,
            plain => value.push(plain),
        }
    }
    (!open).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, value: &str) -> bool {
        let matchers = Matcher::parse_list(text).unwrap_or_else(|problem| panic!("{problem}"));
        all_match(&matchers, &Labels::from_iter([("a", value)]))
    }

    #[test]
    fn signs_and_values_are_read_as_alertmanager_reads_them() {
        for (text, yes, no) in [
            ("a=x", "x", "y"),
            ("a = \"x\"", "x", ""),
            ("{a!=x}", "", "x"),
            ("a=~x|y", "y", "xy"),
            ("a!~\"x.*\"", "y", "xy"),
            ("a=", "", "x"),
            ("a=\"\"", "", "x"),
            ("a=\"x,y\"", "x,y", "x"),
            ("a=\"x\\\"y\"", "x\"y", "xy"),
            ("a=\"\\\\\\n\"", "\\\n", "\\n"),
            ("a=\\d", "\\d", "d"),
            ("a=x\\", "x\\", "x"),
            (" a =~ \"x\\\\d\" , ", "x1", "xd"),
            ("a=~x,a!=~y", "x", "~y"),
        ] {
            assert!(one(text, yes), "{text} and {yes:?}");
            assert!(!one(text, no), "{text} and {no:?}");
        }
    }

    #[test]
    fn a_dot_matches_no_line_break() {
        assert!(!one("a=~x.y", "x\ny") && one("a=~\"x\ny\"", "x\ny"));
    }

    #[test]
    fn no_matchers_match_all() {
        assert!(one("", "x") && one("{}", "") && one("  ", ""));
    }

    #[test]
    fn what_is_no_matcher_is_told() {
        for text in ["a", "=x", "1a=x", "a-b=x", "a=~(", ",", "a=x,,b=y", "a=\"x", "a=x\"", "a=x\"y", "ä=x"]
        {
            let problem = Matcher::parse_list(text).map(|_| ()).unwrap_err();
            assert!(!problem.is_empty(), "{text}");
        }
    }
}
