//! What a failed look-up says.

use std::cmp::Reverse;

use crate::exposition::text;
use crate::registry::{MetricSnapshot, Registry, SeriesSnapshot, Value};

const MOST_SHOWN: usize = 8;

/// Says that no metric has this name, and which have one like it.
pub(super) fn no_metric(registry: &Registry, name: &str, kind: &str) -> String {
    let mut names: Vec<_> =
        registry.names().into_iter().filter(|name| registry.read(name).is_some()).collect();
    names.sort_by_key(|known| Reverse(pairs_in_common(known, name)));
    names.retain(|known| pairs_in_common(known, name) > 0);
    let nearest = names.iter().filter_map(|name| registry.read(name));
    let lines = nearest
        .flat_map(|metric| metric.series.iter().map(|series| line(&metric, series)).collect::<Vec<_>>());
    message(&format!("no {kind} `{name}`"), lines)
}

/// Says that a metric has no such series, and which it has.
pub(super) fn no_series(metric: &MetricSnapshot, labels: &[(&str, &str)]) -> String {
    let mut series: Vec<_> = metric.series.iter().collect();
    let in_common =
        |series: &SeriesSnapshot| labels.iter().filter(|label| super::has(&series.labels, label)).count();
    series.sort_by_key(|series| Reverse(in_common(series)));
    let wanted = named(&metric.name, labels.iter().copied());
    message(&format!("no series {wanted}"), series.into_iter().map(|series| line(metric, series)))
}

fn message(what: &str, lines: impl Iterator<Item = String>) -> String {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return format!("{what}; nothing is like it");
    }
    let mut message = format!("{what}; nearest:");
    for line in lines.by_ref().take(MOST_SHOWN) {
        message.push_str("\n  ");
        message.push_str(&line);
    }
    match lines.count() {
        0 => message,
        more => format!("{message}\n  and {more} more"),
    }
}

fn line(metric: &MetricSnapshot, series: &SeriesSnapshot) -> String {
    let labels = series.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let name = named(&metric.name, labels);
    match &series.value {
        Value::Counter(value) => format!("{name} {value}"),
        Value::Gauge(value) => format!("{name} {value}"),
        Value::Histogram { cumulative, sum, .. } => {
            format!("{name} count {}, sum {sum}", cumulative.last().copied().unwrap_or_default())
        }
        Value::Summary(summary) => format!("{name} count {}, sum {}", summary.count, summary.sum),
    }
}

fn named<'a>(name: &str, labels: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in labels {
        if !text.is_empty() {
            text.push(',');
        }
        text::label(&mut text, name, value);
    }
    if text.is_empty() { name.to_owned() } else { format!("{name}{{{text}}}") }
}

/// How many pairs of neighbouring letters of one name are in the other too.
fn pairs_in_common(one: &str, other: &str) -> usize {
    one.as_bytes().windows(2).filter(|pair| other.as_bytes().windows(2).any(|known| known == *pair)).count()
}
