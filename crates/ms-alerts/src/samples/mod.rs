//! What the rules look at: named, labelled numbers of one moment.

mod exposition;
#[cfg(feature = "rules")]
mod history;
mod number;
mod push;
#[cfg(feature = "webhook")]
mod scrape;
mod source;
mod values;

use std::borrow::Cow;
use std::collections::HashMap;
#[cfg(feature = "rules")]
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
#[cfg(feature = "rules")]
use std::sync::OnceLock;

pub use exposition::{ExpositionError, parse_exposition, parse_exposition_bytes};
#[cfg(feature = "rules")]
pub(crate) use history::{Asked, Clash, History, Incomplete, Limits, Point, Series};
pub(crate) use number::parse as parse_number;
pub use push::{PushError, PushSource};
#[cfg(feature = "webhook")]
pub use scrape::scrape;
pub(crate) use source::Reading;
pub use source::{Source, exposition, values};
pub use values::MetricValues;
pub(crate) use values::samples_of;

#[cfg(feature = "rules")]
use crate::fingerprint::of_labels;
use crate::labels::Labels;

/// The samples of one reading, grouped by name; they borrow from the text they were read from.
#[derive(Default)]
pub struct Samples<'a> {
    rows: Vec<Row<'a>>,
    /// All labels of all rows, each row a range: one allocation for thousands of rows.
    labels: Vec<(&'a str, Cow<'a, str>)>,
    names: HashMap<&'a str, Vec<usize>>,
    /// The names of which two rows are, or may be, the same series; found out for the first who asks.
    #[cfg(feature = "rules")]
    repeated: OnceLock<HashSet<String>>,
}

struct Row<'a> {
    name: &'a str,
    labels: Range<usize>,
    value: f64,
    timestamp: Option<i64>,
}

/// One sample of [`Samples`].
#[derive(Clone, Copy)]
pub struct Sample<'s> {
    name: &'s str,
    labels: &'s [(&'s str, Cow<'s, str>)],
    value: f64,
    timestamp: Option<i64>,
}

impl<'a> Samples<'a> {
    /// Gives the number of samples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Gives all samples in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = Sample<'_>> {
        self.rows.iter().filter_map(|row| self.sample(row))
    }

    /// Gives the samples of one name in the order in which they were read.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Sample<'_>> {
        let rows = self.names.get(name).map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|at| self.rows.get(*at)).filter_map(|row| self.sample(row))
    }

    /// Tells whether two samples of this name, or of any, may be of the same series.
    #[cfg(feature = "rules")]
    pub(crate) fn repeats(&self, name: Option<&str>) -> bool {
        let repeated = self.repeated.get_or_init(|| {
            let names = self.names.keys().filter(|name| {
                let mut hashes: Vec<u64> = self.named(name).map(|row| of_labels(row.labels())).collect();
                hashes.sort_unstable();
                hashes.array_windows().any(|[one, next]| one == next)
            });
            names.map(|name| (*name).to_owned()).collect()
        });
        name.map_or(!repeated.is_empty(), |name| repeated.contains(name))
    }

    /// Gives the names of the metrics, each once.
    #[cfg(feature = "rules")]
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().copied()
    }

    fn sample(&self, row: &Row<'a>) -> Option<Sample<'_>> {
        let labels = self.labels.get(row.labels.clone())?;
        Some(Sample { name: row.name, labels, value: row.value, timestamp: row.timestamp })
    }

    fn push_label(&mut self, name: &'a str, value: Cow<'a, str>) {
        self.labels.push((name, value));
    }

    /// With room for what so many bytes of an exposition hold, as most are.
    fn for_bytes(bytes: usize) -> Self {
        let (rows, labels) = (Vec::with_capacity(bytes / 96), Vec::with_capacity(bytes / 48));
        Self { rows, labels, ..Self::default() }
    }

    /// Where the labels of the last row are.
    fn labels_of_last(&self) -> Range<usize> {
        self.rows.last().map_or(0..0, |row| row.labels.clone())
    }

    /// Where the labels of the next row begin.
    fn next_labels(&self) -> usize {
        self.labels.len()
    }

    /// Ends a row whose labels were pushed since `first_label`.
    fn push_row(&mut self, name: &'a str, first_label: usize, value: f64, timestamp: Option<i64>) {
        self.rows.push(Row { name, labels: first_label..self.labels.len(), value, timestamp });
    }

    /// Makes [`Samples::named`] find what was pushed.
    fn index(mut self) -> Self {
        // The samples of a metric stand together in nearly every exposition: one look-up a run, not a row.
        let mut start = 0;
        for run in self.rows.chunk_by(|one, other| one.name == other.name) {
            if let Some(first) = run.first() {
                self.names.entry(first.name).or_default().extend(start..start + run.len());
            }
            start += run.len();
        }
        self
    }

    /// Adds the samples of another reading behind these.
    fn append(&mut self, other: Self) {
        let shift = self.labels.len();
        self.labels.extend(other.labels);
        self.rows.extend(
            other
                .rows
                .into_iter()
                .map(|row| Row { labels: row.labels.start + shift..row.labels.end + shift, ..row }),
        );
    }

    /// Joins readings of several sources.
    pub(crate) fn joined(readings: impl IntoIterator<Item = Self>) -> Self {
        let mut readings = readings.into_iter();
        let Some(mut first) = readings.next() else { return Self::default() };
        let mut more = false;
        for reading in readings {
            first.append(reading);
            more = true;
        }
        if !more {
            return first;
        }
        first.names.clear();
        #[cfg(feature = "rules")]
        first.repeated.take();
        first.index()
    }
}

impl<'s> Sample<'s> {
    /// What an expression gave: the name, if there is one, stands among the labels.
    pub(crate) fn of_labels(labels: &'s [(&'s str, Cow<'s, str>)], value: f64) -> Self {
        let name =
            labels.iter().find(|(name, _)| *name == "__name__").map_or("", |(_, value)| value.as_ref());
        Self { name, labels, value, timestamp: None }
    }

    /// Gives the name of the metric.
    pub fn name(&self) -> &'s str {
        self.name
    }

    /// Gives the value.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The same series with another value.
    pub(crate) fn with_value(self, value: f64) -> Self {
        Self { value, ..self }
    }

    /// Gives the explicit time stamp, in milliseconds since 1970, if the sample has one.
    pub fn timestamp(&self) -> Option<i64> {
        self.timestamp
    }

    /// Gives the labels as written, without those whose value is empty.
    pub fn labels(&self) -> impl Iterator<Item = (&'s str, &'s str)> {
        self.labels.iter().map(|(name, value)| (*name, value.as_ref()))
    }

    /// Gives the value of a label; a label that is not there is empty, as in Prometheus.
    pub(crate) fn label(&self, name: &str) -> &'s str {
        if name == "__name__" {
            return self.name;
        }
        self.labels.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value.as_ref())
    }

    /// The identity of the series: its name and its labels, sorted.
    pub(crate) fn series(&self) -> (&'s str, Labels) {
        (self.name, self.labels().collect())
    }
}

impl fmt::Debug for Samples<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Sample<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, labels) = self.series();
        write!(f, "{name}{labels:?} {:?}", self.value)
    }
}
