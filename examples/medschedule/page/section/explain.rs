//! Why the metrics are as they are.

use std::cmp::Reverse;
use std::fmt::{self, Formatter};
use std::time::SystemTime;

use jiff::Timestamp;
use ms_metrics::{Explanation, MetricExplanation, RefusalExplanation};

use super::super::language::Language;
use super::super::text::{Escaped, Time};
use super::{View, end_table, table};

const LARGEST: usize = 5;

/// Writes which metrics have no room for more series, what was refused, and which cost most.
pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let Explanation { metrics, refusals, .. } = view.explanation;
    let series: usize = metrics.iter().map(|metric| metric.series).sum();
    let bytes: usize = metrics.iter().map(|metric| metric.bytes).sum();
    let (count, kibibytes) = (metrics.len(), bytes / 1024);
    match view.language {
        Language::English => {
            write!(f, "<p class=\"quiet\">{series} series of {count} metrics take {kibibytes} KiB.")?;
        }
        Language::Turkish => {
            write!(f, "<p class=\"quiet\">{count} metriğin {series} serisi {kibibytes} KiB tutuyor.")?;
        }
    }
    let full: Vec<_> = metrics.iter().filter(|metric| metric.overflow.is_some()).collect();
    if full.is_empty() {
        f.write_str(say(" Every one has room.", " Hepsinde yer var."))?;
    }
    if refusals.is_empty() {
        f.write_str(say(" None was refused.", " Hiçbiri geri çevrilmedi."))?;
    }
    f.write_str("</p>\n")?;
    if !full.is_empty() {
        let columns = [
            say("no room in", "yer kalmayan"),
            say("too many values of", "değeri çok olan"),
            say("since", "başlangıç"),
            say(">most series", ">en çok seri"),
            say(">found none", ">yer bulamayan"),
        ];
        table(f, say("Metrics without room", "Yer kalmayan metrikler"), &columns)?;
        full.into_iter().try_for_each(|metric| overflow(f, metric))?;
        end_table(f)?;
    }
    if !refusals.is_empty() {
        let columns = [
            say("refused", "geri çevrilen"),
            say("first", "ilki"),
            say("since", "başlangıç"),
            say(">times", ">kez"),
        ];
        table(f, say("Metrics refused", "Geri çevrilen metrikler"), &columns)?;
        refusals.iter().try_for_each(|refusal| refused(f, refusal))?;
        end_table(f)?;
    }
    largest(f, view)
}

fn overflow(f: &mut Formatter<'_>, metric: &MetricExplanation) -> fmt::Result {
    let Some(overflow) = &metric.overflow else { return Ok(()) };
    let (name, label, since) = (Escaped(&metric.name), Escaped(&overflow.label), time(overflow.since));
    write!(f, "<tr><th scope=\"row\"><code>{name}</code><td><code>{label}</code><td>{}", Time(&since))?;
    writeln!(f, "<td class=\"n\">{}<td class=\"n\">{}</tr>", metric.series_cap, overflow.registrations)
}

fn refused(f: &mut Formatter<'_>, refusal: &RefusalExplanation) -> fmt::Result {
    let (first, since) = (Escaped(&refusal.first_metric), time(refusal.since));
    write!(f, "<tr><th scope=\"row\">{}<td><code>{first}</code><td>{}", refusal.reason, Time(&since))?;
    writeln!(f, "<td class=\"n\">{}</tr>", refusal.registrations)
}

fn largest(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let mut metrics: Vec<_> = view.explanation.metrics.iter().collect();
    metrics.sort_by_key(|metric| Reverse(metric.bytes));
    let columns = [
        say("largest", "en büyük"),
        say("kind", "tür"),
        say(">series", ">seri"),
        ">KiB",
        say(">bytes a series", ">seri başına bayt"),
    ];
    table(f, say("Largest metrics", "En büyük metrikler"), &columns)?;
    for metric in metrics.into_iter().take(LARGEST) {
        let (name, kind) = (Escaped(&metric.name), metric.kind.as_str());
        let kibibytes = metric.bytes.div_ceil(1024);
        write!(f, "<tr><th scope=\"row\"><code>{name}</code><td>{kind}<td class=\"n\">{}", metric.series)?;
        writeln!(f, "<td class=\"n\">{kibibytes}<td class=\"n\">{}</tr>", metric.bytes_per_series())?;
    }
    end_table(f)
}

/// To the second; nothing for a time that no calendar has.
fn time(time: SystemTime) -> String {
    let seconds = |time: Timestamp| Timestamp::from_second(time.as_second());
    Timestamp::try_from(time).and_then(seconds).map(|time| time.to_string()).unwrap_or_default()
}
