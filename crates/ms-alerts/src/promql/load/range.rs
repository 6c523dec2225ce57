//! Calls whose argument is a range.

use std::time::Duration;

use promql_parser::parser::{Call, Expr, Offset, VectorSelector};

use super::{Refused, named_labels, node, selector};
use crate::promql::over::of_range;
use crate::promql::plan::{Node, Range, Window};
use crate::promql::tokens::find;

/// Longer spans would overflow sums of moments.
const LONGEST: i64 = 100 * 365 * 24 * 60 * 60 * 1000;

/// Gives the call, or nothing if it is none of these.
pub(super) fn call(expression: &str, call: &Call) -> Option<Result<Node, Refused>> {
    let name = call.func.name;
    let (first, second) = (call.args.args.first()?, call.args.args.get(1));
    if name == "absent_over_time" {
        let window = window(expression, first);
        return Some(window.map(|window| Node::AbsentOver(Box::new(window), named_labels(first))));
    }
    let function = of_range(name)?;
    let (over, number) = if name == "quantile_over_time" {
        (&**second?, Some(&**first))
    } else {
        (&**first, second.map(|second| &**second))
    };
    Some(
        range(expression, over, number)
            .map(|(window, argument)| Node::Over(Box::new(Range { function, window, argument }))),
    )
}

fn range(expression: &str, over: &Expr, number: Option<&Expr>) -> Result<(Window, Option<Node>), Refused> {
    let window = window(expression, over)?;
    Ok((window, number.map(|number| node(expression, number)).transpose()?))
}

fn window(expression: &str, tree: &Expr) -> Result<Window, Refused> {
    match tree {
        Expr::Paren(inner) => window(expression, &inner.expr),
        Expr::MatrixSelector(matrix) => Ok(Window {
            selector: selector(expression, &matrix.vs)?,
            range: milliseconds(expression, matrix.range)?,
            offset: offset(expression, &matrix.vs)?,
        }),
        _ => {
            let message = "a subquery `[…:…]` is not supported".to_owned();
            Err(Refused { at: find(expression, "["), message })
        }
    }
}

/// How long ago the samples are to be, in milliseconds.
pub(super) fn offset(expression: &str, vector: &VectorSelector) -> Result<i64, Refused> {
    match &vector.offset {
        None => Ok(0),
        Some(Offset::Pos(offset)) => milliseconds(expression, *offset),
        Some(Offset::Neg(_)) => {
            let message = "a negative `offset` is not supported".to_owned();
            Err(Refused { at: find(expression, "offset"), message })
        }
    }
}

fn milliseconds(expression: &str, duration: Duration) -> Result<i64, Refused> {
    i64::try_from(duration.as_millis()).ok().filter(|span| *span <= LONGEST).ok_or_else(|| Refused {
        at: find(expression, "["),
        message: "a span of more than 100 years is not supported".to_owned(),
    })
}
