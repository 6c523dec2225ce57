//! All series of one metric.

use std::sync::Arc;
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};

use super::buckets::Buckets;
use super::invalid::InvalidSamples;
use super::kind::Kind;
use crate::cells::{CounterCell, GaugeCell, HistogramCell};
use crate::exposition::text;
use crate::guard::{self, CheckedLabel, OTHER, Refusal};
use crate::summary::SummaryCell;

/// Where the numbers of a series are.
#[derive(Clone)]
pub(crate) enum Cell {
    Counter(Arc<CounterCell>),
    Gauge(Arc<GaugeCell>),
    Histogram(Arc<HistogramCell>),
    Summary(Arc<SummaryCell>),
}

pub(super) struct Series {
    /// As it is exposed: for counters and gauges the whole line up to the value, for others the labels alone.
    pub(super) text: Box<str>,
    pub(super) cell: Cell,
}

struct LabelName {
    name: String,
    given: String,
    /// Hashes of the values seen, until the first overflow has named the label with the most.
    values: FxHashSet<u64>,
}

/// A series that was found or made.
pub(crate) struct Placed {
    pub(crate) cell: Cell,
    /// The label with the most values, and this registration's value of it, if there was no room.
    pub(crate) overflow: Option<(String, String)>,
}

pub(crate) struct Family {
    invalid: Arc<InvalidSamples>,
    pub(crate) given: String,
    pub(crate) kind: Kind,
    pub(crate) warned: Option<Instant>,
    pub(super) buckets: Option<Arc<Buckets>>,
    /// New series are gauges without a value, also those of a counter: others' counters have fractions, begin anew, and
    /// may be missing.
    pub(super) collected: bool,
    pub(super) series: Vec<Series>,
    /// By labels in the order of their names.
    places: FxHashMap<String, usize>,
    label_names: Vec<LabelName>,
    /// The place of the series that stands for all without room, and the label that has too many values.
    overflow: Option<(usize, String)>,
}

impl Family {
    pub(crate) fn new(
        given: String,
        kind: Kind,
        buckets: Option<Arc<Buckets>>,
        invalid: Arc<InvalidSamples>,
    ) -> Self {
        Self {
            invalid,
            given,
            kind,
            warned: None,
            buckets,
            collected: false,
            series: Vec::new(),
            places: FxHashMap::default(),
            label_names: Vec::new(),
            overflow: None,
        }
    }

    /// Finds the series of `labels`, or makes it if there is room under `cap`.
    pub(crate) fn place(
        &mut self,
        name: &str,
        labels: &[CheckedLabel],
        cap: usize,
    ) -> Result<Placed, Refusal> {
        let identity = identity(labels);
        let meets_another = |label: &CheckedLabel| {
            self.label_names.iter().any(|known| known.name == label.name && known.given != label.given_name)
        };
        if labels.iter().any(meets_another) {
            return Err(Refusal::LabelName);
        }
        if let Some(series) = self.places.get(&identity).and_then(|place| self.series.get(*place)) {
            return Ok(Placed { cell: series.cell.clone(), overflow: None });
        }
        // The last place is for the overflow. A series without labels is the only one of its kind.
        if labels.is_empty() || self.series.len() + 1 < cap {
            let cell = self.make();
            self.add(name, identity, labels, cell.clone());
            return Ok(Placed { cell, overflow: None });
        }
        self.place_overflow(name, labels)
    }

    fn place_overflow(&mut self, name: &str, labels: &[CheckedLabel]) -> Result<Placed, Refusal> {
        let value_of = |name: &str| {
            let label = labels.iter().find(|label| label.name == name).or(labels.first());
            label.map(|label| label.value.clone()).unwrap_or_default()
        };
        if let Some((place, label)) = &self.overflow
            && let Some(series) = self.series.get(*place)
        {
            let overflow = Some((label.clone(), value_of(label)));
            return Ok(Placed { cell: series.cell.clone(), overflow });
        }
        let widest = self.widest_label(labels);
        let others: Vec<_> =
            labels.iter().map(|label| CheckedLabel { value: OTHER.to_owned(), ..label.clone() }).collect();
        let identity = identity(&others);
        let place = match self.places.get(&identity) {
            Some(place) => *place,
            None => {
                let cell = self.make();
                self.add(name, identity, &others, cell)
            }
        };
        self.overflow = Some((place, widest.clone()));
        let cell = self.series.get(place).map(|series| series.cell.clone()).ok_or(Refusal::LabelName)?;
        Ok(Placed { cell, overflow: Some((widest.clone(), value_of(&widest))) })
    }

    fn make(&self) -> Cell {
        let invalid = Arc::clone(&self.invalid);
        match (self.kind, &self.buckets) {
            (Kind::Counter | Kind::Gauge, _) if self.collected => Cell::Gauge(Arc::new(GaugeCell::hidden())),
            (Kind::Counter, _) => Cell::Counter(Arc::new(CounterCell::new(invalid))),
            (Kind::Gauge, _) => Cell::Gauge(Arc::new(GaugeCell::new(invalid))),
            (Kind::Histogram, Some(buckets)) => {
                Cell::Histogram(Arc::new(HistogramCell::new(Arc::clone(&buckets.bounds), invalid)))
            }
            (Kind::Histogram | Kind::Summary, _) => Cell::Summary(Arc::new(SummaryCell::new(invalid))),
        }
    }

    fn add(&mut self, name: &str, identity: String, labels: &[CheckedLabel], cell: Cell) -> usize {
        for label in labels {
            let hash = guard::hash_of(&label.value);
            match self.label_names.iter_mut().find(|known| known.name == label.name) {
                Some(known) => {
                    known.values.insert(hash);
                }
                None => self.label_names.push(LabelName {
                    name: label.name.clone(),
                    given: label.given_name.clone(),
                    values: [hash].into_iter().collect(),
                }),
            }
        }
        let place = self.series.len();
        self.series.push(Series { text: exposed(self.kind, name, labels).into(), cell });
        self.places.insert(identity, place);
        place
    }

    fn widest_label(&mut self, labels: &[CheckedLabel]) -> String {
        let counts =
            self.label_names.iter().filter(|known| labels.iter().any(|label| label.name == known.name));
        let widest = counts.max_by_key(|known| known.values.len()).map(|known| known.name.clone());
        for known in &mut self.label_names {
            known.values = FxHashSet::default();
        }
        widest.or_else(|| labels.first().map(|label| label.name.clone())).unwrap_or_default()
    }
}

/// Equal for equal labels in whatever order, and only for these.
fn identity(labels: &[CheckedLabel]) -> String {
    let mut sorted: Vec<_> = labels.iter().collect();
    sorted.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    joined(sorted.into_iter())
}

fn exposed(kind: Kind, name: &str, labels: &[CheckedLabel]) -> String {
    let labels = joined(labels.iter());
    match kind {
        Kind::Histogram | Kind::Summary => labels,
        Kind::Counter | Kind::Gauge if labels.is_empty() => format!("{name} "),
        Kind::Counter | Kind::Gauge => format!("{name}{{{labels}}} "),
    }
}

fn joined<'a>(labels: impl Iterator<Item = &'a CheckedLabel>) -> String {
    let mut joined = String::new();
    for label in labels {
        if !joined.is_empty() {
            joined.push(',');
        }
        text::label(&mut joined, &label.name, &label.value);
    }
    joined
}
