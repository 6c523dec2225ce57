//! What rules ask of the history.

use std::collections::{HashMap, HashSet};

use crate::promql::Reach;

/// Which metrics are asked for, and what of them, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    by_name: HashMap<String, Span>,
    /// By selectors that name no metric.
    of_all: Option<Span>,
    /// Which of them as of now, and whether all: of those only what rules write has to be kept.
    now: HashSet<String>,
    all_now: bool,
}

/// What of a metric is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Span {
    /// How far back from now.
    pub(super) back: i64,
    /// From when to when, whatever the time, by the wall clock.
    fixed: Vec<(i64, i64)>,
}

impl Asked {
    /// For all there ever was.
    pub(super) fn for_everything() -> Self {
        let span = Span { back: i64::MAX, fixed: Vec::new() };
        Self { all_now: true, of_all: Some(span), ..Self::default() }
    }

    /// What is asked for the moment alone is in the samples.
    pub(crate) fn ask(&mut self, name: Option<&str>, reach: Reach) {
        match name {
            Some(name) if reach == Reach::NOW => drop(self.now.insert(name.to_owned())),
            None if reach == Reach::NOW => self.all_now = true,
            Some(name) => self.by_name.entry(name.to_owned()).or_default().add(reach),
            None => self.of_all.get_or_insert_default().add(reach),
        }
    }

    /// Tells whether any rule reads this metric.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.all_now || self.of_all.is_some() || self.by_name.contains_key(name) || self.now.contains(name)
    }

    /// The longest span, in milliseconds.
    pub(crate) fn longest(&self) -> i64 {
        self.by_name.values().chain(&self.of_all).map(|span| span.back).max().unwrap_or_default()
    }

    /// Tells whether any rule looks back.
    pub(super) fn looks_back(&self) -> bool {
        self.of_all.is_some() || !self.by_name.is_empty()
    }

    /// Gives the metrics that are looked back at; nothing if it is all of them.
    pub(super) fn names(&self) -> Option<Vec<String>> {
        self.of_all.is_none().then(|| self.by_name.keys().cloned().collect())
    }

    /// Gives what is kept of a metric, if it is looked back at.
    pub(super) fn span(&self, name: &str) -> Option<Span> {
        match (self.by_name.get(name), &self.of_all) {
            (Some(one), Some(other)) => Some(one.clone().and(other)),
            (one, other) => one.or(other.as_ref()).cloned(),
        }
    }

    /// Tells whether all of it is kept, of a metric or of all.
    pub(super) fn keeps(&self, name: Option<&str>, reach: Reach) -> bool {
        if reach == Reach::NOW {
            return name.map_or(self.all_now || self.of_all.is_some(), |name| self.reads(name));
        }
        let of_name = name.and_then(|name| self.by_name.get(name));
        of_name.into_iter().chain(&self.of_all).any(|span| span.holds(reach))
    }
}

impl Span {
    fn add(&mut self, reach: Reach) {
        match reach {
            Reach::Back(back) => self.back = self.back.max(back),
            Reach::Fixed { from, to } if !self.fixed.contains(&(from, to)) => self.fixed.push((from, to)),
            Reach::Fixed { .. } => {}
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.back = self.back.max(other.back);
        other.fixed.iter().for_each(|(from, to)| self.add(Reach::Fixed { from: *from, to: *to }));
        self
    }

    fn holds(&self, reach: Reach) -> bool {
        match reach {
            Reach::Back(back) => self.back >= back,
            Reach::Fixed { .. } if self.back == i64::MAX => true,
            Reach::Fixed { from, to } => self.fixed.iter().any(|(first, last)| *first <= from && to <= *last),
        }
    }

    /// Tells whether nothing is kept but what is not too old.
    pub(super) fn is_plain(&self) -> bool {
        self.fixed.is_empty()
    }

    /// Tells whether a moment is kept for ever.
    pub(super) fn is_fixed(&self, at: i64) -> bool {
        self.fixed.iter().any(|(from, to)| (*from..=*to).contains(&at))
    }

    /// Until when it is felt that a sample of now is missing.
    pub(super) fn until(&self, now: i64, wall: i64) -> i64 {
        if self.is_fixed(wall) { i64::MAX } else { now.saturating_add(self.back) }
    }
}
