//! Takes secrets and personal data out of logs that exist already: from stdin to stdout, by the rules of ms-logging.

mod input;
mod line;
mod report;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use ms_logging::Redactor;

use crate::input::{Input, Piece};
use crate::line::Scrubber;
use crate::report::Report;

/// Takes secrets and personal data out of lines, from standard input to standard output.
///
/// Identity numbers, telephones, e-mail addresses, accounts, cards, tokens, passwords, and the values of fields that are
/// named for such become `[redacted]`; every other byte stays, whatever its encoding, line ends included.
#[derive(Debug, Parser)]
#[command(name = "redact", after_help = EXIT_CODES)]
struct Options {
    /// Writes how much of each kind was found to standard error, at the end.
    #[arg(long)]
    report: bool,
    /// Writes, instead of each line, a JSON array of what is in it: {"kind","start","end"}, places in bytes of the line, the
    /// end exclusive.
    #[arg(long)]
    spans: bool,
}

const EXIT_CODES: &str = "Exit codes:
  0  every line was read and written, or the reader of the output has seen enough
  2  wrong options, or standard input or output failed";

fn main() -> ExitCode {
    let options = Options::parse();
    let mut report = Report::default();
    match scrub(&options, &mut report) {
        // `redact | head` is no failure.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr(), "redact: {error}");
            ExitCode::from(2)
        }
        _ => {
            if options.report {
                // Nobody is left to tell that standard error is closed.
                let _ = write!(io::stderr(), "{report}");
            }
            ExitCode::SUCCESS
        }
    }
}

fn scrub(options: &Options, report: &mut Report) -> io::Result<()> {
    let redactor = Redactor::default();
    let mut scrubber = Scrubber::new(&redactor, options.spans);
    let mut input = Input::new(io::stdin().lock());
    let mut out = io::stdout().lock();
    let mut written = Vec::new();
    while input.fill()? {
        while let Some(piece) = input.next() {
            match piece {
                Piece::Line { text, end } => scrubber.line(text, end, &mut written, report),
                Piece::Part(text) => {
                    let used = scrubber.part(text, &mut written, report);
                    input.keep_from(used);
                }
            }
        }
        // Before the next read may wait, so that `tail -f | redact` shows each line at once.
        out.write_all(&written)?;
        out.flush()?;
        written.clear();
    }
    Ok(())
}
