//! What the trade is about: one or two panels for each metric, by its kind.

use super::model::Panel;
use super::query::{Natives, chosen, legend, rate, series, sum};
use super::unit;
use crate::catalog::own::{ACTIVE_USERS, SCHEDULED_SHIFTS, SHIFT_CONFLICTS};
use crate::catalog::{Catalog, Metric};
use crate::registry::Kind;

/// In one panel for all labels of a histogram.
const QUANTILES: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

pub(super) fn panels(catalog: &Catalog, natives: &Natives) -> Vec<Panel> {
    let ours = [ACTIVE_USERS, SCHEDULED_SHIFTS, SHIFT_CONFLICTS].map(|name| catalog.get(name));
    let mut panels: Vec<_> =
        ours.into_iter().flatten().chain(catalog.team()).flat_map(|metric| of(metric, natives)).collect();
    let titles: Vec<_> = panels.iter().map(|panel| panel.title.clone()).collect();
    for panel in &mut panels {
        // Metrics of the same help; the description is the name.
        if titles.iter().filter(|title| **title == panel.title).count() > 1 {
            panel.title = format!("{} ({})", panel.title, panel.description);
        }
    }
    panels
}

fn of(metric: &Metric, natives: &Natives) -> Vec<Panel> {
    match metric.kind {
        Kind::Counter => vec![counter(metric)],
        Kind::Gauge => vec![gauge(metric)],
        Kind::Histogram => vec![quantiles(metric, natives), heatmap(metric, natives)],
        Kind::Summary => vec![summary(metric)],
    }
}

fn counter(metric: &Metric) -> Panel {
    let growth = sum(metric.labels, &rate(&series(metric.name)));
    Panel::lines(title(metric), metric.name, Some(unit::per_second(metric.unit)))
        .query(growth, legend(metric.labels, "all"))
}

fn gauge(metric: &Metric) -> Panel {
    let labels = legend(metric.labels, "");
    let legend = format!("{{{{instance}}}} {labels}");
    Panel::lines(title(metric), metric.name, Some(unit::of(metric.unit)))
        .query(series(metric.name), legend.trim_end())
        .signed()
}

fn quantiles(metric: &Metric, natives: &Natives) -> Panel {
    let buckets = natives.buckets(metric.name, "");
    let panel = Panel::lines(title(metric), metric.name, Some(unit::of(metric.unit))).signed();
    QUANTILES.into_iter().fold(panel, |panel, (q, name)| {
        let legend = format!("{name} {}", legend(metric.labels, ""));
        panel.query(buckets.quantile(q, metric.labels), legend.trim_end())
    })
}

fn heatmap(metric: &Metric, natives: &Natives) -> Panel {
    let title = format!("{}, distribution", title(metric));
    Panel::heatmap(title, metric.name, Some(unit::of(metric.unit)))
        .query(natives.buckets(metric.name, "").spread(), "{{le}}")
}

/// Quantiles of several instances cannot be added up.
fn summary(metric: &Metric) -> Panel {
    let legend = format!("{{{{instance}}}} q{{{{quantile}}}} {}", legend(metric.labels, ""));
    let quantiles = chosen(metric.name, "", ",quantile=~\"0.5|0.95|0.99\"");
    Panel::lines(title(metric), metric.name, Some(unit::of(metric.unit)))
        .query(quantiles, legend.trim_end())
        .signed()
}

/// The help in one line and without its full stop: it says what is counted.
fn title(metric: &Metric) -> String {
    let help = metric.help.split_whitespace().collect::<Vec<_>>().join(" ");
    let help = help.trim_end_matches('.');
    if help.is_empty() { metric.name.to_owned() } else { help.to_owned() }
}
