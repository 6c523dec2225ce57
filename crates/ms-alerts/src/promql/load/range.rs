//! Calls whose argument is a range.

use std::time::{Duration, UNIX_EPOCH};

use promql_parser::parser::{AtModifier, Call, Expr, Offset};

use super::{Refused, Written, named_labels, node, selector};
use crate::promql::over::of_range;
use crate::promql::plan::{At, LONGEST, Node, Range, Source, When, Window};
use crate::promql::tokens::find;

/// Of `@`, in milliseconds.
const FURTHEST: i64 = 100 * LONGEST;

/// Gives the call, or nothing if it is none of these.
pub(super) fn call(expression: &Written<'_>, call: &Call) -> Option<Result<Node, Refused>> {
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

fn range(
    expression: &Written<'_>,
    over: &Expr,
    number: Option<&Expr>,
) -> Result<(Window, Option<Node>), Refused> {
    let window = window(expression, over)?;
    Ok((window, number.map(|number| node(expression, number)).transpose()?))
}

pub(in crate::promql) fn window(expression: &Written<'_>, tree: &Expr) -> Result<Window, Refused> {
    match tree {
        Expr::Paren(inner) => window(expression, &inner.expr),
        Expr::MatrixSelector(matrix) => Ok(Window {
            of: Source::Series(selector(expression, &matrix.vs)?),
            range: milliseconds(expression, matrix.range, "[")?,
            when: when(expression, matrix.vs.at.as_ref(), matrix.vs.offset.as_ref())?,
        }),
        Expr::Subquery(subquery) => {
            let step = subquery.step.map(|step| milliseconds(expression, step, "[")).transpose()?;
            let inner = Box::new(node(expression, &subquery.expr)?);
            Ok(Window {
                of: Source::Subquery { inner, step: step.filter(|step| *step > 0) },
                range: milliseconds(expression, subquery.range, "[")?,
                when: when(expression, subquery.at.as_ref(), subquery.offset.as_ref())?,
            })
        }
        _ => {
            let message = "expected a range `[…]` or a subquery `[…:…]`".to_owned();
            Err(Refused { at: 0, message })
        }
    }
}

/// When samples are to be from.
pub(super) fn when(
    expression: &Written<'_>,
    at: Option<&AtModifier>,
    offset: Option<&Offset>,
) -> Result<When, Refused> {
    let offset = match offset {
        None => 0,
        Some(Offset::Pos(offset)) => milliseconds(expression, *offset, "offset")?,
        Some(Offset::Neg(offset)) => -milliseconds(expression, *offset, "offset")?,
    };
    let at = match at {
        None => At::Evaluation,
        Some(AtModifier::Start) => At::Start,
        Some(AtModifier::End) => At::End,
        Some(AtModifier::At(moment)) => {
            let since = match moment.duration_since(UNIX_EPOCH) {
                Ok(after) => i64::try_from(after.as_millis()).ok(),
                Err(before) => i64::try_from(before.duration().as_millis()).ok().map(|before| -before),
            };
            let in_range = since.filter(|since| (-FURTHEST..=FURTHEST).contains(since));
            At::Fixed(in_range.ok_or_else(|| Refused {
                at: find(expression, "@"),
                message: "a moment more than 10,000 years from 1970 is not supported".to_owned(),
            })?)
        }
    };
    Ok(When { at, offset })
}

/// `sign` is what stands before it in the expression.
fn milliseconds(expression: &Written<'_>, duration: Duration, sign: &str) -> Result<i64, Refused> {
    i64::try_from(duration.as_millis()).ok().filter(|span| *span <= LONGEST).ok_or_else(|| Refused {
        at: find(expression, sign),
        message: "a span of more than 100 years is not supported".to_owned(),
    })
}
