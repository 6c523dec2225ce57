//! What can be wrong with a file of routes.

use std::fmt;
use std::io;

use crate::rules_file::RuleProblem;

/// Why a file of routes was refused, whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum RouteFileError {
    /// The file could not be read.
    Read {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// Something in the file is wrong or not supported.
    Refused {
        /// The file.
        file: String,
        /// Everything that was found, in the order of the file; at least one.
        problems: Vec<RuleProblem>,
    },
}

impl RouteFileError {
    /// Gives what was found in the file; nothing if it could not be read.
    pub fn problems(&self) -> &[RuleProblem] {
        match self {
            Self::Read { .. } => &[],
            Self::Refused { problems, .. } => problems,
        }
    }
}

impl fmt::Display for RouteFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { file, .. } => write!(f, "cannot read file of routes {file}"),
            Self::Refused { file, problems } => {
                let lines: Vec<_> = problems.iter().map(|problem| format!("{file}:{problem}")).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

impl std::error::Error for RouteFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            Self::Refused { .. } => None,
        }
    }
}
