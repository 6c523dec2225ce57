//! `analyze compare`

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use ms_analytics::{Comparison, PerformanceAnalytics};

use crate::input::Failure;
use crate::refusals::Refusals;
use crate::sample::{self, Sample};
use crate::{page, table};

#[derive(Debug, Args)]
pub struct Options {
    /// Response times of the earlier period.
    before: PathBuf,
    /// Response times of the later period, written in the same way.
    after: PathBuf,
    #[command(flatten)]
    sample: sample::Options,
    /// Write one HTML page with both curves to this file too; not for interval logs.
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// The language of the page.
    #[arg(long, value_enum, default_value_t = page::Language::En, requires = "html")]
    language: page::Language,
    /// Print the comparison as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Reads both files and writes the comparison.
pub fn report<W: Write>(options: &Options, refusals: &mut Refusals<W>) -> Result<String, Failure> {
    let mut read = |file: &PathBuf| sample::read(&options.sample, std::slice::from_ref(file), refusals);
    let (before, after) = (read(&options.before)?, read(&options.after)?);
    refusals.sum_up(before.len() + after.len());
    let comparison = match (before, after) {
        (Sample::Seconds(before), Sample::Seconds(after)) => {
            if let Some(out) = &options.html {
                let names = options.language.before_and_after();
                page::write_curves(out, &[(names[0], &before), (names[1], &after)], options.language)?;
            }
            PerformanceAnalytics::compare(&before, &after).ok()
        }
        (Sample::Intervals(before), Sample::Intervals(after)) => before
            .histogram()
            .zip(after.histogram())
            .and_then(|(before, after)| Comparison::of_histograms(&before, &after).ok()),
        _ => {
            return Err(Failure::said(
                &options.after,
                "is not written as the first file is: name the --format",
            ));
        }
    };
    let Some(comparison) = comparison else {
        return Err(Failure::said(
            &options.after,
            "nothing to compare: one of the files has no response time",
        ));
    };
    Ok(if options.json { table::json(&comparison) } else { table::comparison(&comparison) })
}
