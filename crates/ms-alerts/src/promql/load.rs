//! From the parser's tree to what can be evaluated.

mod labels;
mod measure;
mod range;

pub(super) use range::window;

use promql_parser::label::MatchOp;
use promql_parser::parser::token::{self as t, TokenId};
use promql_parser::parser::{
    self, AggregateExpr, BinModifier, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality,
    VectorSelector,
};

use super::digits::Plain;
use super::functions;
use super::plan::{
    Aggregate, Arithmetic, Binary, Change, Grouping, Kind, Matching, Node, Operator, Order, Set, Sides,
};
use super::selector::Selector;
use super::strict::{self, Syntax};
use super::tokens::{find, tokens};
use crate::condition::Comparison;

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

/// An expression, and which servers are to read it.
pub(super) struct Written<'e> {
    pub(super) text: &'e str,
    pub(super) syntax: Syntax,
}

impl std::ops::Deref for Written<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.text
    }
}

/// Refuses what one of the servers that it is written for does not read.
pub(super) fn parse(expression: &str, written_for: Syntax) -> Result<(Node, String), Refused> {
    if written_for != Syntax::V3 {
        return parse_plain(expression, written_for);
    }
    let plain = Plain::of(expression);
    parse_plain(&plain.text, written_for).map_err(|found| Refused { at: plain.original(found.at), ..found })
}

fn parse_plain(expression: &str, written_for: Syntax) -> Result<(Node, String), Refused> {
    measure::check(expression)?;
    let tree = parser::parse(expression)
        .map_err(|why| Refused { at: 0, message: format!("not valid PromQL: {why}") })?;
    let node = node(&Written { text: expression, syntax: written_for }, &tree)?;
    strict::check(expression, written_for)?;
    Ok((node, tree.to_string()))
}

pub(super) fn node(expression: &Written<'_>, tree: &Expr) -> Result<Node, Refused> {
    match tree {
        Expr::Paren(inner) => node(expression, &inner.expr),
        Expr::NumberLiteral(literal) => Ok(Node::Number(literal.val)),
        // The parser keeps no sign but the minus.
        Expr::Unary(minus) => Ok(Node::Negate(Box::new(node(expression, &minus.expr)?))),
        Expr::VectorSelector(vector) => {
            let when = range::when(expression, vector.at.as_ref(), vector.offset.as_ref())?;
            Ok(Node::Select(selector(expression, vector)?, when))
        }
        Expr::Binary(tree) => binary(expression, tree),
        Expr::Aggregate(tree) => aggregate(expression, tree),
        Expr::Call(call) => function(expression, call),
        other => Err(refuse(expression, other)),
    }
}

fn binary(expression: &Written<'_>, tree: &BinaryExpr) -> Result<Node, Refused> {
    let operator = operator(tree.op.id(), tree.return_bool())
        .ok_or_else(|| Refused::unsupported(expression, &tree.op.to_string()))?;
    let matching = match &tree.modifier {
        Some(modifier) if modifier.fill_values != parser::VectorMatchFillValues::default() => {
            let words = ["fill", "fill_left", "fill_right"];
            let word = words.into_iter().find(|word| tokens(expression).any(|token| token.text == *word));
            return Err(Refused::unsupported(expression, word.unwrap_or("fill")));
        }
        Some(modifier) => matching(modifier),
        None => Matching { labels: Grouping::Without(Vec::new()), sides: Sides::OneToOne },
    };
    let (left, right) = (node(expression, &tree.lhs)?, node(expression, &tree.rhs)?);
    Ok(Node::Binary(Box::new(Binary { operator, left, right, matching })))
}

