//! What came of tests.

use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::Labels;
use crate::expression::Element;
use crate::format::plain;
use crate::rules_file::{RuleFileError, RuleProblem, duration};

/// What came of the tests of a file; made by [`run_rule_tests`](crate::run_rule_tests).
#[derive(Debug)]
#[non_exhaustive]
pub struct RuleTestReport {
    /// The file of the tests.
    pub file: PathBuf,
    /// How many expectations it holds: items of `alert_rule_test` and `promql_expr_test`.
    pub expectations: usize,
    /// The patterns of `rule_files` that no file is named like. They fail nothing, as with promtool.
    pub unmatched: Vec<String>,
    /// What is not as expected, in the order in which it was found; none if all is well.
    pub failures: Vec<RuleTestFailure>,
}

impl RuleTestReport {
    /// Tells whether all is as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Labels and annotations of an alert that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FiringAlert {
    /// The labels, `alertname` among them.
    pub labels: Labels,
    /// The annotations.
    pub annotations: Labels,
}

/// Why a file of tests fails. `test` is the name of the test, if it has one; moments are counted from its beginning.
#[derive(Debug)]
#[non_exhaustive]
pub enum RuleTestFailure {
    /// The file of the tests could not be read.
    Read {
        /// What the system says.
        source: io::Error,
    },
    /// The file of the tests, or a part of it, is wrong or not supported.
    Refused {
        /// What was found; at least one.
        problems: Vec<RuleProblem>,
    },
    /// A rule file was refused.
    Rules {
        /// Why.
        source: RuleFileError,
    },
    /// A rule could not be evaluated, which ends its test.
    Rule {
        /// The test.
        test: Option<String>,
        /// The rule's name.
        rule: String,
        /// When.
        at: Duration,
        /// Why.
        message: String,
    },
    /// Other alerts fire than are expected.
    Alerts {
        /// The test.
        test: Option<String>,
        /// The line of the expectation.
        line: u64,
        /// The name of the alerts.
        alertname: String,
        /// When.
        at: Duration,
        /// Those that are expected and do not fire.
        missing: Vec<FiringAlert>,
        /// Those that fire and are not expected.
        unexpected: Vec<FiringAlert>,
    },
    /// An expression gives something else than is expected.
    Samples {
        /// The test.
        test: Option<String>,
        /// The line of the expectation.
        line: u64,
        /// The expression.
        expression: String,
        /// When.
        at: Duration,
        /// What is expected and not there.
        missing: Vec<Element>,
        /// What is there and not expected.
        unexpected: Vec<Element>,
    },
    /// An expression has no answer, or its expectation cannot be read.
    Expression {
        /// The test.
        test: Option<String>,
        /// The line of the expectation.
        line: u64,
        /// The expression.
        expression: String,
        /// When.
        at: Duration,
        /// Why.
        message: String,
    },
}

/// In lines, each with the line of the file first if it is known.
impl Display for RuleTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { source } => write!(f, "cannot read the file: {source}"),
            Self::Rules { source } => {
                write!(f, "{source}")?;
                std::error::Error::source(source).map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Self::Refused { problems } => {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Rule { test, rule, at, message } => {
                write!(f, "{}rule `{rule}` at {}: {message}", of(test), duration::text(*at))
            }
            Self::Expression { test, line, expression, at, message } => {
                write!(f, "{line}: {}`{expression}` at {}: {message}", of(test), duration::text(*at))
            }
            Self::Alerts { test, line, alertname, at, missing, unexpected } => {
                write!(f, "{line}: {}alert `{alertname}` at {}:", of(test), duration::text(*at))?;
                let show = |f: &mut fmt::Formatter<'_>, what: &str, alert: &FiringAlert| {
                    write!(f, "\n  {what} {}", metric(&alert.labels))?;
                    if alert.annotations.is_empty() {
                        return Ok(());
                    }
                    write!(f, " with {}", metric(&alert.annotations))
                };
                missing.iter().try_for_each(|alert| show(f, MISSING, alert))?;
                unexpected.iter().try_for_each(|alert| show(f, UNEXPECTED, alert))
            }
            Self::Samples { test, line, expression, at, missing, unexpected } => {
                write!(f, "{line}: {}`{expression}` at {}:", of(test), duration::text(*at))?;
                let show = |f: &mut fmt::Formatter<'_>, what: &str, element: &Element| {
                    write!(f, "\n  {what} {} {}", metric(&element.labels), plain(element.value))
                };
                missing.iter().try_for_each(|element| show(f, MISSING, element))?;
                unexpected.iter().try_for_each(|element| show(f, UNEXPECTED, element))
            }
        }
    }
}

const MISSING: &str = "expected, not there:";
const UNEXPECTED: &str = "there, not expected:";

/// As PromQL writes it: `up{job="a"}`.
fn metric(labels: &Labels) -> String {
    let others = labels.iter().filter(|(name, _)| *name != "__name__");
    let others: Vec<String> = others.map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{}{{{}}}", labels.get("__name__").unwrap_or_default(), others.join(", "))
}

fn of(test: &Option<String>) -> String {
    test.as_ref().map(|name| format!("test {name:?}: ")).unwrap_or_default()
}

impl std::error::Error for RuleTestFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source } => Some(source),
            Self::Rules { source } => Some(source),
            _ => None,
        }
    }
}
