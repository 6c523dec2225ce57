//! How far back an expression looks.

use super::{At, LONGEST, LOOK_BACK, Node, Source, When, Window};
use crate::promql::selector::Selector;

impl When {
    /// How far back it looks if a look at its moment goes back by `span`.
    fn span(self, span: i64) -> i64 {
        match self.at {
            // Whatever is kept may be asked for.
            At::Fixed(_) => LONGEST,
            // What a rule asks for begins and ends with its evaluation.
            At::Evaluation | At::Start | At::End => span.saturating_add(self.offset.max(0)).min(LONGEST),
        }
    }
}

impl Node {
    /// Calls `ask` with each selector that looks back, and how far it does.
    ///
    /// It is evaluated at moments up to `span` ago, in milliseconds.
    pub(in crate::promql) fn looks_back_from(&self, span: i64, ask: &mut dyn FnMut(&Selector, i64)) {
        match self {
            Self::Select(selector, When::NOW) if span == 0 => ask(selector, 0),
            Self::Select(selector, when) => ask(selector, when.span(span.saturating_add(LOOK_BACK))),
            Self::AbsentOver(window, _) => window.looks_back_from(span, ask),
            Self::Over(range) => {
                range.window.looks_back_from(span, ask);
                range.argument.iter().for_each(|argument| argument.looks_back_from(span, ask));
            }
            Self::HistogramQuantile(both) => {
                both.0.looks_back_from(span, ask);
                both.1.looks_back_from(span, ask);
            }
            Self::HistogramFraction(all) => all.iter().for_each(|node| node.looks_back_from(span, ask)),
            Self::Negate(inner)
            | Self::Vector(inner)
            | Self::Scalar(inner)
            | Self::Timestamp(inner)
            | Self::Calendar(_, Some(inner))
            | Self::Sort(inner, _)
            | Self::Absent { inner, .. } => inner.looks_back_from(span, ask),
            Self::LabelReplace(replace) => replace.inner.looks_back_from(span, ask),
            Self::LabelJoin(join) => join.inner.looks_back_from(span, ask),
            Self::Binary(binary) => {
                [&binary.left, &binary.right].into_iter().for_each(|side| side.looks_back_from(span, ask))
            }
            Self::Aggregate(aggregate) => {
                aggregate.inner.looks_back_from(span, ask);
                aggregate.argument.iter().for_each(|argument| argument.looks_back_from(span, ask));
            }
            Self::Change(_, inner, numbers) => {
                inner.looks_back_from(span, ask);
                numbers.iter().for_each(|number| number.looks_back_from(span, ask));
            }
            Self::Number(_) | Self::Time | Self::Calendar(_, None) => {}
        }
    }
}

impl Window {
    fn looks_back_from(&self, span: i64, ask: &mut dyn FnMut(&Selector, i64)) {
        let span = self.when.span(span.saturating_add(self.range));
        match &self.of {
            Source::Series(selector) => ask(selector, span),
            Source::Subquery { inner, .. } => inner.looks_back_from(span, ask),
        }
    }
}
