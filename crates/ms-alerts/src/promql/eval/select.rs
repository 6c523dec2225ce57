//! The samples that a selector finds.

use std::cell::Cell;
use std::collections::HashSet;

use super::{EvalError, Moment};
use crate::promql::plan::{LOOK_BACK, When};
use crate::promql::selector::Selector;
use crate::promql::vector::{Element, NAME};
use crate::samples::{Sample, Samples, Series};

impl<'s> Moment<'s, '_, '_> {
    /// `value` makes one of when a sample is from, in milliseconds since 1970, and of what it is, or leaves the sample out.
    pub(super) fn select(
        &self,
        selector: &'s Selector,
        when: When,
        value: impl Fn(i64, f64) -> Option<f64>,
    ) -> Result<Vec<Element<'s>>, EvalError> {
        let moment = self.moment(when);
        let looked_at = Cell::new(0);
        let value = |at, number| {
            looked_at.update(|before| before + 1);
            value(at, number)
        };
        let selected = match self.samples.filter(|_| moment == self.now) {
            Some(samples) => self.of_the_moment(samples, selector, value)?,
            None => self.of_history(self.history.series(selector.name())?, selector, moment, value)?,
        };
        self.budget.spend(looked_at.get())?;
        Ok(selected)
    }

    fn of_the_moment(
        &self,
        samples: &'s Samples<'_>,
        selector: &'s Selector,
        value: impl Fn(i64, f64) -> Option<f64>,
    ) -> Result<Vec<Element<'s>>, EvalError> {
        let written = self.history.written(selector.name())?;
        let written = self.of_history(written, selector, self.now, &value)?;
        let may_be_seen = self.history.has_written(selector.name()) || samples.repeats(selector.name());
        let mut seen = HashSet::new();
        let mut selected = Vec::new();
        let mut consider = |sample: Sample<'s>| {
            if !self.is_visible(&sample) || !selector.matches(|name| sample.label(name)) {
                return;
            }
            let value = value(sample.timestamp().unwrap_or(self.now), sample.value());
            if value.is_none() && !may_be_seen {
                return;
            }
            let element = Element::of(sample.name(), sample.labels(), value.unwrap_or(f64::NAN));
            // Of two samples of one series in one exposition, the server keeps the first.
            if (!may_be_seen || seen.insert(element.labels().to_vec())) && value.is_some() {
                selected.push(element);
            }
        };
        match selector.name() {
            Some(name) => samples.named(name).for_each(&mut consider),
            None => samples.iter().for_each(&mut consider),
        }
        selected.extend(written.into_iter().filter(|element| !seen.contains(element.labels())));
        Ok(selected)
    }

    /// A sample with a time stamp of its own may be too old, or not be yet.
    fn is_visible(&self, sample: &Sample<'_>) -> bool {
        let first = self.dialect.compat.first(self.now.saturating_sub(LOOK_BACK));
        sample.timestamp().is_none_or(|at| (first..=self.now).contains(&at))
    }

    fn of_history(
        &self,
        series: impl Iterator<Item = (&'s str, &'s Series)>,
        selector: &'s Selector,
        moment: i64,
        value: impl Fn(i64, f64) -> Option<f64>,
    ) -> Result<Vec<Element<'s>>, EvalError> {
        let last = moment.saturating_add(self.ahead);
        let first = self.dialect.compat.first(last.saturating_sub(LOOK_BACK));
        let mut selected = Vec::new();
        for (metric, series) in series {
            self.budget.step(1)?;
            if !matches(selector, metric, series) {
                continue;
            }
            let found = series.last_between(first, last);
            let value = found.and_then(|point| value(point.at.saturating_sub(self.ahead), point.value));
            selected.extend(value.map(|value| Element::of(metric, series.labels(), value)));
        }
        Ok(selected)
    }

    /// Calls `visit` with each series that a selector finds.
    pub(super) fn series(
        &self,
        selector: &'s Selector,
        mut visit: impl FnMut(&'s str, &'s Series) -> Result<(), EvalError>,
    ) -> Result<(), EvalError> {
        for (metric, series) in self.history.series(selector.name())? {
            self.budget.step(1)?;
            if matches(selector, metric, series) {
                visit(metric, series)?;
            }
        }
        Ok(())
    }
}

fn matches(selector: &Selector, metric: &str, series: &Series) -> bool {
    selector.matches(|name| if name == NAME { metric } else { series.label(name) })
}
