//! What is counted.

use std::time::Duration;

use promql_parser::parser::{self, Expr};

use super::SloError;
use crate::Compat;
use crate::promql::Query;

#[derive(Debug, Clone)]
pub(super) enum Indicator {
    Availability { bad: String, total: String },
    Latency { histogram: String, limit: Duration },
}

impl Indicator {
    pub(super) fn check(&self) -> Result<(), SloError> {
        match self {
            Self::Availability { bad, total } => check(bad).and_then(|()| check(total)),
            Self::Latency { limit, .. } if limit.is_zero() => Err(SloError::Limit),
            Self::Latency { histogram, .. } => check(histogram),
        }
    }

    /// Bad events a second, over `range`. Without a bad event there may be no series yet.
    pub(super) fn bad(&self, range: &str) -> String {
        match self {
            Self::Availability { bad, total } => {
                let none = format!("0 * sum(rate({}[{range}]))", total.trim());
                format!("(sum(rate({}[{range}])) or {none})", bad.trim())
            }
            Self::Latency { histogram, limit } => {
                let good = selector(histogram, "_bucket", Some(&bound(*limit)));
                format!("({} - sum(rate({good}[{range}])))", self.events(range))
            }
        }
    }

    /// Events a second, over `range`.
    pub(super) fn events(&self, range: &str) -> String {
        format!("sum(rate({}[{range}]))", self.total())
    }

    /// Events within `range`.
    pub(super) fn count(&self, range: &str) -> String {
        format!("sum(increase({}[{range}]))", self.total())
    }

    fn total(&self) -> String {
        match self {
            Self::Availability { total, .. } => total.trim().to_owned(),
            Self::Latency { histogram, .. } => selector(histogram, "_count", None),
        }
    }
}

/// Refuses what is not a name with matchers, on one line.
fn check(text: &str) -> Result<(), SloError> {
    let refused = |reason: String| SloError::Selector { selector: text.to_owned(), reason };
    if text.contains(|c: char| c.is_control() || c == '#') {
        return Err(refused("it has signs that a rule file would show as others".to_owned()));
    }
    Query::parse(text, Compat::V2_42).map_err(|problem| refused(problem.message))?;
    match parser::parse(text) {
        Ok(Expr::VectorSelector(vector))
            if vector.name.is_some() && vector.offset.is_none() && vector.at.is_none() =>
        {
            Ok(())
        }
        _ => Err(refused("it is another expression".to_owned())),
    }
}

/// The selector of one of the series of a histogram.
fn selector(histogram: &str, suffix: &str, le: Option<&str>) -> String {
    let (name, matchers) = histogram.trim().split_once('{').unwrap_or((histogram.trim(), "}"));
    let matchers = matchers.trim_end().strip_suffix('}').unwrap_or(matchers).trim();
    let matchers = matchers.strip_suffix(',').unwrap_or(matchers).trim();
    let all: Vec<&str> = [Some(matchers), le].into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let name = name.trim();
    if all.is_empty() { format!("{name}{suffix}") } else { format!("{name}{suffix}{{{}}}", all.join(",")) }
}

/// A matcher of the bound. Exporters write a whole number as `1`, and Prometheus 3 makes it `1.0`.
fn bound(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    let text = seconds.to_string();
    if limit.subsec_nanos() == 0 { format!("le=~\"{text}(\\\\.0)?\"") } else { format!("le=\"{text}\"") }
}
