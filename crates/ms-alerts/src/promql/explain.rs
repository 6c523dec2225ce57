//! Evaluates an expression part by part, and says why each gives what it gives.

mod pairs;
mod selected;

use promql_parser::parser::{self, Expr};

use super::digits::Plain;
use super::eval::{Budget, Moment, Value};
use super::load::{Written, node, window};
use super::plan::{Kind, Node, Operator};
use super::{Dialect, EvalError, Syntax};
use crate::explanation::Explanation;
use crate::expression::{Answer, Element};
use crate::samples::History;

/// `text` is an expression that can be evaluated.
pub(crate) fn explain(
    text: &str,
    syntax: Syntax,
    history: &History,
    at: i64,
    dialect: Dialect,
) -> Explanation {
    let plain = if syntax == Syntax::V3 { Plain::of(text).text } else { text.to_owned() };
    let written = Written { text: &plain, syntax };
    let budget = Budget::default();
    let walk = Walk { written: &written, history, at, dialect, budget: &budget };
    match parser::parse(&plain) {
        Ok(tree) => walk.part(&tree),
        Err(why) => failed(text.to_owned(), why),
    }
}

fn failed(expression: String, error: String) -> Explanation {
    Explanation { error: Some(error), ..empty(expression) }
}

fn empty(expression: String) -> Explanation {
    Explanation { expression, answer: None, error: None, notes: Vec::new(), series: None, parts: Vec::new() }
}

struct Walk<'w> {
    written: &'w Written<'w>,
    history: &'w History,
    at: i64,
    dialect: Dialect,
    /// Of all parts together; the whole is evaluated first.
    budget: &'w Budget,
}

impl Walk<'_> {
    fn part(&self, tree: &Expr) -> Explanation {
        match tree {
            Expr::Paren(inner) => return self.part(&inner.expr),
            Expr::MatrixSelector(_) | Expr::Subquery(_) => return self.range(tree),
            _ => {}
        }
        let node = match node(self.written, tree) {
            Ok(node) => node,
            Err(refused) => return failed(tree.to_string(), refused.message),
        };
        let moment = Moment::new(None, self.history, self.at, (self.at, self.at), self.dialect, self.budget);
        let mut explained = empty(tree.to_string());
        match moment.value(&node) {
            Ok(Value::Scalar(number)) => explained.answer = Some(Answer::Scalar(number)),
            Ok(Value::Vector(vector)) => {
                let mut elements: Vec<Element> = vector.iter().map(Element::of).collect();
                // Else in no order, and so in another each time.
                if !is_ordered(&node) {
                    elements.sort_by(|one, other| one.labels.cmp(&other.labels));
                }
                explained.answer = Some(Answer::Vector(elements));
            }
            Err(error) => explained.error = Some(error.to_string()),
        }
        explained.parts = children(tree).into_iter().map(|child| self.part(child)).collect();
        if let Err(error) = self.note(&node, &moment, &mut explained) {
            explained.notes.push(format!("what stands out is not known: {error}"));
        }
        explained
    }

    /// What stands out.
    fn note<'s>(
        &self,
        node: &'s Node,
        moment: &Moment<'s, '_, '_>,
        explained: &mut Explanation,
    ) -> Result<(), EvalError> {
        let left = explained.elements();
        match node {
            Node::Select(selector, _) => {
                let found = selected::by(selector, self.history)?;
                explained.series = Some(found);
                explained.notes = selected::notes(selector, self.history, found, left)?;
            }
            Node::Binary(binary) => explained.notes = pairs::notes(binary, moment, left)?,
            Node::Absent { .. } | Node::AbsentOver(..) if left == 0 => {
                explained.notes.push("it is there, so nothing is absent".to_owned());
            }
            Node::Aggregate(_) => {
                let before = explained.parts.first().map_or(0, Explanation::elements);
                if before > left {
                    explained.notes.push(format!("made of {}", elements(before)));
                }
            }
            Node::Over(_) => {
                let series = explained.parts.iter().find_map(|part| part.series).unwrap_or(0);
                if series > left {
                    let without = series - left;
                    explained.notes.push(format!("{without} of {series} series have too few samples for it"));
                }
            }
            Node::HistogramQuantile(_) if left == 0 => {
                explained.notes.push("no element is a bucket: none has a label `le`".to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// A range has no answer of its own.
    fn range(&self, tree: &Expr) -> Explanation {
        let mut explained = empty(tree.to_string());
        if let Expr::Subquery(inner) = tree {
            explained.parts.push(self.part(&inner.expr));
            explained.notes.push("its part is shown as of the last moment".to_owned());
            return explained;
        }
        let looked = window(self.written, tree).map_err(|refused| refused.message).and_then(|window| {
            let moment =
                Moment::new(None, self.history, self.at, (self.at, self.at), self.dialect, self.budget);
            selected::range(&window, &moment, self.history).map_err(|error| error.to_string())
        });
        match looked {
            Ok((series, notes)) => {
                explained.series = Some(series);
                explained.notes = notes;
            }
            Err(error) => explained.error = Some(error),
        }
        explained
    }
}

/// The parts of an expression that are more than a number or a text.
fn children(tree: &Expr) -> Vec<&Expr> {
    let all: Vec<&Expr> = match tree {
        Expr::Unary(inner) => vec![&inner.expr],
        Expr::Aggregate(inner) => std::iter::once(&*inner.expr).chain(inner.param.as_deref()).collect(),
        Expr::Binary(inner) => vec![&inner.lhs, &inner.rhs],
        Expr::Call(call) => call.args.args.iter().map(|argument| &**argument).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|part| !is_constant(part)).collect()
}

fn is_ordered(node: &Node) -> bool {
    match node {
        Node::Sort(..) => true,
        Node::Aggregate(aggregate) => matches!(aggregate.kind, Kind::Top | Kind::Bottom),
        _ => false,
    }
}

fn is_constant(tree: &Expr) -> bool {
    match tree {
        Expr::Paren(inner) => is_constant(&inner.expr),
        Expr::Unary(inner) => is_constant(&inner.expr),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => true,
        _ => false,
    }
}

/// `1 element`, `2 elements`.
fn elements(count: usize) -> String {
    if count == 1 { "1 element".to_owned() } else { format!("{count} elements") }
}

impl Operator {
    fn is_comparison(self) -> bool {
        matches!(self, Self::Compare { as_number: false, .. })
    }
}
