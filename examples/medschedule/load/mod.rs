//! Sends requests at a fixed rate, whatever the answers do, and tells how long they took.
//!
//! The load is open: arrivals come by the clock, and a latency runs from the moment a request was due. A service that
//! stalls is charged for all who wait meanwhile, where a closed loop would politely ask less (coordinated omission).

mod arrivals;
mod connections;
mod journey;
mod mix;
mod progress;
mod report;
mod run;
mod tally;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use clap::Args;

pub use self::connections::Target;
pub use self::journey::Staff;
pub use self::mix::{Kind, Mix, MixError};
pub use self::report::{Figures, KindReport, Report};
pub use self::run::{LoadError, Run};
use crate::config::Config;

/// How much load, and for how long.
#[derive(Args, Clone, Debug, PartialEq)]
#[command(next_help_heading = "Load")]
pub struct Options {
    /// Where the service listens; without it, where --listen says.
    #[arg(long, value_name = "URL")]
    pub url: Option<Uri>,

    /// Requests a second, 0.1 to 100000.
    #[arg(long, value_name = "NUMBER", default_value = "50", value_parser = rate)]
    pub rate: f64,

    /// Seconds during which requests are due.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = some_time)]
    pub duration: Duration,

    /// Shares of the requests: list, report, plan, cancel, sign-in, sign-out and health.
    #[arg(long, value_name = "KIND=SHARE,…", default_value_t)]
    pub mix: Mix,

    /// The same number gives the same requests in the same order.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    pub random_seed: u64,

    /// Connections at once, at most. Requests that are due while all are busy wait, and their latency counts on.
    #[arg(long, value_name = "NUMBER", default_value = "64")]
    pub connections: NonZeroUsize,

    /// Seconds after which an answer is no longer waited for.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = some_time)]
    pub timeout: Duration,

    /// The report as JSON, durations in seconds.
    #[arg(long)]
    pub json: bool,

    /// Latencies of each second and kind, in HdrHistogram's interval log format.
    #[arg(long, value_name = "FILE")]
    pub hlog: Option<PathBuf>,
}

/// Runs the load that the flags describe, tells on a terminal how far it is, and writes the report to `out`.
///
/// Ends early at Ctrl-C, with the report of what there was.
///
/// # Errors
///
/// [`LoadError`]; a report is written only where requests were sent.
pub async fn command(config: &Config, options: &Options, out: &mut impl Write) -> Result<(), LoadError> {
    let target = Target::new(config, options)?;
    let log = match &options.hlog {
        None => None,
        Some(path) => {
            let file = File::create(path);
            Some(BufWriter::new(file.map_err(|source| LoadError::Write { path: path.clone(), source })?))
        }
    };
    let interrupted = async {
        // Without a handler Ctrl-C ends the process, as it does everywhere.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let mut run = Run::new(target, options.clone());
    if let Some(file) = log {
        run = run.log(Box::new(file));
    }
    let report = run.until(interrupted, progress::line(options.duration)).await?;
    write(&report, options.json, out).map_err(LoadError::Report)
}

fn write(report: &Report, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        serde_json::to_writer_pretty(&mut *out, report)?;
        writeln!(out)
    } else {
        write!(out, "{report}")
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("`{text}` is not a number"))?;
    if (0.1..=100_000.0).contains(&rate) { Ok(rate) } else { Err("not from 0.1 to 100000".into()) }
}

/// A day at most, which keeps every latency within its histogram.
fn some_time(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("`{text}` is not a number of seconds"))?;
    if (0.001..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("not from 0.001 to 86400".into())
    }
}
