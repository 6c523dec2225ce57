//! Why the metrics are as they are.

use std::cmp::Reverse;
use std::fmt::{self, Formatter};
use std::time::SystemTime;

use jiff::Timestamp;
use ms_metrics::{Explanation, MetricExplanation, RefusalExplanation};

use super::html::{Escaped, Time};

const LARGEST: usize = 5;

/// Writes which metrics have no room for more series, what was refused, and which cost most.
pub(super) fn section(f: &mut Formatter<'_>, explanation: &Explanation) -> fmt::Result {
    let Explanation { metrics, refusals, .. } = explanation;
    let series: usize = metrics.iter().map(|metric| metric.series).sum();
    let bytes: usize = metrics.iter().map(|metric| metric.bytes).sum();
    f.write_str("<section><h2>Metrics</h2>")?;
    writeln!(
        f,
        "<p class=\"quiet\">{series} series of {} metrics take {} KiB.",
        metrics.len(),
        bytes / 1024
    )?;
    let full: Vec<_> = metrics.iter().filter(|metric| metric.overflow.is_some()).collect();
    if full.is_empty() {
        f.write_str("Every one has room.")?;
    }
    if refusals.is_empty() {
        f.write_str(" None was refused.")?;
    }
    f.write_str("</p>\n")?;
    if !full.is_empty() {
        f.write_str(
            "<table><tr><th>no room in<th>too many values of<th>since<th class=\"n\">most series\
             <th class=\"n\">found none</tr>\n",
        )?;
        full.into_iter().try_for_each(|metric| overflow(f, metric))?;
        f.write_str("</table>")?;
    }
    if !refusals.is_empty() {
        f.write_str("<table><tr><th>refused<th>first<th>since<th class=\"n\">times</tr>\n")?;
        refusals.iter().try_for_each(|refusal| refused(f, refusal))?;
        f.write_str("</table>")?;
    }
    largest(f, metrics)?;
    f.write_str("</section>\n")
}

fn overflow(f: &mut Formatter<'_>, metric: &MetricExplanation) -> fmt::Result {
    let Some(overflow) = &metric.overflow else { return Ok(()) };
    let (name, label, since) = (Escaped(&metric.name), Escaped(&overflow.label), time(overflow.since));
    write!(f, "<tr><td><code>{name}</code><td><code>{label}</code><td>{}", Time(&since))?;
    writeln!(f, "<td class=\"n\">{}<td class=\"n\">{}</tr>", metric.series_cap, overflow.registrations)
}

fn refused(f: &mut Formatter<'_>, refusal: &RefusalExplanation) -> fmt::Result {
    let (first, since) = (Escaped(&refusal.first_metric), time(refusal.since));
    write!(f, "<tr><td>{}<td><code>{first}</code><td>{}", refusal.reason, Time(&since))?;
    writeln!(f, "<td class=\"n\">{}</tr>", refusal.registrations)
}

fn largest(f: &mut Formatter<'_>, metrics: &[MetricExplanation]) -> fmt::Result {
    let mut metrics: Vec<_> = metrics.iter().collect();
    metrics.sort_by_key(|metric| Reverse(metric.bytes));
    f.write_str(
        "<table><tr><th>largest<th>kind<th class=\"n\">series<th class=\"n\">KiB\
         <th class=\"n\">bytes a series</tr>\n",
    )?;
    for metric in metrics.into_iter().take(LARGEST) {
        let (name, kind) = (Escaped(&metric.name), metric.kind.as_str());
        let kibibytes = metric.bytes.div_ceil(1024);
        write!(f, "<tr><td><code>{name}</code><td>{kind}<td class=\"n\">{}", metric.series)?;
        writeln!(f, "<td class=\"n\">{kibibytes}<td class=\"n\">{}</tr>", metric.bytes_per_series())?;
    }
    f.write_str("</table>")
}

/// To the second; nothing for a time that no calendar has.
fn time(time: SystemTime) -> String {
    let seconds = |time: Timestamp| Timestamp::from_second(time.as_second());
    Timestamp::try_from(time).and_then(seconds).map(|time| time.to_string()).unwrap_or_default()
}
