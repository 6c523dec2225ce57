//! What each metric holds and costs.

use std::mem::size_of;

use metrics::Label;

use super::Registry;
use super::family::{Cell, Family, Series};
use super::known::Known;
use super::overflow::Overflow;
use crate::explain::{Explanation, MetricExplanation, OverflowExplanation, RefusalExplanation};

/// What an allocator keeps of its own for each block, about.
pub(crate) const BLOCK: usize = 16;

impl Registry {
    pub(crate) fn explain(&self) -> Explanation {
        let families = self.families.read();
        let in_use = families.by_name.iter().filter(|(_, family)| !family.series.is_empty());
        let series_cap = families.cap;
        let metrics = in_use.map(|(name, family)| explain(name, family, series_cap)).collect();
        drop(families);
        let refusals = self.refused.iter().filter_map(|refused| {
            let first = refused.first()?;
            let (reason, registrations) = (refused.refusal.reason(), refused.counter.value());
            Some(RefusalExplanation { reason, registrations, first_metric: first.metric, since: first.since })
        });
        Explanation { series_cap, metrics, refusals: refusals.collect() }
    }
}

fn explain(name: &str, family: &Family, series_cap: usize) -> MetricExplanation {
    let series: usize = family.series.iter().map(series_bytes).sum();
    let places: usize = family.places.keys().map(|identity| place_bytes(identity)).sum();
    MetricExplanation {
        name: name.to_owned(),
        kind: family.kind,
        series: family.series.len(),
        series_cap: family.cap.unwrap_or(series_cap),
        expired: family.expired,
        bytes: series + places,
        overflow: family.overflow.as_ref().map(explain_overflow),
    }
}

fn explain_overflow(overflow: &Overflow) -> OverflowExplanation {
    OverflowExplanation {
        label: overflow.label.clone(),
        since: overflow.since,
        registrations: overflow.registrations,
        first_value_hash: overflow.first_value_hash.clone(),
    }
}

fn series_bytes(series: &Series) -> usize {
    let cell = match &series.cell {
        Cell::Counter(cell) => size_of_val(&**cell),
        Cell::Gauge(cell) => size_of_val(&**cell),
        Cell::Histogram(cell) => cell.bytes() + BLOCK,
        Cell::Summary(cell) => cell.bytes() + BLOCK,
    };
    grown(size_of::<Series>()) + series.text.len() + BLOCK + cell + 2 * size_of::<usize>() + BLOCK
}

/// The series' place in its metric, and its key among the known ones.
fn place_bytes(identity: &str) -> usize {
    let labels = identity.matches("=\"").count();
    let place = grown(size_of::<(String, usize)>()) + identity.len() + BLOCK;
    let key = grown(Known::<Cell>::ENTRY_BYTES) + labels * size_of::<Label>() + identity.len() + 3 * BLOCK;
    place + key
}

/// Vectors and tables double when they are full: on average a third of them is empty.
fn grown(bytes: usize) -> usize {
    bytes + bytes / 2
}

#[cfg(test)]
mod tests {
    use metrics::GaugeFn as _;

    use crate::builder::Metrics;
    use crate::registry::Kind;

    #[test]
    fn a_series_without_a_reading_has_its_place_and_its_bytes_though_the_page_leaves_it_out() {
        let metrics = Metrics::builder().build().unwrap();
        let name = "cpu_cfs_periods_total";
        let told = || metrics.explain().metrics.into_iter().find(|metric| metric.name == name);
        assert!(told().is_none());
        let cell = metrics.registry().reading(Kind::Counter, name, Vec::new()).unwrap();
        let hidden = told().unwrap();
        assert!(!metrics.render().contains(name));
        cell.set(7.0);
        let shown = told().unwrap();
        assert!(metrics.render().contains("\ncpu_cfs_periods_total 7\n"));
        assert_eq!((hidden.series, hidden.bytes), (1, shown.bytes));
        assert_eq!(shown.series, 1);
    }
}
