//! `analyze latency`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ms_analytics::read::{self, Column, RowError};
use ms_analytics::{PerformanceAnalytics, ResponseTimes};

use crate::input::{self, Failure};
use crate::refusals::Refusals;
use crate::table;

#[derive(Debug, Args)]
pub struct Options {
    /// Files with a column of seconds: CSV, or one number a line; gzip or not; - is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The column of the seconds, by the name in the header; without it the first, with or without a header.
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// Print the figures as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Reads the files and writes the figures; without a single number they are `null`.
pub fn report<W: Write>(options: &Options, refusals: &mut Refusals<W>) -> Result<String, Failure> {
    let column = options.column.clone().map_or(Column::First, Column::Named);
    let mut seconds = Vec::new();
    for file in &options.files {
        let source = input::open(file)?;
        let read = read::numbers(source, &column, |line, row| {
            match row.and_then(|time| positive(line, time, &column)) {
                Ok(time) => seconds.push(time),
                Err(fault) => refusals.row(file, &fault),
            }
        });
        read.map_err(|cause| Failure::new(file, cause))?;
    }
    refusals.sum_up(seconds.len() as u64);
    // The reader gives finite numbers only, so all that can be wrong is that there are none.
    let times = PerformanceAnalytics::analyze_response_times(&seconds).ok();
    Ok(if options.json { json(times) } else { table::latency(seconds.len(), times) })
}

/// No answer comes before its question.
fn positive(line: u64, time: f64, column: &Column) -> Result<f64, RowError> {
    if time >= 0.0 {
        return Ok(time);
    }
    let column = match column {
        Column::Named(name) => Some(name.clone()),
        _ => None,
    };
    Err(RowError::new(line, column, "negative"))
}

fn json(times: Option<ResponseTimes>) -> String {
    let number = |of: fn(ResponseTimes) -> f64| times.map(of);
    table::json(&serde_json::json!({
        "avg_response_time": number(|times| times.avg_response_time),
        "p95_response_time": number(|times| times.p95_response_time),
        "p99_response_time": number(|times| times.p99_response_time),
    }))
}
