//! PromQL by itself: expressions over series that are kept in memory.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::Compat;
use crate::labels::Labels;
use crate::promql::{Dialect, EvalError, Query, Result as Evaluated};
use crate::samples::{History, Samples};

/// More steps than a graph has pixels are a mistake; Prometheus's limit.
const MOST_STEPS: i64 = 11_000;

/// A PromQL expression, ready to be evaluated over a [`SeriesStore`]; what a rule file may hold as `expr`.
///
/// ```
/// use ms_alerts::{Answer, Compat, Expression, Labels, SeriesStore};
///
/// let mut store = SeriesStore::new();
/// let series = Labels::from_iter([("__name__", "http_requests_total"), ("status", "500")]);
/// for minute in 0..5 {
///     store.push(&series, jiff::Timestamp::from_second(minute * 60)?, minute as f64 * 30.0);
/// }
///
/// let expression = Expression::parse("sum(rate(http_requests_total[4m]))", Compat::V3)?;
/// let answer = expression.evaluate(&store, jiff::Timestamp::from_second(240)?)?;
/// let Answer::Vector(vector) = answer else { panic!("a sum is a vector") };
/// assert!((vector[0].value - 0.5).abs() < 1e-9 && vector[0].labels.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Expression {
    text: String,
    query: Query,
    compat: Compat,
    step: Duration,
}

/// Series with samples of any time, without limits; for tests, tools and notebooks. A running
/// [`AlertManager`](crate::AlertManager) has one of its own, with limits.
pub struct SeriesStore(History);

/// What an expression gives at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// A number.
    Scalar(f64),
    /// Numbers with labels, of which no two have the same ones; `sort` and `topk` give an order, else there is none.
    Vector(Vec<Element>),
}

/// A number with labels; the metric's name is the label `__name__`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Element {
    /// The labels.
    pub labels: Labels,
    /// The number.
    pub value: f64,
}

/// What an expression gives at several moments.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// The labels; none for a number.
    pub labels: Labels,
    /// When, and what; moments without an answer are left out.
    pub points: Vec<(Timestamp, f64)>,
}

/// Why an expression cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It is no PromQL, or holds what is not supported.
    Refused {
        /// Where the part at fault begins, in characters from 1; 1 if that is not known.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It has no answer on these samples.
    Evaluation {
        /// Why.
        message: String,
    },
    /// The range has no step, ends before it begins, or has more than 11,000 steps.
    Steps,
}

impl Expression {
    /// Reads an expression as this version of Prometheus does, and evaluates it like that.
    ///
    /// # Errors
    ///
    /// [`ExpressionError::Refused`].
    pub fn parse(text: &str, compat: Compat) -> Result<Self, ExpressionError> {
        let query = Query::parse(text, compat).map_err(|refused| ExpressionError::Refused {
            column: text.get(..refused.at).map_or(0, |before| before.chars().count()) + 1,
            message: refused.message,
        })?;
        Ok(Self { text: text.to_owned(), query, compat, step: Duration::from_secs(60) })
    }

    /// Lets subqueries that name no step have this one, which Prometheus takes from its `evaluation_interval`. Default 1 min.
    pub fn default_step(mut self, step: Duration) -> Self {
        self.step = step;
        self
    }

    pub(crate) fn compat(&self) -> Compat {
        self.compat
    }

    pub(crate) fn dialect(&self) -> Dialect {
        Dialect::new(self.compat, self.step)
    }

    /// Evaluates it at one moment.
    ///
    /// # Errors
    ///
    /// [`ExpressionError::Evaluation`].
    pub fn evaluate(&self, store: &SeriesStore, at: Timestamp) -> Result<Answer, ExpressionError> {
        let at = at.as_millisecond();
        let evaluated = self.query.evaluate_at(&store.0, at, (at, at), self.dialect());
        Ok(match evaluated.map_err(ExpressionError::of)? {
            Evaluated::Scalar(number) => Answer::Scalar(number),
            Evaluated::Vector(vector) => Answer::Vector(vector.iter().map(Element::of).collect()),
        })
    }

