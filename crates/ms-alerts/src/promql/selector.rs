//! Selectors: a name and label matchers.

use std::fmt;

use ::regex::Regex;
use promql_parser::label::{MatchOp, Matcher as Parsed};

use super::regex;

/// Which series are meant.
#[derive(Debug)]
pub(super) struct Selector {
    name: Option<String>,
    matchers: Vec<Matcher>,
}

/// A label, and what it must be.
#[derive(Debug)]
pub(super) struct Matcher {
    label: String,
    test: Test,
    /// The value as it is written.
    written: String,
}

#[derive(Debug)]
enum Test {
    Equal(String),
    NotEqual(String),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Selector {
    /// The error names the label at fault and says why.
    pub(super) fn new(name: Option<&str>, parsed: &[Parsed]) -> Result<Self, (String, String)> {
        let mut name = name.map(str::to_owned);
        let mut matchers = Vec::new();
        for matcher in parsed {
            let pattern = || {
                regex::compile(&matcher.value).map_err(|why| {
                    (matcher.name.clone(), format!("regular expression of `{}`: {why}", matcher.name))
                })
            };
            let test = match matcher.op {
                // Finding series by their name is quicker than comparing it with each.
                MatchOp::Equal if matcher.name == "__name__" && name.is_none() => {
                    name = Some(matcher.value.clone());
                    continue;
                }
                MatchOp::Equal => Test::Equal(matcher.value.clone()),
                MatchOp::NotEqual => Test::NotEqual(matcher.value.clone()),
                MatchOp::Re(_) => Test::Matches(pattern()?),
                MatchOp::NotRe(_) => Test::MatchesNot(pattern()?),
            };
            matchers.push(Matcher { label: matcher.name.clone(), test, written: matcher.value.clone() });
        }
        Ok(Self { name, matchers })
    }

    /// The name of the metric, if there is only one it can be.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Tells whether labels match, of which `label` gives each by its name; the metric's name is looked up, not compared.
    pub(super) fn matches<'v>(&self, label: impl Fn(&str) -> &'v str) -> bool {
        self.matchers.iter().all(|matcher| matcher.takes(label(&matcher.label)))
    }

    pub(super) fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }
}

impl Matcher {
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    pub(super) fn takes(&self, value: &str) -> bool {
        match &self.test {
            Test::Equal(wanted) => value == wanted,
            Test::NotEqual(unwanted) => value != unwanted,
            Test::Matches(pattern) => pattern.is_match(value),
            Test::MatchesNot(pattern) => !pattern.is_match(value),
        }
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match &self.test {
            Test::Equal(_) => "=",
            Test::NotEqual(_) => "!=",
            Test::Matches(_) => "=~",
            Test::MatchesNot(_) => "!~",
        };
        write!(f, "{}{sign}{:?}", self.label, self.written)
    }
}