fn operator(id: TokenId, as_number: bool) -> Option<Operator> {
    let compare = |comparison| Some(Operator::Compare { comparison, as_number });
    match id {
        t::T_EQLC => compare(Comparison::Equal),
        t::T_NEQ => compare(Comparison::NotEqual),
        t::T_GTR => compare(Comparison::Above),
        t::T_GTE => compare(Comparison::AtLeast),
        t::T_LSS => compare(Comparison::Below),
        t::T_LTE => compare(Comparison::AtMost),
        t::T_ADD => Some(Operator::Arithmetic(Arithmetic::Add)),
        t::T_SUB => Some(Operator::Arithmetic(Arithmetic::Subtract)),
        t::T_MUL => Some(Operator::Arithmetic(Arithmetic::Multiply)),
        t::T_DIV => Some(Operator::Arithmetic(Arithmetic::Divide)),
        t::T_MOD => Some(Operator::Arithmetic(Arithmetic::Remainder)),
        t::T_POW => Some(Operator::Arithmetic(Arithmetic::Power)),
        t::T_ATAN2 => Some(Operator::Arithmetic(Arithmetic::Atan2)),
        t::T_LAND => Some(Operator::Set(Set::And)),
        t::T_LOR => Some(Operator::Set(Set::Or)),
        t::T_LUNLESS => Some(Operator::Set(Set::Unless)),
        _ => None,
    }
}

fn matching(modifier: &BinModifier) -> Matching {
    let sides = match &modifier.card {
        VectorMatchCardinality::ManyToOne(taken) => Sides::ManyToOne(taken.labels.clone()),
        VectorMatchCardinality::OneToMany(taken) => Sides::OneToMany(taken.labels.clone()),
        VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => Sides::OneToOne,
    };
    let labels = modifier.matching.as_ref().map_or(Grouping::Without(Vec::new()), grouping);
    Matching { labels, sides }
}

fn grouping(modifier: &LabelModifier) -> Grouping {
    match modifier {
        LabelModifier::Include(labels) => Grouping::By(labels.labels.clone()),
        LabelModifier::Exclude(labels) => Grouping::Without(labels.labels.clone()),
    }
}

fn aggregate(expression: &Written<'_>, tree: &AggregateExpr) -> Result<Node, Refused> {
    let kind = match tree.op.id() {
        t::T_SUM => Kind::Sum,
        t::T_AVG => Kind::Average,
        t::T_MIN => Kind::Minimum,
        t::T_MAX => Kind::Maximum,
        t::T_COUNT => Kind::Count,
        t::T_GROUP => Kind::Group,
        t::T_STDDEV => Kind::Deviation,
        t::T_STDVAR => Kind::Variance,
        t::T_QUANTILE => Kind::Quantile,
        t::T_TOPK => Kind::Top,
        t::T_BOTTOMK => Kind::Bottom,
        t::T_COUNT_VALUES => Kind::CountValues,
        _ => return Err(Refused::unsupported(expression, &tree.op.to_string())),
    };
    let (mut argument, mut label) = (None, None);
    match tree.param.as_deref() {
        Some(name) if kind == Kind::CountValues => label = Some(labels::name(expression, name)?),
        Some(number) => argument = Some(node(expression, number)?),
        None => {}
    }
    let grouping = tree.modifier.as_ref().map_or(Grouping::By(Vec::new()), grouping);
    let inner = node(expression, &tree.expr)?;
    Ok(Node::Aggregate(Box::new(Aggregate { kind, inner, grouping, argument, label })))
}

