//! `rules test`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ms_alerts::{RuleTestFailure, RuleTestReport, run_rule_tests};
use serde_json::{Value, json};

use crate::Version;
use crate::output::{Failure, Outcome, verdict};

#[derive(Debug, Args)]
pub struct Options {
    /// Files of tests, in the format of `promtool test rules`.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The version of Prometheus that the rules are tested for.
    #[arg(long, value_enum, default_value = "3")]
    compat: Version,
    /// Print JSON instead of lines.
    #[arg(long)]
    json: bool,
}

/// Runs the tests of every file, whatever fails in the others.
pub fn run(options: &Options, out: &mut impl Write) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::Well;
    let mut reports = Vec::new();
    for path in &options.files {
        let report = run_rule_tests(path, options.compat.into());
        if !report.passed() {
            outcome = Outcome::Refused;
        }
        if options.json {
            reports.push(json(&report));
        } else {
            tell(out, &report)?;
        }
    }
    if options.json {
        serde_json::to_writer_pretty(&mut *out, &reports)?;
        writeln!(out)?;
    }
    Ok(outcome)
}

fn tell(out: &mut impl Write, report: &RuleTestReport) -> Result<(), Failure> {
    writeln!(out, "Testing {}", report.file.display())?;
    for pattern in &report.unmatched {
        writeln!(out, "  WARNING: no rule file is named like {pattern}")?;
    }
    let expectations = report.expectations;
    if report.passed() {
        writeln!(out, "  {}: {expectations} expectations met\n", verdict("SUCCESS", true))?;
        return Ok(());
    }
    writeln!(out, "  {}:", verdict("FAILED", false))?;
    for failure in &report.failures {
        let text = match failure {
            // Those of rule files name their own.
            RuleTestFailure::Rules { .. } => failure.to_string(),
            _ => located(report, failure),
        };
        writeln!(out, "{text}")?;
    }
    writeln!(out)?;
    Ok(())
}

/// The file stands before each line that begins with a number.
fn located(report: &RuleTestReport, failure: &RuleTestFailure) -> String {
    let file = report.file.display();
    let text = failure.to_string();
    let lines = text.lines().map(|line| match line.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("{file}:{line}"),
        false => line.to_owned(),
    });
    let mut lines: Vec<String> = lines.collect();
    if let Some(first) = lines.first_mut().filter(|first| !first.starts_with(&file.to_string())) {
        first.insert_str(0, &format!("{file}: "));
    }
    lines.join("\n")
}

fn json(report: &RuleTestReport) -> Value {
    let failure = |failure: &RuleTestFailure| json!({"kind": kind(failure), "line": line(failure), "message": failure.to_string()});
    json!({
        "file": report.file.display().to_string(),
        "ok": report.passed(),
        "expectations": report.expectations,
        "unmatched": report.unmatched,
        "failures": report.failures.iter().map(failure).collect::<Vec<_>>(),
    })
}

fn kind(failure: &RuleTestFailure) -> &'static str {
    match failure {
        RuleTestFailure::Rule { .. } => "rule",
        RuleTestFailure::Alerts { .. } => "alerts",
        RuleTestFailure::Samples { .. } => "samples",
        RuleTestFailure::Expression { .. } => "expression",
        _ => "file",
    }
}

fn line(failure: &RuleTestFailure) -> Option<u64> {
    match failure {
        RuleTestFailure::Alerts { line, .. }
        | RuleTestFailure::Samples { line, .. }
        | RuleTestFailure::Expression { line, .. } => Some(*line),
        RuleTestFailure::Refused { problems } => problems.first().map(|problem| problem.line()),
        _ => None,
    }
}