    /// Evaluates it at `start` and each `step` behind it, up to `end`.
    ///
    /// # Errors
    ///
    /// [`ExpressionError::Evaluation`] if it has no answer at one of the moments, or looks at more than 50 million samples in all, and
    /// [`ExpressionError::Steps`].
    pub fn evaluate_range(
        &self,
        store: &SeriesStore,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Vec<Line>, ExpressionError> {
        let (first, last) = (start.as_millisecond(), end.as_millisecond());
        let step =
            i64::try_from(step.as_millis()).ok().filter(|step| *step > 0).ok_or(ExpressionError::Steps)?;
        if last < first || (last - first) / step >= MOST_STEPS {
            return Err(ExpressionError::Steps);
        }
        let dialect = self.dialect();
        let mut lines: Vec<Line> = Vec::new();
        let mut places = std::collections::HashMap::new();
        let moments = (0..=(last - first) / step).map(|count| first + count * step);
        let evaluated = self.query.evaluate_range(&store.0, moments, (first, last), dialect, |at, answer| {
            let found = match answer {
                Evaluated::Scalar(number) => vec![(Labels::default(), number)],
                Evaluated::Vector(vector) => {
                    vector.iter().map(|element| (labels_of(element), element.value())).collect()
                }
            };
            let Ok(moment) = Timestamp::from_millisecond(at) else { return };
            for (labels, value) in found {
                let place = *places.entry(labels.clone()).or_insert(lines.len());
                match lines.get_mut(place) {
                    Some(line) => line.points.push((moment, value)),
                    None => lines.push(Line { labels, points: vec![(moment, value)] }),
                }
            }
        });
        evaluated.map_err(ExpressionError::of)?;
        Ok(lines)
    }
}

fn labels_of(element: &crate::promql::Element<'_>) -> Labels {
    element.labels().iter().map(|(name, value)| (*name, value.as_ref())).collect()
}

impl Element {
    pub(crate) fn of(element: &crate::promql::Element<'_>) -> Self {
        Self { labels: labels_of(element), value: element.value() }
    }
}

impl SeriesStore {
    /// Makes one without series.
    pub fn new() -> Self {
        Self(History::whole())
    }

    pub(crate) fn history(&self) -> &History {
        &self.0
    }

    /// Adds a sample to the series of these labels, of which `__name__` is the metric. Samples may come in any order; a later
    /// one of the same millisecond replaces the one before.
    pub fn push(&mut self, series: &Labels, at: Timestamp, value: f64) {
        self.0.insert(series, at.as_millisecond(), Some(value));
    }

    /// Adds what an exposition holds; a sample without a time of its own is one of `at`.
    pub fn push_samples(&mut self, samples: &Samples<'_>, at: Timestamp) {
        for sample in samples.iter() {
            let series = sample.labels().chain([("__name__", sample.name())]).collect();
            self.0.insert(&series, sample.timestamp().unwrap_or(at.as_millisecond()), Some(sample.value()));
        }
    }

    /// Says that a series has gone: from this moment on it is not looked back at, until it has another sample.
    pub fn end(&mut self, series: &Labels, at: Timestamp) {
        self.0.insert(series, at.as_millisecond(), None);
    }
}

impl Default for SeriesStore {
    fn default() -> Self {
        Self::new()
    }
}

impl ExpressionError {
    fn of(error: EvalError) -> Self {
        Self::Evaluation { message: error.to_string() }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { column, message } => write!(f, "{column}: {message}"),
            Self::Evaluation { message } => f.write_str(message),
            Self::Steps => {
                write!(f, "the step must be above zero and the range of 1 to {MOST_STEPS} steps")
            }
        }
    }
}

impl std::error::Error for ExpressionError {}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl fmt::Debug for SeriesStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeriesStore").finish_non_exhaustive()
    }
}
