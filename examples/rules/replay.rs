//! `rules replay`

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use ms_alerts::{Alert, AlertManager, parse_exposition};
use serde_json::json;

use crate::Version;
use crate::exposition::{read, samples};
use crate::output::{Failure, Outcome, number, selector};
use crate::slo::seconds;

/// So many evaluations take minutes; more are a mistake in the interval.
const MOST_STEPS: i64 = 1_000_000;

#[derive(Debug, Args)]
pub struct Options {
    /// Rule files.
    #[arg(long, required = true)]
    rules: Vec<PathBuf>,
    /// Files in the Prometheus text format, each sample with its time; - is standard input.
    #[arg(required = true)]
    metrics: Vec<PathBuf>,
    /// Evaluate all groups every so many seconds, whatever interval they name.
    #[arg(long, default_value = "15", value_parser = seconds)]
    interval: Duration,
    /// The version of Prometheus whose answers are given.
    #[arg(long, value_enum, default_value = "3")]
    compat: Version,
    /// Print a line of JSON for each change.
    #[arg(long)]
    json: bool,
}

/// Writes what would have fired and been resolved, and when.
pub fn run(options: &Options, out: &mut impl Write) -> Result<Outcome, Failure> {
    let mut builder = AlertManager::builder().compat(options.compat.into());
    for path in &options.rules {
        builder = builder.rules_file(path)?;
    }
    let manager = builder.build()?;
    let recorded = recorded(options)?;
    let step = i64::try_from(options.interval.as_millis()).unwrap_or(i64::MAX).max(1);
    let bounds = recorded.first_key_value().zip(recorded.last_key_value());
    let Some(((first, _), (last, _))) = bounds else { return Ok(Outcome::Well) };
    // The last sample is seen at the first step that is not before it.
    let steps = (last - first).div_euclid(step) + i64::from((last - first).rem_euclid(step) > 0);
    if steps > MOST_STEPS {
        return Err(Failure::Steps);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    for at in (0..=steps).map(|count| first + count * step) {
        let Ok(moment) = Timestamp::from_millisecond(at) else { return Err(Failure::Steps) };
        let text = scrape(&recorded, at, step);
        // What was read once is valid.
        let Ok(scraped) = parse_exposition(&text) else { continue };
        for alert in runtime.block_on(manager.check_samples_at(&scraped, moment)) {
            show(out, &alert, moment, options.json)?;
        }
    }
    Ok(Outcome::Well)
}

/// Series and their values, by time in milliseconds.
type Recorded = BTreeMap<i64, Vec<(String, f64)>>;

fn recorded(options: &Options) -> Result<Recorded, Failure> {
    let mut recorded = Recorded::new();
    for path in &options.metrics {
        let bytes = read(path)?;
        for sample in samples(path, &bytes)?.iter() {
            let at = sample.timestamp().ok_or_else(|| Failure::Untimed { path: path.clone() })?;
            let labels = sample.labels().map(|(name, value)| format!("{name}=\"{}\"", escape(value)));
            let series = format!("{}{{{}}}", sample.name(), labels.collect::<Vec<_>>().join(","));
            recorded.entry(at).or_default().push((series, sample.value()));
        }
    }
    Ok(recorded)
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// What a scrape at `at` would have shown: of each series the last sample since the step before.
fn scrape(recorded: &Recorded, at: i64, step: i64) -> String {
    let since = recorded.range(at - step + 1..=at);
    let rows =
        since.flat_map(|(time, rows)| rows.iter().map(move |(series, value)| (series, (*time, *value))));
    let latest: BTreeMap<&String, (i64, f64)> = rows.collect();
    let mut text = String::new();
    for (series, (time, value)) in latest {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{series} {} {time}", number(value));
    }
    text
}

fn show(out: &mut impl Write, alert: &Alert, at: Timestamp, as_json: bool) -> Result<(), Failure> {
    let (state, value) = (alert.state.as_str(), number(alert.value));
    if as_json {
        let line = json!({
            "at": at.to_string(), "state": state, "alert": alert.rule, "value": value,
            "labels": alert.labels, "annotations": alert.annotations, "activeAt": alert.active_at.to_string(),
        });
        return Ok(writeln!(out, "{line}")?);
    }
    Ok(writeln!(out, "{at} {state} {} {} {value}", alert.rule, selector(&alert.labels))?)
}
