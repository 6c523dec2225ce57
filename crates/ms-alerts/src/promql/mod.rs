//! The part of PromQL that is evaluated.
//!
//! Anything else is refused when the rule is loaded, by name and position.

mod aggregate;
mod binary;
mod calendar;
mod compat;
mod digits;
mod eval;
pub(crate) mod explain;
mod functions;
mod histogram;
mod labels;
mod load;
mod matching;
pub(crate) mod notation;
mod over;
mod plan;
mod reach;
pub(crate) mod regex;
mod regression;
mod selector;
mod sort;
mod strict;
mod tokens;
mod top;
mod vector;

pub use compat::Compat;
pub(crate) use compat::Dialect;
pub(crate) use eval::{EvalError, Value as Result};
pub(crate) use labels::expand;
pub(crate) use load::Refused;
pub(crate) use reach::Reach;
pub(crate) use strict::Syntax;
pub(crate) use vector::Element;

use crate::samples::{Asked, History, Samples};
use plan::Node;

/// An expression that can be evaluated.
#[derive(Debug)]
pub(crate) struct Query {
    node: Node,
    /// As the parser writes it.
    text: String,
    /// The earliest moment that is looked at whenever it is evaluated, in milliseconds since 1970.
    earliest: Option<i64>,
}

impl Query {
    /// `written_for` tells which servers have to read it.
    pub(crate) fn parse(
        expression: &str,
        written_for: impl Into<Syntax>,
    ) -> std::result::Result<Self, Refused> {
        let (node, text) = load::parse(expression, written_for.into())?;
        let mut earliest = None;
        node.looks_back_from(Reach::NOW, &mut |_, reach| {
            if let Reach::Fixed { from, .. } = reach {
                earliest = Some(earliest.map_or(from, |earliest: i64| earliest.min(from)));
            }
        });
        Ok(Self { node, text, earliest })
    }

    /// Gives the expression, written anew as a server shows it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Tells which metrics it looks back at if it is evaluated `offset` milliseconds late.
    pub(crate) fn ask(&self, asked: &mut Asked, offset: i64) {
        self.node
            .looks_back_from(Reach::Back(offset), &mut |selector, reach| asked.ask(selector.name(), reach));
    }

    /// Calls `look` with each metric that it looks at, and with what of it.
    pub(crate) fn looks_at(&self, mut look: impl FnMut(Option<&str>, Reach)) {
        self.node.looks_back_from(Reach::NOW, &mut |selector, reach| look(selector.name(), reach));
    }

    /// Tells whether the history keeps all that it looks back at.
    pub(crate) fn is_kept(&self, history: &History) -> bool {
        let mut is_kept = true;
        self.looks_at(|name, reach| is_kept &= history.keeps(name, reach));
        is_kept
    }

    /// Gives the elements of the answer at `now`, in milliseconds since 1970, of which no two have the same labels; a number is one element without labels.
    ///
    /// `samples` are those of `now`, which `history` has recorded; the moment is `offset` milliseconds before.
    pub(crate) fn evaluate<'s>(
        &'s self,
        samples: &'s Samples<'_>,
        history: &'s History,
        now: i64,
        offset: i64,
        dialect: Dialect,
    ) -> std::result::Result<Vec<Element<'s>>, EvalError> {
        if self.earliest.is_some_and(|earliest| !history.knows(earliest)) {
            return Err(EvalError::BeforeStart);
        }
        let budget = eval::Budget::default();
        let at = now.saturating_sub(offset);
        let samples = Some(samples).filter(|_| offset == 0 && !history.is_whole());
        let mut moment = eval::Moment::new(samples, history, at, (at, at), dialect, &budget);
        moment.ahead = history.now().saturating_sub(now);
        moment.answer(&self.node)
    }

    /// Gives the answer at any moment of which the history knows, in milliseconds since 1970; `bounds` are the first and the
    /// last that are asked for.
    pub(crate) fn evaluate_at<'s>(
        &'s self,
        history: &'s History,
        at: i64,
        bounds: (i64, i64),
        dialect: Dialect,
    ) -> std::result::Result<Result<'s>, EvalError> {
        let budget = eval::Budget::default();
        let moment = eval::Moment::new(None, history, at, bounds, dialect, &budget);
        moment.value(&self.node)
    }

    /// Gives the answers at the `moments` of a range to `visit`, one after the other, until they cost too much together.
    pub(crate) fn evaluate_range<'s>(
        &'s self,
        history: &'s History,
        moments: impl IntoIterator<Item = i64>,
        bounds: (i64, i64),
        dialect: Dialect,
        mut visit: impl FnMut(i64, Result<'s>),
    ) -> std::result::Result<(), EvalError> {
        let whole = eval::Budget::of_range();
        for at in moments {
            let budget = eval::Budget::default();
            visit(at, eval::Moment::new(None, history, at, bounds, dialect, &budget).value(&self.node)?);
            whole.take(&budget)?;
        }
        Ok(())
    }
}
