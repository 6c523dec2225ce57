//! `analyze latency`

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use ms_analytics::hdr::Histogram;
use ms_analytics::{Distribution, PerformanceAnalytics};
use serde::Serialize;

use crate::input::Failure;
use crate::refusals::Refusals;
use crate::sample::{self, Sample};
use crate::{page, table};

#[derive(Debug, Args)]
pub struct Options {
    /// Files with response times, gzip or not; - is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    sample: sample::Options,
    /// Write one HTML page with the curve over percentiles to this file too; not for interval logs.
    #[arg(long, value_name = "OUT")]
    html: Option<PathBuf>,
    /// The language of the page.
    #[arg(long, value_enum, default_value_t = page::Language::En, requires = "html")]
    language: page::Language,
    /// Print the figures as JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Reads the files and writes the figures; without a single number they are `null`.
pub fn report<W: Write>(options: &Options, refusals: &mut Refusals<W>) -> Result<String, Failure> {
    let sample = sample::read(&options.sample, &options.files, refusals)?;
    refusals.sum_up(sample.len());
    Ok(match sample {
        Sample::Seconds(seconds) => {
            if let Some(out) = &options.html {
                page::write_curves(out, &[("", &seconds)], options.language)?;
            }
            // The reader gives finite numbers only, so all that can be wrong is that there are none.
            let figures = PerformanceAnalytics::distribution(&seconds).ok();
            match (options.json, figures) {
                (false, figures) => table::latency(figures.as_ref()),
                (true, Some(figures)) => table::json(&Report { figures, hdr: Hdr::of(&seconds) }),
                (true, None) => table::json(&serde_json::json!({
                    "count": 0, "avg_response_time": null, "p95_response_time": null, "p99_response_time": null,
                })),
            }
        }
        Sample::Intervals(intervals) => {
            let report = intervals.finish();
            if options.json { table::json(&report) } else { table::intervals(&report) }
        }
    })
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    figures: Distribution,
    hdr: Option<Hdr>,
}

/// The sample as a histogram, to be merged with others.
#[derive(Debug, Serialize)]
struct Hdr {
    unit: &'static str,
    lowest: u64,
    highest: u64,
    digits: u8,
    v2_base64: String,
    total_count: u64,
    min_value: u64,
    max_value: u64,
    mean: f64,
    percentiles: BTreeMap<&'static str, u64>,
}

const PERCENTILES: [(&str, f64); 8] = [
    ("0", 0.0),
    ("50", 50.0),
    ("90", 90.0),
    ("95", 95.0),
    ("99", 99.0),
    ("99.9", 99.9),
    ("99.99", 99.99),
    ("100", 100.0),
];

impl Hdr {
    fn of(seconds: &[f64]) -> Option<Self> {
        let mut micros = Histogram::new(1, 3_600_000_000, 3).ok()?;
        seconds.iter().for_each(|time| micros.record(((time * 1e6) as u64).max(1)));
        let summary = micros.summary();
        Some(Self {
            unit: "microseconds",
            lowest: micros.lowest(),
            highest: micros.highest(),
            digits: micros.digits(),
            v2_base64: STANDARD.encode(micros.to_v2_compressed()),
            total_count: summary.total_count,
            min_value: summary.min_value,
            max_value: summary.max_value,
            mean: summary.mean,
            percentiles: PERCENTILES.map(|(name, at)| (name, micros.value_at_percentile(at))).into(),
        })
    }
}
