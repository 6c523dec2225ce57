//! The part of PromQL that is evaluated.
//!
//! Anything else is refused when the rule is loaded, by name and position.

mod aggregate;
mod binary;
mod calendar;
mod compat;
mod eval;
mod functions;
mod histogram;
mod labels;
mod load;
mod matching;
mod over;
mod plan;
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
pub(crate) use eval::EvalError;
pub(crate) use load::Refused;
pub(crate) use vector::Element;

use crate::samples::{Asked, History, Samples};
use plan::Node;

/// An expression that can be evaluated.
#[derive(Debug)]
pub(crate) struct Query(Node);

impl Query {
    pub(crate) fn parse(expression: &str) -> Result<Self, Refused> {
        load::parse(expression).map(Self)
    }

    /// Tells which metrics it looks back at.
    pub(crate) fn ask(&self, asked: &mut Asked) {
        self.0.looks_back(&mut |selector, span| asked.ask(selector.name(), span));
    }

    /// Gives the elements of the answer at `now`, in milliseconds since 1970, of which no two have the same labels; a number is one element without labels.
    ///
    /// `samples` are those of the moment, which `history` has recorded.
    pub(crate) fn evaluate<'s>(
        &'s self,
        samples: &'s Samples<'_>,
        history: &'s History,
        now: i64,
        dialect: Dialect,
    ) -> Result<Vec<Element<'s>>, EvalError> {
        let budget = eval::Budget::default();
        let moment = eval::Moment {
            samples: Some(samples),
            history,
            now,
            ahead: history.now().saturating_sub(now),
            bounds: (now, now),
            dialect,
            budget: &budget,
        };
        moment.answer(&self.0)
    }
}
