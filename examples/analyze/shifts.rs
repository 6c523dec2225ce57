//! `analyze shifts`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ms_analytics::{ShiftAnalytics, UnknownTimeZone, read};

use crate::input::{self, Failure, Format};
use crate::refusals::Refusals;
use crate::table;

#[derive(Debug, Args)]
pub struct Options {
    /// Rosters with the columns id, employee, department, start, end and, if wanted, duration, in any order; CSV or
    /// JSON Lines, gzip or not; - is standard input. An id may occur once in a file.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the report as JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// How the rosters are written; without it the file's name or its first character tells.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Where nights, days and weeks are reckoned.
    #[arg(long, value_name = "ZONE", default_value = "Europe/Istanbul", value_parser = time_zone)]
    time_zone: String,
    /// Refuse shifts longer than this many hours, 2400 at most.
    #[arg(long, value_name = "HOURS", default_value_t = 48, value_parser = clap::value_parser!(u64).range(1..=2400))]
    longest_shift: u64,
}

fn time_zone(name: &str) -> Result<String, UnknownTimeZone> {
    ShiftAnalytics::in_time_zone(name).map(|_| name.to_owned())
}

/// Reads the files and writes the report.
pub fn report<W: Write>(options: &Options, refusals: &mut Refusals<W>) -> Result<String, Failure> {
    let mut analytics = ShiftAnalytics::in_time_zone(&options.time_zone).unwrap_or_default();
    for file in &options.files {
        add(options, file, &mut analytics, refusals)?;
    }
    let report = analytics.finish();
    refusals.sum_up(report.total_shifts);
    Ok(if options.json { table::json(&report) } else { table::shifts(&report) })
}

fn add<W: Write>(
    options: &Options,
    file: &Path,
    analytics: &mut ShiftAnalytics,
    refusals: &mut Refusals<W>,
) -> Result<(), Failure> {
    let source = input::open(file)?;
    let (format, source) = match options.format {
        Some(format) => (format, source),
        None => input::format(file, source)?,
    };
    let rows = match format {
        Format::Csv => read::csv(source),
        Format::Jsonl => read::json_lines(source),
    };
    let rows = rows.longest_shift(Duration::from_secs(options.longest_shift * 3600));
    let read = rows.each(|row| match row {
        Ok(shift) => analytics.add(shift),
        Err(fault) => refusals.row(file, &fault),
    });
    read.map_err(|cause| Failure::new(file, cause))
}
