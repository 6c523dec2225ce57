//! From the parser's tree to what can be evaluated.

use promql_parser::parser::token::{T_EQLC, T_GTE, T_GTR, T_LSS, T_LTE, T_NEQ};
use promql_parser::parser::{self, BinaryExpr, Expr, VectorSelector};

use super::selector::Selector;
use super::strict;
use super::tokens::{find, tokens};
use super::{Filter, Query};
use crate::condition::Comparison;

/// Deeper input overflows the parser's stack.
const DEEPEST: usize = 50;
const MOST_TOKENS: usize = 1000;

/// Why an expression is not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where the part at fault begins, in bytes.
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Refused {
    fn unsupported(expression: &str, word: &str) -> Self {
        Self { at: find(expression, word), message: format!("`{word}` is not supported") }
    }
}

pub(super) fn parse(expression: &str) -> Result<Query, Refused> {
    measure(expression)?;
    let tree = parser::parse(expression)
        .map_err(|why| Refused { at: 0, message: format!("not valid PromQL: {why}") })?;
    let query = query(expression, &tree)?;
    strict::check(expression, query.filter.is_some_and(|filter| filter.number.is_infinite()))?;
    Ok(query)
}

/// Refuses what is too long or too deep to be given to the parser.
fn measure(expression: &str) -> Result<(), Refused> {
    let (mut depth, mut signs) = (0_usize, 0);
    for (count, token) in tokens(expression).enumerate() {
        signs = if matches!(token.text, "+" | "-") { signs + 1 } else { 0 };
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let message = if depth > DEEPEST || signs > DEEPEST {
            format!("nested deeper than {DEEPEST}")
        } else if count >= MOST_TOKENS {
            format!("longer than {MOST_TOKENS} words and signs")
        } else {
            continue;
        };
        return Err(Refused { at: token.at, message });
    }
    Ok(())
}

fn query(expression: &str, tree: &Expr) -> Result<Query, Refused> {
    match tree {
        Expr::Paren(inner) => query(expression, &inner.expr),
        Expr::VectorSelector(vector) => Ok(Query { selector: selector(expression, vector)?, filter: None }),
        Expr::Binary(binary) => comparison(expression, binary),
        other => Err(refuse(expression, other)),
    }
}

fn comparison(expression: &str, binary: &BinaryExpr) -> Result<Query, Refused> {
    let sign = binary.op.to_string();
    let comparison = match binary.op.id() {
        T_EQLC => Comparison::Equal,
        T_NEQ => Comparison::NotEqual,
        T_GTR => Comparison::Above,
        T_GTE => Comparison::AtLeast,
        T_LSS => Comparison::Below,
        T_LTE => Comparison::AtMost,
        _ => return Err(Refused::unsupported(expression, &sign)),
    };
    if binary.return_bool() {
        return Err(Refused::unsupported(expression, "bool"));
    }
    let (vector, number, reversed) = match (number(&binary.lhs), number(&binary.rhs)) {
        (None, Some(number)) => (&binary.lhs, number, false),
        (Some(number), None) => (&binary.rhs, number, true),
        _ => {
            // What is wrong within either side says more than that neither is a number.
            query(expression, &binary.lhs)?;
            query(expression, &binary.rhs)?;
            let message = format!("`{sign}` between two vectors is not supported; one side must be a number");
            return Err(Refused { at: find(expression, &sign), message });
        }
    };
    let inner = query(expression, vector)?;
    if inner.filter.is_some() {
        let message = "a comparison of a comparison is not supported".to_owned();
        return Err(Refused { at: find(expression, &sign), message });
    }
    Ok(Query { filter: Some(Filter { comparison, number, reversed }), ..inner })
}

/// The value of a number, signed or in parentheses.
fn number(tree: &Expr) -> Option<f64> {
    match tree {
        Expr::NumberLiteral(literal) => Some(literal.val),
        Expr::Paren(inner) => number(&inner.expr),
        // The parser keeps no sign but the minus.
        Expr::Unary(minus) => number(&minus.expr).map(|value| -value),
        _ => None,
    }
}

fn selector(expression: &str, vector: &VectorSelector) -> Result<Selector, Refused> {
    if vector.offset.is_some() {
        return Err(Refused::unsupported(expression, "offset"));
    }
    if vector.at.is_some() {
        return Err(Refused::unsupported(expression, "@"));
    }
    if !vector.matchers.or_matchers.is_empty() {
        return Err(Refused::unsupported(expression, "or"));
    }
    Selector::new(vector.name.as_deref(), &vector.matchers.matchers)
        .map_err(|(label, message)| Refused { at: find(expression, &label), message })
}

/// Names the first thing in the tree that is not supported.
fn refuse(expression: &str, tree: &Expr) -> Refused {
    match tree {
        Expr::Aggregate(aggregate) => Refused::unsupported(expression, &aggregate.op.to_string()),
        Expr::Call(call) => Refused::unsupported(expression, call.func.name),
        Expr::Unary(_) => {
            Refused { at: find(expression, "-"), message: "`-` before a vector is not supported".to_owned() }
        }
        Expr::Subquery(_) | Expr::MatrixSelector(_) => {
            Refused { at: find(expression, "["), message: "a range `[…]` is not supported".to_owned() }
        }
        Expr::NumberLiteral(_) => {
            Refused { at: 0, message: "a number alone gives no alert; expected a selector".to_owned() }
        }
        _ => Refused { at: 0, message: "expected a selector, alone or compared with a number".to_owned() },
    }
}
