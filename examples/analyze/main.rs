//! Reports from files of shifts and response times, without the service.

mod analyses;
mod compare;
mod dialect;
mod export;
mod input;
mod latency;
mod page;
mod parquet;
mod progress;
mod refusals;
mod rules;
mod sample;
mod shifts;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::progress::Progress;
use crate::refusals::Refusals;

/// Analyses rosters and response times.
///
/// Rows that are refused are told of on standard error, as FILE:LINE: COLUMN: REASON; the report is about the others.
#[derive(Debug, Parser)]
#[command(name = "analyze", after_help = EXIT_CODES)]
struct Options {
    #[command(subcommand)]
    analysis: Analysis,
}

const EXIT_CODES: &str = "Exit codes:
  0  every row was used
  1  there is a report, but some rows were refused
  2  there is no report: wrong options, or a file cannot be read as what it should be";

#[derive(Debug, Subcommand)]
enum Analysis {
    /// Reports on rosters: shifts by department, conflicts, rest, weekly hours, nights, working-time rules.
    Shifts(Box<shifts::Options>),
    /// Gives mean, deviation and percentiles of response times, as numpy computes them, or what an HdrHistogram log holds.
    Latency(latency::Options),
    /// Sets the response times of two files side by side, percentile by percentile.
    Compare(compare::Options),
}

fn main() -> ExitCode {
    let progress = Progress::on_terminal();
    let mut refusals = Refusals::new(io::stderr().lock(), progress.clone());
    let report = match Options::parse().analysis {
        Analysis::Shifts(options) => shifts::report(&options, &mut refusals),
        Analysis::Latency(options) => latency::report(&options, &mut refusals),
        Analysis::Compare(options) => compare::report(&options, &mut refusals),
    };
    progress.clear();
    let text = match report {
        Ok(text) => text,
        Err(failure) => {
            refusals.tell(&failure);
            return ExitCode::from(2);
        }
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // `analyze … | head` is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            refusals.tell(&error);
            ExitCode::from(2)
        }
        _ if refusals.count() == 0 => ExitCode::SUCCESS,
        _ => ExitCode::from(1),
    }
}
