//! All series of one metric.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::buckets::Buckets;
use super::invalid::InvalidSamples;
use super::kind::Kind;
use super::overflow::Overflow;
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

impl Cell {
    /// Tells cells apart while they live.
    pub(super) fn address(&self) -> usize {
        match self {
            Self::Counter(cell) => Arc::as_ptr(cell).addr(),
            Self::Gauge(cell) => Arc::as_ptr(cell).addr(),
            Self::Histogram(cell) => Arc::as_ptr(cell).addr(),
            Self::Summary(cell) => Arc::as_ptr(cell).addr(),
        }
    }

    /// How many have it, about: who looks at it alone knows better.
    pub(super) fn holders(&self) -> usize {
        match self {
            Self::Counter(cell) => Arc::strong_count(cell),
            Self::Gauge(cell) => Arc::strong_count(cell),
            Self::Histogram(cell) => Arc::strong_count(cell),
            Self::Summary(cell) => Arc::strong_count(cell),
        }
    }

    /// Tells if nobody else has it; then all that was written to it is seen.
    pub(super) fn is_sole(&mut self) -> bool {
        match self {
            Self::Counter(cell) => Arc::get_mut(cell).is_some(),
            Self::Gauge(cell) => Arc::get_mut(cell).is_some(),
            Self::Histogram(cell) => Arc::get_mut(cell).is_some(),
            Self::Summary(cell) => Arc::get_mut(cell).is_some(),
        }
    }

    /// Adds the total of another cell of its metric. What saturates by it is not counted: the lock is held.
    pub(super) fn absorb(&self, other: &Self) {
        match (self, other) {
            (Self::Counter(cell), Self::Counter(other)) => cell.absorb(other),
            (Self::Histogram(cell), Self::Histogram(other)) => cell.absorb(other),
            (Self::Summary(cell), Self::Summary(other)) => cell.absorb(other),
            // Values that go up and down have no total.
            _ => {}
        }
    }
}

pub(super) struct Series {
    /// As it is exposed: for counters and gauges the whole line up to the value, for others the labels alone.
    pub(super) text: Box<str>,
    pub(super) cell: Cell,
    /// Registered since the last look for idle series.
    pub(super) used: bool,
    /// When it was last found in use.
    pub(super) last_used: Option<quanta::Instant>,
}

pub(super) struct LabelName {
    pub(super) name: String,
    given: String,
    /// How many series have it.
    pub(super) series: usize,
    /// Hashes of the first values, until an overflow has named the label with the most.
    values: FxHashSet<u64>,
}

