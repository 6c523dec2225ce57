//! Response times out of files of several kinds.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ms_analytics::hdr::LogAnalytics;
use ms_analytics::read::{self, Column, RowError};

use crate::input::{self, Failure};
use crate::refusals::Refusals;

/// How response times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A column of seconds: CSV, or one number a line.
    Csv,
    /// An interval log of HdrHistogram, encoding V2.
    Hlog,
    /// An access log that tells each request's time: nginx, JSON Lines or name=value.
    AccessLog,
}

#[derive(Debug, Args)]
#[group(id = "sample")]
pub struct Options {
    /// How the files are written; without it, files that end in .hlog or .hlog.gz are interval logs and others CSV.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The column of the seconds, by the name in the header; without it the first, with or without a header.
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
}

/// What a file held.
#[derive(Debug)]
pub enum Sample {
    Seconds(Vec<f64>),
    /// In the unit of the log.
    Intervals(LogAnalytics),
}

impl Sample {
    pub fn len(&self) -> u64 {
        match self {
            Self::Seconds(seconds) => seconds.len() as u64,
            Self::Intervals(intervals) => intervals.intervals(),
        }
    }
}

/// Reads files, all of one kind.
pub fn read<W: Write>(
    options: &Options,
    files: &[PathBuf],
    refusals: &mut Refusals<W>,
) -> Result<Sample, Failure> {
    let format = options.format.unwrap_or_else(|| {
        let is_log = |file: &PathBuf| file.to_string_lossy().trim_end_matches(".gz").ends_with(".hlog");
        if files.iter().any(is_log) { Format::Hlog } else { Format::Csv }
    });
    let (mut seconds, mut intervals) = (Vec::new(), LogAnalytics::default());
    for file in files {
        let source = input::open(file)?;
        let read = match format {
            Format::Csv => {
                let column = options.column.clone().map_or(Column::First, Column::Named);
                read::numbers(source, &column, |line, row| {
                    take(row.and_then(|time| positive(line, time, &column)), &mut seconds, file, refusals);
                })
            }
            Format::AccessLog => read::access_log(source, |_, row| take(row, &mut seconds, file, refusals)),
            Format::Hlog => read::hlog(source, |_, row| match row {
                Ok(interval) => intervals.add(&interval),
                Err(fault) => refusals.row(file, &fault),
            }),
        };
        read.map_err(|cause| Failure::new(file, cause))?;
    }
    Ok(if format == Format::Hlog { Sample::Intervals(intervals) } else { Sample::Seconds(seconds) })
}

fn take<W: Write>(
    row: Result<f64, RowError>,
    seconds: &mut Vec<f64>,
    file: &Path,
    refusals: &mut Refusals<W>,
) {
    match row {
        Ok(time) => seconds.push(time),
        Err(fault) => refusals.row(file, &fault),
    }
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
