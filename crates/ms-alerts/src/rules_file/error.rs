//! What can be wrong with a rule file.

use std::fmt;
use std::io;

/// Why a rule file was refused. No rule of it is loaded.
#[derive(Debug)]
#[non_exhaustive]
pub enum RuleFileError {
    /// The file could not be read.
    Read {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A pattern for files cannot be read.
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// No file is named like a pattern.
    NoFile {
        /// The pattern.
        pattern: String,
    },
    /// The runtime ended before the files were read again.
    Stopped,
    /// A condition reloads the rules that it belongs to, while it is evaluated.
    Evaluating,
    /// Something in the file is wrong or not supported.
    Refused {
        /// The file.
        file: String,
        /// Everything that was found, in the order of the file; at least one.
        problems: Vec<RuleProblem>,
    },
}

/// One thing that is wrong in a file of rules, or of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    line: u64,
    column: u64,
    rule: Option<String>,
    message: String,
}

impl RuleFileError {
    pub(super) fn refused(file: &str, mut problems: Vec<RuleProblem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self::Refused { file: file.to_owned(), problems }
    }

    /// Gives what was found in the file; nothing if none could be read.
    pub fn problems(&self) -> &[RuleProblem] {
        match self {
            Self::Read { .. }
            | Self::Pattern { .. }
            | Self::NoFile { .. }
            | Self::Stopped
            | Self::Evaluating => &[],
            Self::Refused { problems, .. } => problems,
        }
    }
}

impl RuleProblem {
    pub(crate) fn new(line: u64, column: u64, rule: Option<String>, message: String) -> Self {
        Self { line, column, rule, message }
    }

    /// Gives the line, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Gives the column in characters, counted from 1.
    pub fn column(&self) -> u64 {
        self.column
    }

    /// Gives the rule's name, if it is known.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Says what is wrong and what was expected.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule `{rule}`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for RuleFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { file, .. } => write!(f, "cannot read rule file {file}"),
            Self::Pattern { pattern, .. } => write!(f, "{pattern} is not a pattern for rule files"),
            Self::Stopped => f.write_str("the runtime ended before the rule files were read"),
            Self::Evaluating => f.write_str("a condition cannot reload the rules that it belongs to"),
            Self::NoFile { pattern } => write!(f, "no rule file is named like {pattern}"),
            Self::Refused { file, problems } => {
                for (count, problem) in problems.iter().enumerate() {
                    let separator = if count == 0 { "" } else { "\n" };
                    write!(f, "{separator}{file}:{problem}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for RuleFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Pattern { source, .. } => Some(source.as_ref()),
            Self::NoFile { .. } | Self::Stopped | Self::Evaluating | Self::Refused { .. } => None,
        }
    }
}