/// As many values as make a label the widest: series that come and go would show more without end.
const MOST_VALUES: usize = 1_000;

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
    pub(super) buckets: Option<Arc<Buckets>>,
    /// New series are gauges without a value, also those of a counter: others' counters have fractions, begin anew, and
    /// may be missing.
    pub(super) collected: bool,
    pub(super) series: Vec<Series>,
    /// By labels in the order of their names.
    pub(super) places: FxHashMap<String, usize>,
    pub(super) label_names: Vec<LabelName>,
    /// The place of the series that stands for those without room and those that were idle.
    pub(super) other: Option<usize>,
    /// Its own bound; nothing if it has that of any metric.
    pub(super) cap: Option<usize>,
    /// Nothing if there was always room.
    pub(super) overflow: Option<Overflow>,
    /// How many idle series have left.
    pub(super) expired: u64,
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
            buckets,
            collected: false,
            series: Vec::new(),
            places: FxHashMap::default(),
            label_names: Vec::new(),
            other: None,
            cap: None,
            overflow: None,
            expired: 0,
        }
    }

    /// Gives all series to a collector, unless somebody else has some.
    pub(super) fn collect(&mut self) -> Result<(), Refusal> {
        self.collected |= self.series.is_empty();
        if self.collected { Ok(()) } else { Err(Refusal::Kind) }
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
        if let Some(series) = self.places.get(&identity).and_then(|place| self.series.get_mut(*place)) {
            series.used = true;
            return Ok(Placed { cell: series.cell.clone(), overflow: None });
        }
        // The last place is for the overflow. A series without labels is the only one of its kind.
        if labels.is_empty() || self.series.len() + usize::from(self.other.is_none()) < cap {
            let cell = self.make();
            self.add(name, identity, labels, cell.clone());
            return Ok(Placed { cell, overflow: None });
        }
        self.place_overflow(name, labels)
    }

    fn place_overflow(&mut self, name: &str, labels: &[CheckedLabel]) -> Result<Placed, Refusal> {
        let widest = match &self.overflow {
            Some(overflow) => overflow.label.clone(),
            None => self.widest_label(labels),
        };
        let value = labels.iter().find(|label| label.name == widest).or(labels.first());
        let value = value.map(|label| label.value.clone()).unwrap_or_default();
        let place = self.other_place(name, labels);
        let series = self.series.get_mut(place).ok_or(Refusal::LabelName)?;
        series.used = true;
        Ok(Placed { cell: series.cell.clone(), overflow: Some((widest, value)) })
    }

    /// Finds or makes the series that stands for others; one that is made has the names of `labels`.
    pub(super) fn other_place(&mut self, name: &str, labels: &[CheckedLabel]) -> usize {
        if let Some(place) = self.other {
            return place;
        }
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
        self.other = Some(place);
        place
    }

    fn make(&self) -> Cell {
        let invalid = Arc::clone(&self.invalid);
        match (self.kind, &self.buckets) {
            (Kind::Counter | Kind::Gauge, _) if self.collected => Cell::Gauge(Arc::new(GaugeCell::hidden())),
            (Kind::Counter, _) => Cell::Counter(Arc::new(CounterCell::new(invalid))),
            (Kind::Gauge, _) => Cell::Gauge(Arc::new(GaugeCell::new(invalid))),
            (Kind::Histogram, Some(buckets)) => {
                let cell = HistogramCell::new(Arc::clone(&buckets.bounds), invalid);
                #[cfg(feature = "native-histograms")]
                let cell = cell.with_native(buckets.native.as_ref());
                Cell::Histogram(Arc::new(cell))
            }
            (Kind::Histogram | Kind::Summary, _) => Cell::Summary(Arc::new(SummaryCell::new(invalid))),
        }
    }

    fn add(&mut self, name: &str, identity: String, labels: &[CheckedLabel], cell: Cell) -> usize {
        for label in labels {
            let hash = guard::hash_of(&label.value);
            match self.label_names.iter_mut().find(|known| known.name == label.name) {
                Some(known) => {
                    known.series += 1;
                    if self.overflow.is_none() && known.values.len() < MOST_VALUES {
                        known.values.insert(hash);
                    }
                }
                None => self.label_names.push(LabelName {
                    name: label.name.clone(),
                    given: label.given_name.clone(),
                    series: 1,
                    values: [hash].into_iter().collect(),
                }),
            }
        }
        let place = self.series.len();
        self.series.push(Series {
            text: exposed(self.kind, name, labels).into(),
            cell,
            used: true,
            last_used: None,
        });
        self.places.insert(identity, place);
        // A caller's own `__other__` is the one that all others come to.
        if !labels.is_empty() && labels.iter().all(|label| label.value == OTHER) {
            self.other = self.other.or(Some(place));
        }
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

/// In one allocation of its size, made next to the cell: pages of many series are bound by the memory they lie in.
fn exposed(kind: Kind, name: &str, labels: &[CheckedLabel]) -> String {
    let mut exposed = String::with_capacity(name.len() + "{} ".len() + length(labels));
    match kind {
        Kind::Histogram | Kind::Summary => join(&mut exposed, labels.iter()),
        Kind::Counter | Kind::Gauge => {
            exposed.push_str(name);
            if !labels.is_empty() {
                exposed.push('{');
                join(&mut exposed, labels.iter());
                exposed.push('}');
            }
            exposed.push(' ');
        }
    }
    exposed
}

/// How long the text of labels is, unless something in it is escaped.
fn length(labels: &[CheckedLabel]) -> usize {
    labels.iter().map(|label| label.name.len() + label.value.len() + "=\"\",".len()).sum()
}

pub(super) fn joined<'a>(labels: impl Iterator<Item = &'a CheckedLabel>) -> String {
    let mut joined = String::new();
    join(&mut joined, labels);
    joined
}

fn join<'a>(text: &mut String, labels: impl Iterator<Item = &'a CheckedLabel>) {
    for (place, label) in labels.enumerate() {
        if place > 0 {
            text.push(',');
        }
        text::label(text, &label.name, &label.value);
    }
}
