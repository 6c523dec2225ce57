//! What there was within a range: samples, or the answers of a subquery.

use std::collections::HashMap;
use std::ptr;

use super::ledger::Ledger;
use super::{EvalError, Moment};
use crate::promql::over::Stretch;
use crate::promql::plan::{Node, Over, Range, Source, Window};
use crate::promql::selector::Selector;
use crate::promql::vector::{Element, Key, distinct};
use crate::samples::Point;

impl<'s> Moment<'s, '_, '_> {
    /// `keep` leaves out what is not wanted; of the rest it makes the value.
    pub(super) fn over(
        &self,
        range: &'s Range,
        keep: impl Fn(f64) -> Option<f64>,
    ) -> Result<Vec<Element<'s>>, EvalError> {
        let argument = range.argument.as_ref().map_or(Ok(f64::NAN), |node| self.number(node))?;
        let (mut vector, mut outcome) = (Vec::new(), Ok(()));
        self.stretches(&range.window, |stretch, element| {
            let value = range.of(stretch, argument, self.dialect.compat).and_then(&keep);
            let Some(value) = value else { return };
            let mut element = element();
            element.value = value;
            if range.function != Over::Last {
                let dropped = Ledger::drop_name(self.ledger, ptr::from_ref(range).addr(), &mut element);
                outcome = outcome.and(dropped);
            }
            vector.push(element);
        })?;
        outcome?;
        distinct(vector)
    }

    /// Calls `visit` with each series that there was within a range, and with what makes an element of it.
    pub(in crate::promql) fn stretches(
        &self,
        window: &'s Window,
        visit: impl FnMut(&Stretch<'_>, &mut dyn FnMut() -> Element<'s>),
    ) -> Result<(), EvalError> {
        let end = self.moment(window.when);
        let start = end.saturating_sub(window.range);
        match &window.of {
            Source::Series(selector) => self.of_series(selector, start, end, visit),
            Source::Subquery { inner, step } => {
                self.of_subquery(inner, step.unwrap_or(self.dialect.step), start, end, visit)
            }
        }
    }

    fn of_series(
        &self,
        selector: &'s Selector,
        start: i64,
        end: i64,
        mut visit: impl FnMut(&Stretch<'_>, &mut dyn FnMut() -> Element<'s>),
    ) -> Result<(), EvalError> {
        let ahead = |moment: i64| moment.saturating_add(self.ahead);
        let (start, end, now) = (ahead(start), ahead(end), ahead(self.now));
        let mut spare = Vec::new();
        self.series(selector, |metric, series| {
            let points = series.between(self.dialect.compat.first(start), end, &mut spare);
            self.budget.spend(points.len())?;
            if !points.is_empty() {
                let stretch = Stretch { points, start, end, now };
                visit(&stretch, &mut || Element::of(metric, series.labels(), f64::NAN));
            }
            Ok(())
        })
    }

    /// Its steps are multiples of their length since 1970, whenever it is asked.
    fn of_subquery(
        &self,
        inner: &'s Node,
        step: i64,
        start: i64,
        end: i64,
        mut visit: impl FnMut(&Stretch<'_>, &mut dyn FnMut() -> Element<'s>),
    ) -> Result<(), EvalError> {
        let first = self.dialect.compat.first(start);
        let behind = first.rem_euclid(step);
        let mut at = if behind == 0 { first } else { first.saturating_add(step - behind) };
        let ledger = Ledger::default();
        let mut places: HashMap<Key<'s>, usize> = HashMap::new();
        let mut series: Vec<(Key<'s>, Vec<Point>)> = Vec::new();
        // Before the first, for so many steps that they are too many take long.
        let steps = end.saturating_sub(at).max(0) / step.max(1);
        self.budget.spend(usize::try_from(steps).unwrap_or(usize::MAX))?;
        while at <= end {
            let samples = self.samples.filter(|_| at == self.now);
            let then = Moment { samples, now: at, ledger: Some(&ledger), ..*self };
            for element in then.answer(inner)? {
                let point = Point::new(at, element.value);
                let key = element.into_key();
                let place = *places.entry(key.clone()).or_insert(series.len());
                match series.get_mut(place) {
                    Some((_, points)) => points.push(point),
                    None => series.push((key, vec![point])),
                }
            }
            at = at.saturating_add(step);
        }
        for (labels, points) in series {
            self.budget.spend(points.len())?;
            let stretch = Stretch { points: &points, start, end, now: self.now };
            let mut labels = Some(labels);
            visit(&stretch, &mut || Element::new(labels.take().unwrap_or_default(), f64::NAN));
        }
        Ok(())
    }
}
