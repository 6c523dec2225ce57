//! Proves on the disk at hand that the log loses no line unnoticed.

mod check;
mod flood;

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use ms_logging::{Logging, LoggingGuard, Reason, SinkAccount, WhenFull};

use crate::check::Found;

const FILE: &str = "proof.log";
/// A line of text is about this long.
const LINE_BYTES: u64 = 160;

/// Floods the logger, reads every file back and checks that each line is on disk or counted as dropped.
///
/// To break the disk by hand, give --pause: halfway the threads stand still for so long.
#[derive(Debug, Parser)]
#[command(name = "log_proof", after_help = EXIT_CODES)]
struct Options {
    /// Lines in all.
    #[arg(long, default_value_t = 1_000_000)]
    lines: u64,
    /// Threads that log them.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: u64,
    /// The size at which a file is rotated, in bytes.
    #[arg(long, default_value_t = 10 * 1024 * 1024)]
    max_bytes: u64,
    /// How many rotated files are kept; by default enough for every line.
    #[arg(long)]
    backups: Option<u32>,
    /// What happens when the queue is full.
    #[arg(long, value_enum, default_value = "block")]
    policy: Policy,
    /// Have the disk keep every line that is flushed.
    #[arg(long)]
    durable: bool,
    /// Where the files go; they stay there. By default a new directory for temporary files, which is removed.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Seconds that the threads stand still when half of the lines are logged.
    #[arg(long, default_value_t = 0)]
    pause: u64,
}

const EXIT_CODES: &str = "Exit codes:
  0  the account is exact
  1  it is not
  2  there is no proof: wrong options, the log cannot be opened, or rotation has deleted lines";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Policy {
    /// Callers wait for room: nothing is dropped while the disk works.
    Block,
    /// Lines are dropped and counted.
    Drop,
}

fn main() -> ExitCode {
    let (text, code) = match prove(&Options::parse()) {
        Ok((text, true)) => (text, ExitCode::SUCCESS),
        Ok((text, false)) => (text, ExitCode::from(1)),
        Err(reason) => {
            let _ = writeln!(io::stderr(), "log_proof: {reason}");
            return ExitCode::from(2);
        }
    };
    match io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => code,
        Err(_) => ExitCode::from(2),
    }
}

/// The account as text, and whether it is exact.
fn prove(options: &Options) -> Result<(String, bool), String> {
    let temporary = match &options.dir {
        Some(_) => None,
        None => {
            Some(tempfile::tempdir().map_err(|error| format!("no directory for temporary files: {error}"))?)
        }
    };
    let directory = options.dir.as_deref().or(temporary.as_ref().map(tempfile::TempDir::path));
    let directory = directory.ok_or("no directory")?;
    let path = directory.join(FILE);
    if path.exists() {
        return Err(format!("{} exists already", path.display()));
    }
    let log = install(options, path.clone())?;
    let started = Instant::now();
    flood::run(options.lines, options.threads, Duration::from_secs(options.pause));
    let flooded = started.elapsed();
    log.shutdown(Duration::from_secs(600));
    let took = started.elapsed();
    let account = *log.accounts().first().ok_or("the logger has no file")?;
    let found = check::read(&path, options.threads).map_err(|error| error.to_string())?;
    if found.on_disk < account.written() && found.files > u64::from(backups(options)) {
        let deleted = account.written() - found.on_disk;
        return Err(format!("rotation has deleted {deleted} lines: give more --backups"));
    }
    let text = describe(options, &account, &found, flooded, took);
    Ok((text, found.is_sound() && is_exact(options.lines, &account, &found)))
}

fn install(options: &Options, path: PathBuf) -> Result<LoggingGuard, String> {
    let policy = match options.policy {
        Policy::Block => WhenFull::Block(Duration::from_secs(60)),
        Policy::Drop => WhenFull::Drop,
    };
    let log = Logging::builder()
        .file(path)
        .console(false)
        .rust_log(false)
        .max_bytes(options.max_bytes)
        .backups(backups(options))
        .when_full(policy)
        .durable(options.durable)
        .install();
    log.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    })
}

fn backups(options: &Options) -> u32 {
    let enough = options.lines.saturating_mul(LINE_BYTES) / options.max_bytes.max(1) + 10;
    options.backups.unwrap_or(u32::try_from(enough.min(1_000_000)).unwrap_or(u32::MAX))
}

fn is_exact(lines: u64, account: &SinkAccount, found: &Found) -> bool {
    lines == account.passed()
        && found.on_disk == account.written()
        && lines == found.on_disk + account.dropped_total()
        && account.queued() == 0
}

fn describe(
    options: &Options,
    account: &SinkAccount,
    found: &Found,
    flooded: Duration,
    took: Duration,
) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        // A string takes everything.
        let _ = writeln!(text, "{name:<12}{value}");
    };
    let rate = options.lines as f64 / took.as_secs_f64().max(1e-9);
    row(
        "logged",
        format!(
            "{} lines by {} threads in {:.2} s, on disk after {:.2} s ({rate:.0} lines/s)",
            options.lines,
            options.threads,
            flooded.as_secs_f64(),
            took.as_secs_f64()
        ),
    );
    row("passed", account.passed().to_string());
    row("written", account.written().to_string());
    let reasons = [
        Reason::QueueFull,
        Reason::IoError,
        Reason::ShutdownTimeout,
        Reason::AfterShutdown,
        Reason::RateLimited,
        Reason::Sampled,
    ];
    let dropped: Vec<String> =
        reasons.iter().map(|reason| format!("{} {}", reason.as_str(), account.dropped(*reason))).collect();
    row("dropped", format!("{} ({})", account.dropped_total(), dropped.join(", ")));
    row("told", format!("{} lost lines, in {} lines of the log itself", found.told, found.loss_lines));
    row(
        "on disk",
        format!("{} in {} files, the largest of {} bytes", found.on_disk, found.files, found.largest),
    );
    row("torn", found.torn.to_string());
    row("twice", found.twice.to_string());
    row("disordered", found.disordered.to_string());
    let verdict = if found.is_sound() && is_exact(options.lines, account, found) {
        "logged = on disk + dropped"
    } else {
        "THE ACCOUNT IS WRONG"
    };
    row("proof", verdict.to_owned());
    text
}