fn function(expression: &Written<'_>, call: &Call) -> Result<Node, Refused> {
    let unsupported = || {
        let mut refused = Refused::unsupported(expression, call.func.name);
        if call.func.experimental {
            refused.message.push_str(": it is experimental in Prometheus 3");
        }
        refused
    };
    if let Some(range) = range::call(expression, call) {
        return range;
    }
    if let Some(part) = functions::part(call.func.name) {
        let inner = call.args.args.first().map(|inner| node(expression, inner)).transpose()?;
        return Ok(Node::Calendar(part, inner.map(Box::new)));
    }
    let (first, others) = match call.args.args.split_first() {
        Some((first, others)) => (first, others),
        None if call.func.name == "time" => return Ok(Node::Time),
        None if call.func.name == "pi" => return Ok(Node::Number(std::f64::consts::PI)),
        None => return Err(unsupported()),
    };
    let change = match call.func.name {
        "histogram_quantile" => {
            let buckets = others.first().ok_or_else(unsupported)?;
            let both = (node(expression, first)?, node(expression, buckets)?);
            return Ok(Node::HistogramQuantile(Box::new(both)));
        }
        "histogram_fraction" => {
            let [to, buckets] = others else { return Err(unsupported()) };
            let all = [node(expression, first)?, node(expression, to)?, node(expression, buckets)?];
            return Ok(Node::HistogramFraction(Box::new(all)));
        }
        "timestamp" => return Ok(Node::Timestamp(Box::new(node(expression, first)?))),
        "sort" => return Ok(Node::Sort(Box::new(node(expression, first)?), Order::Ascending)),
        "sort_desc" => return Ok(Node::Sort(Box::new(node(expression, first)?), Order::Descending)),
        "label_replace" => return labels::replace(expression, first, others),
        "label_join" => return labels::join(expression, first, others),
        "vector" => return Ok(Node::Vector(Box::new(node(expression, first)?))),
        "scalar" => return Ok(Node::Scalar(Box::new(node(expression, first)?))),
        "absent" => {
            return Ok(Node::Absent {
                inner: Box::new(node(expression, first)?),
                labels: named_labels(first),
            });
        }
        "round" => Change::Round,
        "clamp" => Change::Clamp,
        "clamp_min" => Change::ClampMin,
        "clamp_max" => Change::ClampMax,
        other => Change::Each(functions::of_value(other).ok_or_else(unsupported)?),
    };
    let inner = Box::new(node(expression, first)?);
    let numbers = others.iter().map(|other| node(expression, other)).collect::<Result<_, _>>()?;
    Ok(Node::Change(change, inner, numbers))
}

/// The labels that a selector names with `=`: those that an absent series would have. Of a label that is named twice, the
/// last matcher decides, and the second `=` takes it away, as in Prometheus.
fn named_labels(tree: &Expr) -> Vec<(String, String)> {
    let vector = match tree {
        Expr::Paren(inner) => return named_labels(&inner.expr),
        Expr::VectorSelector(vector) => vector,
        Expr::MatrixSelector(matrix) => &matrix.vs,
        _ => return Vec::new(),
    };
    let mut labels: Vec<(String, String)> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for matcher in vector.matchers.matchers.iter().filter(|matcher| matcher.name != "__name__") {
        labels.retain(|(name, _)| *name != matcher.name);
        if matches!(matcher.op, MatchOp::Equal) && !named.contains(&matcher.name.as_str()) {
            named.push(&matcher.name);
            if !matcher.value.is_empty() {
                labels.push((matcher.name.clone(), matcher.value.clone()));
            }
        }
    }
    labels
}

fn selector(expression: &Written<'_>, vector: &VectorSelector) -> Result<Selector, Refused> {
    if !vector.matchers.or_matchers.is_empty() {
        return Err(Refused::unsupported(expression, "or"));
    }
    Selector::new(vector.name.as_deref(), &vector.matchers.matchers)
        .map_err(|(label, message)| Refused { at: find(expression, &label), message })
}

/// Names the first thing in the tree that is not supported.
fn refuse(expression: &Written<'_>, tree: &Expr) -> Refused {
    match tree {
        Expr::Subquery(_) | Expr::MatrixSelector(_) => Refused {
            at: find(expression, "["),
            message: "a range `[…]` alone gives no alert; expected a vector or a number".to_owned(),
        },
        _ => Refused {
            at: 0,
            message: "a string alone gives no alert; expected a vector or a number".to_owned(),
        },
    }
}
