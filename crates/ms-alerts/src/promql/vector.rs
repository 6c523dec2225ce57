//! Labelled numbers in the midst of an evaluation.

use std::borrow::Cow;
use std::collections::HashSet;

use super::eval::EvalError;
use super::plan::Grouping;

pub(super) const NAME: &str = "__name__";

/// One element of an answer; its labels borrow from the samples and the query.
#[derive(Debug, Clone)]
pub(crate) struct Element<'s> {
    /// The name of the metric, sorted in among the other labels, which are sorted by name.
    labels: Vec<(&'s str, Cow<'s, str>)>,
    pub(super) value: f64,
}

/// Labels by which elements are told apart or put together.
pub(super) type Key<'s> = Vec<(&'s str, Cow<'s, str>)>;

impl<'s> Element<'s> {
    pub(super) fn of(metric: &'s str, labels: impl Iterator<Item = (&'s str, &'s str)>, value: f64) -> Self {
        let labels = labels.chain([(NAME, metric)]);
        let labels = labels.map(|(name, value)| (name, Cow::Borrowed(value)));
        Self::new(labels.filter(|(_, value)| !value.is_empty()).collect(), value)
    }

    pub(super) fn new(mut labels: Key<'s>, value: f64) -> Self {
        labels.sort_unstable_by(|one, other| one.0.cmp(other.0));
        Self { labels, value }
    }

    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    /// Gives the labels, the metric's name among them.
    pub(crate) fn labels(&self) -> &[(&'s str, Cow<'s, str>)] {
        &self.labels
    }

    /// The labels that the elements of one group have in common.
    pub(super) fn key(&self, grouping: &Grouping) -> Key<'s> {
        let kept = |name: &str| match grouping {
            Grouping::By(labels) => labels.iter().any(|label| label == name),
            Grouping::Without(labels) => name != NAME && !labels.iter().any(|label| label == name),
        };
        self.labels.iter().filter(|(name, _)| kept(name)).cloned().collect()
    }

    pub(super) fn drop_name(&mut self) {
        self.labels.retain(|(name, _)| *name != NAME);
    }

    /// Gives the value of a label; one that is not there is empty.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_ref())
    }

    /// An empty value takes the label away.
    pub(super) fn set(&mut self, label: &'s str, value: Cow<'s, str>) {
        self.labels.retain(|(name, _)| *name != label);
        if !value.is_empty() {
            let at = self.labels.partition_point(|(name, _)| *name < label);
            self.labels.insert(at, (label, value));
        }
    }

    /// Gives the labels alone.
    pub(super) fn into_key(self) -> Key<'s> {
        self.labels
    }

    /// Takes over a label of another element; where that has none, there is none.
    pub(super) fn take(&mut self, label: &'s str, other: &Self) {
        self.labels.retain(|(name, _)| *name != label);
        if let Some((_, value)) = other.labels.iter().find(|(name, _)| *name == label) {
            let at = self.labels.partition_point(|(name, _)| *name < label);
            self.labels.insert(at, (label, value.clone()));
        }
    }
}

/// Refuses a vector in which two elements have the same labels.
pub(super) fn distinct(vector: Vec<Element<'_>>) -> Result<Vec<Element<'_>>, EvalError> {
    if vector.len() < 2 {
        return Ok(vector);
    }
    let mut seen = HashSet::with_capacity(vector.len());
    if vector.iter().all(|element| seen.insert(&element.labels)) {
        drop(seen);
        return Ok(vector);
    }
    Err(EvalError::SameLabels)
}
