//! Why a selector finds what it finds.

use super::super::eval::{EvalError, Moment};
use super::super::plan::{Source, Window};
use super::super::selector::Selector;
use super::super::vector::NAME;
use crate::samples::{History, Series};

/// How many series a selector finds, however old they are.
pub(super) fn by(selector: &Selector, history: &History) -> Result<usize, EvalError> {
    count(selector, history, |metric, series| selector.matches(|name| label(metric, series, name)))
}

fn label<'s>(metric: &'s str, series: &'s Series, name: &str) -> &'s str {
    if name == NAME { metric } else { series.label(name) }
}

fn count(
    selector: &Selector,
    history: &History,
    takes: impl Fn(&str, &Series) -> bool,
) -> Result<usize, EvalError> {
    Ok(history.series(selector.name())?.filter(|(metric, series)| takes(metric, series)).count())
}

/// `found` series match, of which `left` have a sample that is young enough.
pub(super) fn notes(
    selector: &Selector,
    history: &History,
    found: usize,
    left: usize,
) -> Result<Vec<String>, EvalError> {
    if found > 0 {
        let old = found.saturating_sub(left);
        let note = format!("{old} of {found} series have no sample of the 5 minutes before, or have gone");
        return Ok(if old > 0 { vec![note] } else { Vec::new() });
    }
    let all = count(selector, history, |_, _| true)?;
    if all == 0 {
        let name = selector
            .name()
            .map_or("there is no series".to_owned(), |name| format!("no series is called `{name}`"));
        return Ok(vec![name]);
    }
    let called = if selector.name().is_some() { " of this name" } else { "" };
    let mut notes = Vec::new();
    for matcher in selector.matchers() {
        let taken =
            count(selector, history, |metric, series| matcher.takes(label(metric, series, matcher.label())))?;
        if taken == 0 {
            notes.push(format!("`{matcher}` matches none of {all} series{called}"));
        }
    }
    if notes.is_empty() {
        notes.push(format!("each matcher takes some of {all} series{called}, but all of them take none"));
    }
    Ok(notes)
}

/// How many series a range finds, and what there is of them.
pub(super) fn range<'s>(
    window: &'s Window,
    moment: &Moment<'s, '_, '_>,
    history: &'s History,
) -> Result<(usize, Vec<String>), EvalError> {
    let Source::Series(selector) = &window.of else { return Ok((0, Vec::new())) };
    let found = by(selector, history)?;
    let (mut with, mut samples, mut fewest) = (0_usize, 0_usize, usize::MAX);
    moment.stretches(window, |stretch, _| {
        with += 1;
        samples += stretch.points.len();
        fewest = fewest.min(stretch.points.len());
    })?;
    if found == 0 {
        return Ok((0, notes(selector, history, 0, 0)?));
    }
    let mut notes = vec![format!("{with} of {found} series have samples in the range, {samples} in all")];
    if fewest == 1 {
        notes.push("where there is only one, nothing can be said of how it changes".to_owned());
    }
    Ok((found, notes))
}
