//! Rule files and expressions at the command line, without a server.

mod check;
mod eval;
mod explain;
mod exposition;
mod output;
mod replay;
mod slo;
mod test;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use ms_alerts::Compat;

use crate::output::{Failure, Outcome};

/// Checks and tests rule files, evaluates expressions, replays what was recorded, writes service level objectives as rules.
#[derive(Debug, Parser)]
#[command(name = "rules", after_help = EXIT_CODES)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes, as promtool's:
  0  all is well
  1  a file, an expression or an option was refused, or a test failed";

#[derive(Debug, Subcommand)]
enum Command {
    /// Tells which rule files are valid, and what is wrong with the others.
    Check(check::Options),
    /// Evaluates an expression over an exposition.
    Eval(eval::Options),
    /// Tells why a rule does or does not fire, part by part, and which rules find no series.
    Explain(explain::Options),
    /// Tells what would have fired over recorded samples, and when.
    Replay(replay::Options),
    /// Writes a service level objective as a rule file.
    Slo(slo::Options),
    /// Runs unit tests of rules, with the verdict of promtool.
    Test(test::Options),
}

/// The version of Prometheus whose answers are given.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Version {
    #[value(name = "3")]
    V3,
    #[value(name = "2.42")]
    V2_42,
}

impl From<Version> for Compat {
    fn from(version: Version) -> Self {
        match version {
            Version::V3 => Self::V3,
            Version::V2_42 => Self::V2_42,
        }
    }
}

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(usage) => {
            // Nobody is left to tell that the terminal has gone.
            let _ = usage.print();
            return if usage.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let mut out = io::stdout().lock();
    let outcome = match &options.command {
        Command::Check(options) => check::run(options, &mut out),
        Command::Eval(options) => eval::run(options, &mut out),
        Command::Explain(options) => explain::run(options, &mut out),
        Command::Replay(options) => replay::run(options, &mut out),
        Command::Slo(options) => slo::run(options, &mut out),
        Command::Test(options) => test::run(options, &mut out),
    };
    match outcome.and_then(|outcome| out.flush().map(|()| outcome).map_err(Failure::from)) {
        Ok(Outcome::Well) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::FAILURE,
        // `rules … | head` is no failure.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "rules: {failure}");
            ExitCode::FAILURE
        }
    }
}
