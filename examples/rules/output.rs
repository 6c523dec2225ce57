//! How results and failures are shown.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use ms_alerts::Labels;

/// What a command found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Well,
    Refused,
}

/// Why a command has no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Exposition { path: PathBuf, source: ms_alerts::ExpositionError },
    #[error("{expression}: {source}")]
    Expression { expression: String, source: ms_alerts::ExpressionError },
    #[error("{0}")]
    Slo(#[from] ms_alerts::SloError),
    #[error("{text:?} is no time; expected seconds since 1970 or one like 2026-03-02T08:00:00Z")]
    Time { text: String },
    #[error("{0}")]
    Rules(#[from] ms_alerts::RuleFileError),
    #[error("{0}")]
    Build(#[from] ms_alerts::BuildError),
    #[error("{}: a sample has no time; expected milliseconds behind each value", path.display())]
    Untimed { path: PathBuf },
    #[error("the samples span more than a million intervals, or a time that cannot be")]
    Steps,
    #[error("there is no rule {rule:?}; there is {}", names.join(", "))]
    NoRule { rule: String, names: Vec<String> },
    #[error("{url}: {source}")]
    Fetch { url: String, source: io::Error },
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    #[error("cannot write: {0}")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    pub fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub fn is_broken_pipe(&self) -> bool {
        let kind = match self {
            Self::Write(error) => Some(error.kind()),
            Self::Json(error) => error.io_error_kind(),
            _ => None,
        };
        kind == Some(io::ErrorKind::BrokenPipe)
    }
}

/// A word in green or red; plain where nobody sees colours, or wants none.
pub fn verdict(word: &str, good: bool) -> String {
    let plain =
        !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let colour = if good { 32 } else { 31 };
    if plain { word.to_owned() } else { format!("\x1b[{colour}m{word}\x1b[0m") }
}

/// Labels as PromQL writes them: `up{job="a"}`.
pub fn selector(labels: &Labels) -> String {
    let name = labels.get("__name__").unwrap_or_default();
    let others = labels.iter().filter(|(label, _)| *label != "__name__");
    let others: Vec<_> = others.map(|(label, value)| format!("{label}={value:?}")).collect();
    if others.is_empty() && !name.is_empty() {
        name.to_owned()
    } else {
        format!("{name}{{{}}}", others.join(", "))
    }
}

/// A number as Prometheus's API writes it.
pub fn number(value: f64) -> String {
    if value.is_infinite() { if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned() } else { value.to_string() }
}
