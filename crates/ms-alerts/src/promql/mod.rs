//! The part of PromQL that is evaluated: a selector, alone or compared with a number.
//!
//! Anything else is refused when the rule is loaded, by name and position.

mod load;
mod regex;
mod selector;
mod strict;
mod tokens;

pub(crate) use load::Refused;
use selector::Selector;

use crate::condition::Comparison;
use crate::samples::{Sample, Samples};

/// An expression that can be evaluated.
#[derive(Debug)]
pub(crate) struct Query {
    selector: Selector,
    filter: Option<Filter>,
}

/// A comparison of each sample with a number.
#[derive(Debug, Clone, Copy)]
struct Filter {
    comparison: Comparison,
    number: f64,
    /// The number stands on the left: it is what is greater, or less.
    reversed: bool,
}

impl Filter {
    fn holds(self, value: f64) -> bool {
        let Self { comparison, number, reversed } = self;
        if reversed { comparison.holds(number, value) } else { comparison.holds(value, number) }
    }
}

impl Query {
    pub(crate) fn parse(expression: &str) -> Result<Self, Refused> {
        load::parse(expression)
    }

    /// Gives the samples that make the answer. As in Prometheus a comparison filters and the value stays the series'.
    pub(crate) fn evaluate<'s>(
        &'s self,
        samples: &'s Samples<'_>,
        visible: impl Fn(&Sample<'s>) -> bool + 's,
    ) -> impl Iterator<Item = Sample<'s>> + 's {
        let (one, all) = match self.selector.name() {
            Some(name) => (Some(samples.named(name)), None),
            None => (None, Some(samples.iter())),
        };
        let candidates = one.into_iter().flatten().chain(all.into_iter().flatten());
        candidates.filter(move |sample| {
            visible(sample)
                && self.filter.is_none_or(|filter| filter.holds(sample.value()))
                && self.selector.matches(sample)
        })
    }
}
