//! Rate, errors and durations of requests, by endpoint.

use std::cmp::Reverse;
use std::fmt::{self, Formatter};

use super::super::chart::Chart;
use super::super::history::Red;
use super::super::language::Language;
use super::super::reading::Answers;
use super::super::text::{Escaped, Milliseconds, Optional, Short};
use super::{View, end_table, table};

/// Endpoints with charts of their own; the others have figures.
const CHARTED: usize = 8;

pub(super) fn inner(f: &mut Formatter<'_>, view: &View<'_>) -> fmt::Result {
    let say = |english, turkish| view.language.say(english, turkish);
    let figures = [
        say(">answered", ">yanıt"),
        say(">refused", ">ret"),
        say(">failed", ">hata"),
        say(">a second", ">saniyede"),
        ">p50",
        ">p95",
        ">p99",
    ];
    let charts = [say("rate and errors", "hız ve hatalar"), say("p50, p95, p99", "p50, p95, p99")];
    let columns = [&[say("endpoint", "uç nokta")][..], &figures, &charts].concat();
    legend(f, view.language)?;
    table(f, say("Requests by endpoint", "Uç noktaya göre istekler"), &columns)?;
    let mut busiest: Vec<_> = view.reading.endpoints.iter().collect();
    busiest.sort_by_key(|(key, answers)| (Reverse(answers.total() as u64), *key));
    let mut all = Answers::default();
    busiest.iter().for_each(|(_, answers)| all.merge(answers));
    let name = format!("<b>{}</b>", say("all", "tümü"));
    row(f, view, &name, &all, &lines(view, |point| Some(point.all)), true)?;
    for (at, (key, answers)) in busiest.into_iter().enumerate() {
        let (endpoint, method) = key;
        let name = format!("{} <code>{}</code>", Escaped(method), Escaped(endpoint));
        let lines = lines(view, |point| point.endpoints.get(key).copied());
        row(f, view, &name, answers, &lines, at < CHARTED)?;
    }
    end_table(f)
}

fn legend(f: &mut Formatter<'_>, language: Language) -> fmt::Result {
    let say = |english, turkish| language.say(english, turkish);
    let (rate, errors) = (say("rate", "hız"), say("errors (5xx)", "hatalar (5xx)"));
    write!(
        f,
        "<p class=\"quiet legend\"><span class=\"key rate\">{rate}</span> <span class=\"key errors\">{errors}</span> \
         <span class=\"key p50\">p50</span> <span class=\"key p95\">p95</span> <span class=\"key p99\">p99</span> {}</p>",
        say("over the last five minutes", "son beş dakikada")
    )
}

fn lines(view: &View<'_>, pick: impl Fn(&super::Point) -> Option<Red>) -> Vec<Option<Red>> {
    view.points.iter().map(|point| pick(point)).collect()
}

fn row(
    f: &mut Formatter<'_>,
    view: &View<'_>,
    name: &str,
    answers: &Answers,
    lines: &[Option<Red>],
    charted: bool,
) -> fmt::Result {
    let last = lines.last().copied().flatten().unwrap_or_default();
    let Answers { good, refused, failed, .. } = answers;
    write!(
        f,
        "<tr><th scope=\"row\">{name}<td class=\"n\">{good}<td class=\"n\">{refused}<td class=\"n\">{failed}"
    )?;
    write!(f, "<td class=\"n\">{}", Short(last.rate))?;
    for quantile in [last.p50, last.p95, last.p99] {
        write!(f, "<td class=\"n\">{}", Optional(quantile.map(Milliseconds)))?;
    }
    if !charted {
        return f.write_str("<td><td></tr>\n");
    }
    let say = |english, turkish| view.language.say(english, turkish);
    let line = |pick: fn(&Red) -> Option<f64>| lines.iter().map(|red| red.as_ref().and_then(pick)).collect();
    let label = format!(
        "{}: {}, {}: {}",
        say("rate", "hız"),
        Short(last.rate),
        say("errors", "hatalar"),
        Short(last.errors)
    );
    let red = [("rate", line(|red| Some(red.rate))), ("errors", line(|red| Some(red.errors)))];
    write!(f, "<td>{}", Chart { label: &label, lines: &red, at_least: 0.5 })?;
    let label = format!("p99: {}", Optional(last.p99.map(Milliseconds)));
    let durations =
        [("p99", line(|red| red.p99)), ("p95", line(|red| red.p95)), ("p50", line(|red| red.p50))];
    writeln!(f, "<td>{}</tr>", Chart { label: &label, lines: &durations, at_least: 0.001 })
}
