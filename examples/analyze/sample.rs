//! Response times out of files of several kinds.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ms_analytics::hdr::LogAnalytics;
use ms_analytics::read::{self, Column, RowError};

use crate::input::{self, Failure};
use crate::parquet;
use crate::refusals::Refusals;

/// How response times are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A column of seconds: CSV, or one number a line.
    Csv,
    /// JSON Lines: objects with the seconds at one key, or bare numbers.
    Jsonl,
    /// A column of seconds in Apache Parquet.
    Parquet,
    /// An interval log of HdrHistogram, encoding V2.
    Hlog,
    /// An access log that tells each request's time: nginx, JSON Lines or name=value.
    AccessLog,
}

#[derive(Debug, Args)]
#[group(id = "sample")]
pub struct Options {
    /// How the files are written; without it the name tells: .hlog is an interval log, .jsonl, .ndjson and .json are JSON
    /// Lines, .parquet is Parquet, each also with .gz behind, and others are CSV.
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
    let is_log = |file: &PathBuf| options.format.unwrap_or_else(|| by_name(file)) == Format::Hlog;
    let are_logs = files.iter().any(is_log);
    let column = options.column.clone().map_or(Column::First, Column::Named);
    let (mut seconds, mut intervals) = (Vec::new(), LogAnalytics::default());
    for file in files {
        let source = input::open(file, refusals.progress())?;
        let mut take_positive = |line, row: Result<f64, RowError>, refusals: &mut Refusals<W>| {
            take(row.and_then(|time| positive(line, time, &column)), &mut seconds, file, refusals);
        };
        let format = options.format.unwrap_or_else(|| by_name(file));
        if are_logs && format != Format::Hlog {
            return Err(Failure::said(file, "is no interval log, as others of the files are"));
        }
        let read = match format {
            Format::Csv => read::numbers(source, &column, |line, row| take_positive(line, row, refusals)),
            Format::Jsonl => {
                read::json_numbers(source, &column, |line, row| take_positive(line, row, refusals))
            }
            Format::Parquet => {
                parquet::numbers(file, source, &column, take_positive, refusals)?;
                Ok(())
            }
            Format::AccessLog => read::access_log(source, |_, row| take(row, &mut seconds, file, refusals)),
            Format::Hlog => read::hlog(source, |_, row| match row {
                Ok(interval) => intervals.add(&interval),
                Err(fault) => refusals.row(file, &fault),
            }),
        };
        read.map_err(|cause| Failure::new(file, cause))?;
    }
    Ok(if are_logs { Sample::Intervals(intervals) } else { Sample::Seconds(seconds) })
}

fn by_name(file: &Path) -> Format {
    let name = file.to_string_lossy().to_ascii_lowercase();
    let name = name.trim_end_matches(".gz");
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".hlog"]) {
        Format::Hlog
    } else if ends(&[".jsonl", ".ndjson", ".json"]) {
        Format::Jsonl
    } else if ends(&[".parquet"]) {
        Format::Parquet
    } else {
        Format::Csv
    }
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
