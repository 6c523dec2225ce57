//! What a run has found, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use ms_analytics::hdr::Histogram;
use serde::Serialize;

use super::Options;
use super::tally::{Counted, Tally};

/// What a run has found.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Host and port that were asked.
    pub target: String,
    /// Requests a second that were wanted.
    pub rate: f64,
    /// The shares of the kinds.
    pub mix: String,
    /// What the requests were drawn with.
    pub random_seed: u64,
    /// Seconds until the last answer.
    pub elapsed_seconds: f64,
    /// Answers a second.
    pub answered_rate: f64,
    /// All kinds together.
    pub total: KindReport,
    /// By kind; those that were not due are not here.
    pub kinds: BTreeMap<&'static str, KindReport>,
    /// Sessions and shifts that were taken back afterwards. These requests are counted nowhere else.
    pub taken_back: usize,
    /// Sessions and shifts that are still there, because the service did not take them back.
    pub left_behind: usize,
}

/// What was found of one kind of request.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KindReport {
    /// Requests that were due.
    pub due: u64,
    /// Requests that were answered, with whatever status.
    pub answered: u64,
    /// Answers of 4xx.
    pub refused: u64,
    /// Answers of 5xx, and requests that were sent without an answer.
    pub failed: u64,
    /// Requests whose connection broke, or could not be opened.
    pub broken: u64,
    /// Requests that were given up.
    pub timed_out: u64,
    /// Requests whose turn did not come, since all connections were busy.
    pub unsent: u64,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// From the moment a request was due. One that was given up, or not sent, counts with the time it had waited by
    /// then; one whose connection broke does not count.
    pub latency_seconds: Figures,
    /// From the moment a request was sent to the end of its answer: what a closed loop would have told.
    pub service_seconds: Figures,
}

/// Durations in seconds, to three digits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Mean.
    pub mean: f64,
    /// 50th percentile.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Longest.
    pub max: f64,
}

impl Report {
    /// `None` if no request was due.
    pub(super) fn new(target: &str, options: &Options, elapsed: Duration, tally: &Tally) -> Option<Self> {
        let total = KindReport::from(&tally.total()?);
        Some(Self {
            target: target.to_owned(),
            rate: options.rate,
            mix: options.mix.to_string(),
            random_seed: options.random_seed,
            elapsed_seconds: elapsed.as_secs_f64(),
            answered_rate: total.answered as f64 / elapsed.as_secs_f64(),
            total,
            kinds: tally.kinds().map(|(kind, counted)| (kind.name(), counted.into())).collect(),
            taken_back: 0,
            left_behind: 0,
        })
    }
}

impl From<&Counted> for KindReport {
    fn from(counted: &Counted) -> Self {
        let answered = counted.answered();
        Self {
            due: answered + counted.broken + counted.timed_out + counted.unsent,
            answered,
            refused: counted.refused(),
            failed: counted.failed(),
            broken: counted.broken,
            timed_out: counted.timed_out,
            unsent: counted.unsent,
            statuses: counted.statuses.clone(),
            latency_seconds: (&counted.latencies).into(),
            service_seconds: (&counted.service_times).into(),
        }
    }
}

impl From<&Histogram> for Figures {
    fn from(nanoseconds: &Histogram) -> Self {
        let at = |percentile| nanoseconds.value_at_percentile(percentile) as f64 / 1e9;
        let mean = nanoseconds.summary().mean / 1e9;
        Self {
            mean,
            p50: at(50.0),
            p90: at(90.0),
            p95: at(95.0),
            p99: at(99.0),
            p999: at(99.9),
            max: at(100.0),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { target, rate, elapsed_seconds, answered_rate, total, .. } = self;
        writeln!(
            f,
            "{target}: {} requests due at {rate}/s, answered {answered_rate:.1}/s over {elapsed_seconds:.1} s\n",
            total.due
        )?;
        let columns = ["due", "refused", "failed", "unsent"];
        write!(f, "{:<9}", "kind")?;
        columns.iter().try_for_each(|column| write!(f, "{column:>9}"))?;
        ["mean", "50 %", "95 %", "99 %", "longest"]
            .iter()
            .try_for_each(|column| write!(f, "{column:>11}"))?;
        writeln!(f)?;
        for (name, kind) in &self.kinds {
            row(f, name, kind, &kind.latency_seconds)?;
        }
        row(f, "all", total, &total.latency_seconds)?;
        row(f, "  sent", total, &total.service_seconds)?;
        let statuses: Vec<_> =
            total.statuses.iter().map(|(status, count)| format!("{count} × {status}")).collect();
        writeln!(
            f,
            "\nanswers: {}",
            if statuses.is_empty() { "none".to_owned() } else { statuses.join(", ") }
        )?;
        if total.broken + total.timed_out > 0 {
            writeln!(f, "no answer: {} connections broke, {} timed out", total.broken, total.timed_out)?;
        }
        writeln!(
            f,
            "Latencies run from when a request was due; those of the last row from when it was sent."
        )?;
        write!(f, "{} shifts and sessions were taken back", self.taken_back)?;
        match self.left_behind {
            0 => writeln!(f, "."),
            left => writeln!(f, "; {left} are still there."),
        }
    }
}

fn row(f: &mut Formatter<'_>, name: &str, kind: &KindReport, times: &Figures) -> fmt::Result {
    let KindReport { due, refused, failed, unsent, .. } = kind;
    write!(f, "{name:<9}{due:>9}{refused:>9}{failed:>9}{unsent:>9}")?;
    for seconds in [times.mean, times.p50, times.p95, times.p99, times.max] {
        write!(f, "{:>11}", Milliseconds((seconds * 1e9) as u64).to_string())?;
    }
    writeln!(f)
}

/// Nanoseconds, shown as milliseconds with three digits at least.
pub(super) struct Milliseconds(pub(super) u64);

impl Display for Milliseconds {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0 as f64 / 1e6;
        let decimals = match milliseconds {
            small if small < 10.0 => 2,
            middle if middle < 100.0 => 1,
            _ => 0,
        };
        write!(f, "{milliseconds:.decimals$} ms")
    }
}
