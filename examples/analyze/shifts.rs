//! `analyze shifts`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ms_analytics::read::RowError;
use ms_analytics::rules::RuleReport;
use ms_analytics::timetable::Staffing;
use ms_analytics::{ShiftAnalytics, ShiftRef, UnknownTimeZone, read};

use crate::analyses::{Analyses, Wanted};
use crate::dialect::Dialect;
use crate::input::{self, Failure, Format};
use crate::refusals::Refusals;
use crate::{export, page, parquet, rules, table};

#[derive(Debug, Args)]
pub struct Options {
    /// Rosters with the columns id, employee, department, start, end and, if wanted, duration and role, in any order; CSV,
    /// JSON Lines or Parquet, gzip or not; - is standard input. An id may occur once in a file.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the report as JSON instead of tables.
    #[arg(long, group = "output")]
    json: bool,
    /// Print the report as aligned tables: the default.
    #[arg(long, group = "output")]
    table: bool,
    /// Print a row an employee as CSV that a spreadsheet shows and does not run.
    #[arg(long, group = "output")]
    csv: bool,
    /// Print a row an employee as a Markdown table.
    #[arg(long, group = "output")]
    markdown: bool,
    /// How the rosters are written; without it the file's name or its first character tells.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Working-time rules to check: eu-2003-88, tr-4857, tr-657, none, or a JSON file with rules of your own. Help, not
    /// legal advice.
    #[arg(long, value_name = "RULES", default_value = "none", value_parser = rules::parse)]
    rules: rules::Choice,
    /// Write one HTML page with pictures to this file too: roster with conflicts, heat map, bars, fairness, rules.
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// The language of the page.
    #[arg(long, value_enum, default_value_t = page::Language::En, requires = "html")]
    language: page::Language,
    /// Say in a sentence each which shifts break which rule, instead of the report.
    #[arg(long, group = "output")]
    explain: bool,
    /// Report on the load too: by employee, department, role, week, month, weekday and hour, durations, and how evenly hours,
    /// nights, weekends and Turkish public holidays are spread.
    #[arg(long)]
    load: bool,
    /// List the first N conflicts, with their shifts and times.
    #[arg(long, value_name = "N")]
    conflicts: Option<usize>,
    /// Compare with the staff that is needed and the posts there are: a JSON list of objects with department, weekdays
    /// (1 for Monday to 7), from, until, at_least, at_most.
    #[arg(long, value_name = "FILE", value_parser = staffing)]
    staffing: Option<Staffing>,
    #[command(flatten)]
    dialect: Dialect,
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

fn staffing(file: &str) -> Result<Staffing, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    Staffing::from_json(&text).map_err(|error| rules::with_cause(&error))
}

/// Reads the files and writes the report.
pub fn report<W: Write>(options: &Options, refusals: &mut Refusals<W>) -> Result<String, Failure> {
    let wanted = Wanted {
        rules: options.rules.analytics(&options.time_zone),
        load: options.load || options.csv || options.markdown || options.html.is_some(),
        conflicts: options.conflicts.or(options.html.as_ref().map(|_| page::CONFLICTS)),
        staffing: options.staffing.clone(),
        timetable: options.html.is_some(),
    };
    let mut analyses = Analyses::new(&options.time_zone, wanted);
    for file in &options.files {
        add(options, file, &mut analyses, refusals)?;
    }
    let report = analyses.finish();
    refusals.sum_up(report.shifts.total_shifts);
    if let Some(out) = &options.html {
        page::write(out, &report, options.language)?;
    }
    Ok(if options.explain {
        report.rules.iter().flat_map(RuleReport::explain).map(|line| line + "\n").collect()
    } else if options.csv {
        export::csv(&report)
    } else if options.markdown {
        export::markdown(&report)
    } else if options.json {
        table::json(&report)
    } else {
        table::report(&report)
    })
}

fn add<W: Write>(
    options: &Options,
    file: &Path,
    analyses: &mut Analyses,
    refusals: &mut Refusals<W>,
) -> Result<(), Failure> {
    let source = input::open(file, refusals.progress())?;
    let (format, source) = match options.format {
        Some(format) => (format, source),
        None => input::format(file, source)?,
    };
    let longest = Duration::from_secs(options.longest_shift * 3600);
    let rows = match format {
        Format::Csv => {
            let comma = options.dialect.decimal == ',';
            read::csv(source).delimiter(options.dialect.delimiter).decimal_comma(comma)
        }
        Format::Jsonl => read::json_lines(source),
        Format::Parquet => {
            let take = |row: Result<ShiftRef<'_>, RowError>, refusals: &mut Refusals<W>| match row {
                Ok(shift) => analyses.add(shift),
                Err(fault) => refusals.row(file, &fault),
            };
            return parquet::shifts(file, source, longest, options.dialect.local_times(), take, refusals);
        }
    };
    let rows = rows.longest_shift(longest);
    let rows = match options.dialect.local_times() {
        Some(local_times) => rows.local_times(local_times),
        None => rows,
    };
    let read = rows.each(|row| match row {
        Ok(shift) => analyses.add(shift),
        Err(fault) => refusals.row(file, &fault),
    });
    read.map_err(|cause| Failure::new(file, cause))
}
