//! `rules check`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use ms_alerts::{AlertManager, RuleFileError};
use serde_json::{Value, json};

use crate::output::{Failure, Outcome, verdict};

#[derive(Debug, Args)]
pub struct Options {
    /// Rule files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print JSON instead of lines.
    #[arg(long)]
    json: bool,
}

/// Checks every file, whatever is wrong with the others.
pub fn run(options: &Options, out: &mut impl Write) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Well;
    let mut reports = Vec::new();
    for path in &options.files {
        let found = count(path);
        if found.is_err() {
            outcome = Outcome::Refused;
        }
        if options.json {
            reports.push(report(path, &found));
        } else {
            tell(out, path, &found)?;
        }
    }
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &reports)?;
        writeln!(out)?;
    }
    Ok(outcome)
}

/// The number of rules in a file.
fn count(path: &Path) -> Result<usize, String> {
    let builder = AlertManager::builder().rules_file(path).map_err(|error| shown(&error))?;
    builder.build().map(|manager| manager.rules().len()).map_err(|error| error.to_string())
}

fn shown(error: &RuleFileError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn tell(out: &mut impl Write, path: &Path, found: &Result<usize, String>) -> io::Result<()> {
    writeln!(out, "Checking {}", path.display())?;
    match found {
        Ok(rules) => writeln!(out, "  {}: {rules} rules found\n", verdict("SUCCESS", true)),
        Err(problems) => {
            writeln!(out, "  {}:", verdict("FAILED", false))?;
            writeln!(out, "{problems}\n")
        }
    }
}

fn report(path: &Path, found: &Result<usize, String>) -> Value {
    let problems: Vec<&str> = found.as_ref().err().map(|text| text.lines().collect()).unwrap_or_default();
    json!({
        "file": path.display().to_string(),
        "ok": found.is_ok(),
        "rules": found.as_ref().ok(),
        "problems": problems,
    })
}
