//! The part of PromQL that is evaluated: what needs the samples of one moment only.
//!
//! Anything else is refused when the rule is loaded, by name and position.

mod aggregate;
mod binary;
mod eval;
mod functions;
mod load;
mod matching;
mod plan;
mod regex;
mod selector;
mod strict;
mod tokens;
mod vector;

pub(crate) use eval::EvalError;
pub(crate) use load::Refused;
pub(crate) use vector::Element;

use crate::samples::{Sample, Samples};
use plan::Node;

/// An expression that can be evaluated.
#[derive(Debug)]
pub(crate) struct Query(Node);

impl Query {
    pub(crate) fn parse(expression: &str) -> Result<Self, Refused> {
        load::parse(expression).map(Self)
    }

    /// Gives the elements of the answer at `now`, in milliseconds since 1970, of which no two have the same labels; a number is one element without labels.
    pub(crate) fn evaluate<'s>(
        &'s self,
        samples: &'s Samples<'_>,
        now: i64,
        visible: &dyn Fn(&Sample<'s>) -> bool,
    ) -> Result<Vec<Element<'s>>, EvalError> {
        eval::Moment { samples, now, visible }.answer(&self.0)
    }
}
