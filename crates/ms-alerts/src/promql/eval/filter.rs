//! Comparisons of series with a number, as most alerts are: labels are copied of what is left alone.

use super::{EvalError, Moment};
use crate::promql::plan::{Binary, Node, Operator, Source};
use crate::promql::selector::Selector;
use crate::promql::vector::{Element, distinct};

impl<'s> Moment<'s, '_, '_> {
    /// Gives what a comparison leaves; `None` where more than each value by itself has to be looked at.
    pub(super) fn filtered(&self, binary: &'s Binary) -> Result<Option<Vec<Element<'s>>>, EvalError> {
        let operator = binary.operator;
        if !matches!(operator, Operator::Compare { as_number: false, .. }) {
            return Ok(None);
        }
        let (series, number, reversed) = match (constant(&binary.left), constant(&binary.right)) {
            (None, Some(number)) => (&binary.left, number, false),
            (Some(number), None) => (&binary.right, number, true),
            _ => return Ok(None),
        };
        let keep = |value: f64| {
            let (left, right) = if reversed { (number, value) } else { (value, number) };
            operator.apply(left, right, value)
        };
        let vector = match series {
            Node::Select(selector, when) => self.select(selector, *when, |_, value| keep(value))?,
            Node::Over(range) if self.ledger.is_none() && self.is_of_one_metric(&range.window.of) => {
                self.over(range, keep)?
            }
            _ => return Ok(None),
        };
        distinct(vector).map(Some)
    }

    /// Tells whether no two series are the same but for their names.
    fn is_of_one_metric(&self, source: &Source) -> bool {
        let name = match source {
            Source::Series(selector) => Selector::name(selector),
            Source::Subquery { .. } => None,
        };
        name.is_some_and(|name| !self.history.is_in_two_places(name))
    }
}

fn constant(node: &Node) -> Option<f64> {
    match node {
        Node::Number(number) => Some(*number),
        Node::Negate(inner) => constant(inner).map(|number| -number),
        _ => None,
    }
}
