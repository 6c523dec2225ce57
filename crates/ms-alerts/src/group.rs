//! Rules, and the groups in which they are evaluated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::condition::Condition;
use crate::labels::Labels;
use crate::no_data::NoData;
use crate::over::Range;
use crate::samples::Sample;
use crate::state::Timing;
use crate::template::{Scene, Template};
use crate::tracked::Tracked;

/// Rules that are evaluated at one interval.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) about: Arc<About>,
    pub(crate) rules: Vec<Tracked>,
}

/// What is known of a group from the beginning. Groups of which the same is known are evaluated together.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(not(feature = "axum"), allow(dead_code, reason = "told over HTTP alone"))]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) file: String,
    /// `None` for rules that are only checked by hand.
    pub(crate) interval: Option<Duration>,
    /// How many alerts or series each rule may have; 0 is any number.
    pub(crate) limit: usize,
}

impl Group {
    /// The group of the rules made in code.
    pub(crate) fn own(rules: Vec<Tracked>) -> Self {
        Self { about: Arc::default(), rules }
    }

    /// Sets the interval of a group that has none of its own.
    pub(crate) fn default_interval(&mut self, interval: Duration) {
        if let Some(about) = Arc::get_mut(&mut self.about) {
            about.interval.get_or_insert(interval);
        }
    }
}

/// A rule, ready to be evaluated.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) what: What,
    pub(crate) timing: Timing,
    pub(crate) no_data: NoData,
    /// How long there must be none.
    pub(crate) no_data_for: Duration,
    /// How many alerts may be pending or firing, or series written.
    pub(crate) limit: Option<usize>,
    /// How long after a moment it is evaluated, in milliseconds.
    #[cfg(feature = "rules")]
    pub(crate) offset: i64,
    pub(crate) labels: Vec<(String, Template)>,
    pub(crate) annotations: Vec<(String, Template)>,
}

#[derive(Debug)]
pub(crate) enum What {
    Threshold(Threshold),
    #[cfg(feature = "rules")]
    Promql(crate::promql::Query),
    /// Writes what it gives under the rule's name.
    #[cfg(feature = "rules")]
    Record(crate::promql::Query),
}

/// A condition on the last value of a metric, or on its values over a range.
#[derive(Debug)]
pub(crate) struct Threshold {
    pub(crate) metric: String,
    pub(crate) condition: Condition,
    pub(crate) threshold: f64,
    /// What is judged in place of the last value.
    pub(crate) range: Option<Range>,
    /// In place of the threshold while the alert fires.
    pub(crate) clear_at: f64,
}

impl Threshold {
    /// May panic, if a closure does.
    pub(crate) fn holds(&self, value: f64, fires: bool) -> bool {
        self.condition.holds(value, if fires { self.clear_at } else { self.threshold })
    }
}

/// What people are shown of an alert.
pub(crate) struct Shown {
    pub(crate) labels: Labels,
    pub(crate) annotations: Labels,
}

/// Why a rule could not be evaluated. Its state is what it was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Panicked,
    #[cfg(feature = "rules")]
    SameLabels,
    #[cfg(feature = "rules")]
    Expression(crate::promql::EvalError),
    Limit(usize),
    /// More values to look back at than are kept.
    Full(usize),
}

impl Rule {
    /// The series that a recording rule writes of this sample: under its name, with its labels.
    #[cfg(feature = "rules")]
    pub(crate) fn recorded(&self, sample: &Sample<'_>) -> Labels {
        let own = self.labels.iter().map(|(name, text)| (name.clone(), text.source().to_owned()));
        let of_series = sample.labels().map(|(name, value)| (name.to_owned(), value.to_owned()));
        of_series.chain([("__name__".to_owned(), self.name.clone())]).chain(own).collect()
    }

    /// The labels and texts of an alert on this sample: the rule's labels win over those of the series.
    pub(crate) fn show(&self, sample: &Sample<'_>, scene: &Scene<'_>) -> Shown {
        let of_series = sample
            .labels()
            .filter(|(name, _)| *name != "__name__")
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own = self.labels.iter().map(|(name, text)| (name.clone(), text.fill(sample, scene)));
        let name = [("alertname".to_owned(), self.name.clone())];
        let annotations =
            self.annotations.iter().map(|(name, text)| (name.clone(), text.fill(sample, scene)));
        Shown {
            labels: of_series.chain(own).chain(name).collect(),
            annotations: Labels::of_texts(annotations.collect()),
        }
    }
}

impl Failure {
    /// The value of the label `reason`.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Panicked => "panic",
            #[cfg(feature = "rules")]
            Self::SameLabels => "same_labels",
            #[cfg(feature = "rules")]
            Self::Expression(error) if error.is_of_budget() => "budget",
            #[cfg(feature = "rules")]
            Self::Expression(_) => "expression",
            Self::Limit(_) | Self::Full(_) => "limit",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("the condition panicked"),
            #[cfg(feature = "rules")]
            Self::SameLabels => f.write_str("two series give alerts or series with the same labels"),
            #[cfg(feature = "rules")]
            Self::Expression(error) => error.fmt(f),
            Self::Full(most) => write!(f, "more than {most} values to look back at"),
            Self::Limit(limit) => write!(f, "more than {limit} alerts or series"),
        }
    }
}
