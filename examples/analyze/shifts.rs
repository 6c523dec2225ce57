//! `analyze shifts`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ms_analytics::rules::{RuleAnalytics, RuleReport};
use ms_analytics::{ShiftAnalytics, ShiftReport, UnknownTimeZone, read};
use serde::Serialize;

use crate::input::{self, Failure, Format};
use crate::refusals::Refusals;
use crate::{rules, table};

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
    /// Working-time rules to check: eu-2003-88, tr-4857, tr-657, none, or a JSON file with rules of your own. Help, not
    /// legal advice.
    #[arg(long, value_name = "RULES", default_value = "none", value_parser = rules::parse)]
    rules: rules::Choice,
    /// Say in a sentence each which shifts break which rule, instead of the report.
    #[arg(long, conflicts_with = "json")]
    explain: bool,
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
    let mut both = Both {
        shifts: ShiftAnalytics::in_time_zone(&options.time_zone).unwrap_or_default(),
        rules: options.rules.analytics(&options.time_zone),
    };
    for file in &options.files {
        add(options, file, &mut both, refusals)?;
    }
    let shifts = both.shifts.finish();
    refusals.sum_up(shifts.total_shifts);
    let report = Report { shifts, rules: both.rules.map(RuleAnalytics::finish) };
    Ok(if options.explain {
        report.rules.iter().flat_map(RuleReport::explain).map(|line| line + "\n").collect()
    } else if options.json {
        table::json(&report)
    } else {
        table::shifts(&report.shifts) + &report.rules.map(|rules| table::rules(&rules)).unwrap_or_default()
    })
}

/// What is made of every row.
struct Both {
    shifts: ShiftAnalytics,
    rules: Option<RuleAnalytics>,
}

/// The report on shifts, and on rules if any were asked for.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    shifts: ShiftReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<RuleReport>,
}

fn add<W: Write>(
    options: &Options,
    file: &Path,
    analytics: &mut Both,
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
        Ok(shift) => {
            analytics.shifts.add(shift);
            if let Some(rules) = &mut analytics.rules {
                rules.add(shift);
            }
        }
        Err(fault) => refusals.row(file, &fault),
    });
    read.map_err(|cause| Failure::new(file, cause))
}
