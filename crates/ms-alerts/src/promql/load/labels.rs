//! Calls that change labels: their names and patterns are known when a rule is loaded.

use promql_parser::parser::Expr;

use super::{Refused, Written, node};
use crate::labels::is_label_name;
use crate::promql::plan::{LabelJoin, LabelReplace, Node};
use crate::promql::regex;
use crate::promql::strict::Syntax;
use crate::promql::tokens::{find, tokens};

/// `label_replace(vector, to, replacement, from, pattern)`.
pub(super) fn replace(expression: &Written<'_>, vector: &Expr, texts: &[Box<Expr>]) -> Result<Node, Refused> {
    let [to, replacement, from, pattern] = texts else { return Err(wants_texts()) };
    let pattern = regex::compile(text(pattern)?).map_err(|why| Refused {
        at: find(expression, "label_replace"),
        message: format!("regular expression of `label_replace`: {why}"),
    })?;
    Ok(Node::LabelReplace(Box::new(LabelReplace {
        inner: node(expression, vector)?,
        to: name(expression, to)?,
        replacement: text(replacement)?.to_owned(),
        // As in Prometheus it may be what no label is called.
        from: text(from)?.to_owned(),
        pattern,
    })))
}

/// `label_join(vector, to, separator, from…)`.
pub(super) fn join(expression: &Written<'_>, vector: &Expr, texts: &[Box<Expr>]) -> Result<Node, Refused> {
    let [to, separator, from @ ..] = texts else { return Err(wants_texts()) };
    Ok(Node::LabelJoin(Box::new(LabelJoin {
        inner: node(expression, vector)?,
        to: name(expression, to)?,
        separator: text(separator)?.to_owned(),
        from: from.iter().map(|from| name(expression, from)).collect::<Result<_, _>>()?,
    })))
}

/// The name of a label, written as a string.
pub(super) fn name(expression: &Written<'_>, tree: &Expr) -> Result<String, Refused> {
    let name = text(tree)?;
    let may_be_any = expression.syntax == Syntax::V3 && !name.is_empty();
    if may_be_any || is_label_name(name) {
        return Ok(name.to_owned());
    }
    let is_it = |token: &str| ['"', '\'', '`'].iter().any(|quote| *token == format!("{quote}{name}{quote}"));
    let at = tokens(expression).find(|token| is_it(token.text)).map_or(0, |token| token.at);
    Err(Refused { at, message: format!("{name:?} is not a name for labels") })
}

fn text(tree: &Expr) -> Result<&str, Refused> {
    match tree {
        Expr::Paren(inner) => text(&inner.expr),
        Expr::StringLiteral(literal) => Ok(&literal.val),
        _ => Err(wants_texts()),
    }
}

fn wants_texts() -> Refused {
    Refused { at: 0, message: "expected a string".to_owned() }
}
