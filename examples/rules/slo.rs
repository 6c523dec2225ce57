//! `rules slo`

use std::io::Write;
use std::ops::Range;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Weekday;
use ms_alerts::Slo;

use crate::output::{Failure, Outcome};

#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    indicator: Indicator,
    /// The share of good events.
    #[arg(long, global = true, default_value_t = 0.999)]
    objective: f64,
    /// In how many days it must be met, 7 to 365.
    #[arg(long, global = true, default_value_t = 30)]
    days: u32,
    /// No alert while the long window has seen fewer events.
    #[arg(long, global = true, default_value_t = 0)]
    min_events: u64,
    /// Hours of maintenance on a day of the week, in UTC: sun:2-4. May be given several times.
    #[arg(long, global = true, value_parser = maintenance, value_name = "DAY:FROM-TO")]
    maintenance: Vec<(Weekday, Range<u8>)>,
}

#[derive(Debug, Subcommand)]
enum Indicator {
    /// The share of events that are not bad.
    Availability {
        /// What the objective is called.
        name: String,
        /// Selects the counters of bad events.
        #[arg(long)]
        bad: String,
        /// Selects the counters of all events.
        #[arg(long)]
        total: String,
    },
    /// The share of events that are fast enough.
    Latency {
        /// What the objective is called.
        name: String,
        /// Selects a histogram of seconds, by its name without _bucket.
        #[arg(long)]
        histogram: String,
        /// Events that take longer are bad: seconds, one of the histogram's bounds.
        #[arg(long, value_parser = seconds)]
        limit: Duration,
    },
}

pub fn run(options: &Options, out: &mut impl Write) -> Result<Outcome, Failure> {
    let slo = match &options.indicator {
        Indicator::Availability { name, bad, total } => Slo::availability(name, bad, total),
        Indicator::Latency { name, histogram, limit } => Slo::latency(name, histogram, *limit),
    };
    let slo = slo.objective(options.objective).min_events(options.min_events);
    let slo = slo.window(Duration::from_hours(24 * u64::from(options.days)));
    let slo = options.maintenance.iter().cloned().fold(slo, |slo, (day, hours)| slo.maintenance(day, hours));
    out.write_all(slo.rules()?.as_bytes())?;
    Ok(Outcome::Well)
}

/// Reads seconds with or without a fraction.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| "expected seconds, such as 0.25".to_owned())
}

fn maintenance(text: &str) -> Result<(Weekday, Range<u8>), String> {
    let read = || {
        let (day, hours) = text.split_once(':')?;
        let (from, to) = hours.split_once('-')?;
        let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        let place = days.iter().position(|known| day.eq_ignore_ascii_case(known))?;
        let day = Weekday::from_sunday_zero_offset(i8::try_from(place).ok()?).ok()?;
        Some((day, from.parse().ok()?..to.parse().ok()?))
    };
    read().ok_or_else(|| "expected a day and hours, such as sun:2-4".to_owned())
}
